import type { NamedSource } from '../src/format/directory.ts';
import type { Directory } from './directory.ts';
import type { SearchAnswer, SearchRequest } from './search-messages.ts';
import workerScript from 'worker:./search-worker.ts';

/** Searches the texts of all sources, in a worker. The texts are loaded when the search is first used. */
export class SearchIndex {
  private readonly directory: Directory;
  private readonly answers = new Map<number, (answer: SearchAnswer) => void>();
  private loading: Promise<{ worker: Worker; names: readonly (NamedSource | undefined)[] }> | undefined;
  private next = 0;

  constructor(directory: Directory) {
    this.directory = directory;
  }

  /** Loads the texts; rejects if none can be loaded. */
  async load(): Promise<readonly (NamedSource | undefined)[]> {
    this.loading ??= this.start();
    try {
      return (await this.loading).names;
    } catch (error) {
      this.loading = undefined;
      throw error;
    }
  }

  /** Finds the sources whose texts match best. */
  async find(query: string, most: number): Promise<Omit<SearchAnswer, 'id'>> {
    await this.load();
    const { worker } = await this.loading!;
    const id = this.next++;
    const answered = new Promise<SearchAnswer>((done) => this.answers.set(id, done));
    worker.postMessage({ kind: 'query', id, query, most } satisfies SearchRequest);
    return await answered;
  }

  /** Ends the worker. */
  destroy(): void {
    this.loading?.then(({ worker }) => worker.terminate()).catch(() => {});
  }

  private async start() {
    const names = await this.directory.names();
    if (names.every((name) => name === undefined)) throw new Error('The names cannot be loaded');
    const address = URL.createObjectURL(new Blob([workerScript], { type: 'text/javascript' }));
    const worker = new Worker(address);
    URL.revokeObjectURL(address);
    worker.addEventListener('message', ({ data }: MessageEvent<SearchAnswer>) => {
      this.answers.get(data.id)?.(data);
      this.answers.delete(data.id);
    });
    const texts = names.map((named) => [named?.title, named?.name].filter(Boolean).join(' '));
    worker.postMessage({ kind: 'texts', texts } satisfies SearchRequest);
    return { worker, names };
  }
}
