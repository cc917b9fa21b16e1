import { Worker, type Transferable } from 'node:worker_threads';
import { messageOf } from '../errors.ts';

/** Answer of a worker of a {@link WorkerPool}. */
export type Reply<Result> = { readonly result: Result } | { readonly error: string };

/** A thread died. The job that it was working on need not be the cause. */
export class WorkerCrash extends Error {
  override readonly name = 'WorkerCrash';
}

interface Job {
  readonly message: unknown;
  readonly transfer: readonly Transferable[];
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads of one module. Each answers messages with a {@link Reply}, one at a time. Threads start when they are needed;
 * {@link close} ends them, and rejects all jobs that are not done.
 */
export class WorkerPool {
  private readonly module: URL;
  private readonly size: number;
  private readonly workerData: unknown;
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Job>();
  private readonly queue: Job[] = [];
  private closed: Error | undefined;

  /** @param module module of the worker; `workerData` is passed to every thread. */
  constructor(module: URL, size: number, workerData?: unknown) {
    this.module = module;
    this.size = size;
    this.workerData = workerData;
  }

  /** Sends `message` to the next free thread, and returns its result; rejects with the error that it answers. */
  run<Result>(message: unknown, transfer: readonly Transferable[] = []): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(this.closed);
      this.queue.push({ message, transfer, resolve, reject });
      this.next();
    });
  }

  /** Ends the threads; rejects all jobs that are not done with `reason`. */
  async close(reason: Error = new Error('the pool is closed')): Promise<void> {
    this.closed = reason;
    const threads = [...this.idle.splice(0), ...this.busy.keys()];
    for (const job of [...this.busy.values(), ...this.queue.splice(0)]) job.reject(reason);
    this.busy.clear();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  private next(): void {
    const job = this.queue[0];
    if (!job) return;
    const thread = this.idle.pop() ?? (this.busy.size < this.size ? this.start() : undefined);
    if (!thread) return;
    this.queue.shift();
    this.busy.set(thread, job);
    thread.postMessage(job.message, job.transfer);
  }

  private start(): Worker {
    // Options of this process, such as --input-type, need not suit the module. Garbage of threads is small and short-lived; by default V8 would let it grow to 48 MB.
    const resourceLimits = { maxYoungGenerationSizeMb: 8 };
    const thread = new Worker(this.module, { workerData: this.workerData, resourceLimits, execArgv: [] });
    thread.on('message', (reply: Reply<never>) => {
      const job = this.busy.get(thread);
      if (!job) return;
      this.busy.delete(thread);
      this.idle.push(thread);
      if ('result' in reply) job.resolve(reply.result);
      else job.reject(new Error(reply.error));
      this.next();
    });
    thread.on('error', (error) => {
      const job = this.busy.get(thread);
      this.busy.delete(thread);
      job?.reject(new WorkerCrash(`a worker thread failed: ${messageOf(error)}`, { cause: error }));
      this.next();
    });
    return thread;
  }
}

/**
 * Returns the URL of the module `name` beside `here` (an `import.meta.url`), for a thread to run. Threads load no
 * TypeScript: if `here` is a source file (tests, scripts), this is the compiled module.
 */
export function workerModule(name: string, here: string): URL {
  const compiled = here.endsWith('.ts') ? here.replace(/\/src\/((?:[^/]+\/)*[^/]+)\.ts$/, '/dist/$1.js') : here;
  return new URL(`./${name}.js`, compiled);
}
