import { basename } from 'node:path';
import { ShardDamage } from '../catalog/shard-reader.ts';
import { SourceChanged } from '../errors.ts';

/** Greatest number of runs. A further run follows if an image or the catalog changed during the last one. */
const RUNS_MAX = 3;

/**
 * Runs a build or a preview. Starts again, with a warning, if an image changed meanwhile or another process took shards out
 * of the catalog.
 *
 * @param run runs it; `suspects` are paths of images to read again, even if the catalog knows their size and times.
 */
export async function runUnchanged<Result extends { readonly warnings: readonly string[] }>(
  run: (suspects: ReadonlySet<string>) => Promise<Result>,
): Promise<Result> {
  const notes: string[] = [];
  const suspects = new Set<string>();
  for (let runs = 1; ; runs++) {
    try {
      const result = await run(suspects);
      return notes.length > 0 ? { ...result, warnings: [...notes, ...result.warnings] } : result;
    } catch (error) {
      if (runs === RUNS_MAX) throw error;
      if (error instanceof SourceChanged) {
        suspects.add(error.path);
        notes.push(`${basename(error.path)} changed while it was being used; it was read again`);
      } else if (error instanceof ShardDamage)
        notes.push('the catalog changed while it was being used; it was read again');
      else throw error;
    }
  }
}
