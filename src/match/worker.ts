import { parentPort, workerData } from 'node:worker_threads';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { messageOf } from '../errors.ts';
import type { Reply } from '../pool.ts';
import { placeRuled } from './assign.ts';
import { FREE, type MatchJob, type MatchResult, type Scene } from './jobs.ts';
import { NearestSearch } from './search-tree.ts';
import { writeCellLook } from './emphasis.ts';

const scene = workerData as Scene;

parentPort!.on('message', (job: MatchJob) => {
  let reply: Reply<MatchResult | Uint32Array>;
  try {
    reply = { result: job.kind === 'nearest' ? nearest(job.start, job.end) : placeRuled(scene, job) };
  } catch (error) {
    reply = { error: messageOf(error) };
  }
  parentPort!.postMessage(reply);
});

let search: NearestSearch | undefined;
const query = new Float32Array(FEATURE_LENGTH);

/** Positions of what is pinned to cells `start..end`, or likest. */
function nearest(start: number, end: number): Uint32Array {
  search ??= new NearestSearch(scene.tree);
  const cells = new Uint32Array(end - start);
  for (let cell = start, guess = -1; cell < end; cell++) {
    if (scene.pins[cell] !== FREE) {
      cells[cell - start] = scene.pins[cell]!;
      continue;
    }
    writeCellLook(scene.target, cell, query, 0);
    search.nearest(query, 0, guess);
    guess = search.id;
    cells[cell - start] = search.position;
  }
  return cells;
}
