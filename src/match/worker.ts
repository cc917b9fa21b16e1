import { parentPort, workerData } from 'node:worker_threads';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { messageOf } from '../errors.ts';
import type { Reply } from '../threads/pool.ts';
import { placeRuled } from './assign/assign.ts';
import { costsOf } from './costs.ts';
import { quantiseCells, writeCellVector } from './emphasis.ts';
import { FREE, type MatchJob, type MatchResult, type Shared } from './jobs.ts';
import { help, Lookup } from './lookup.ts';
import { NearestSearch } from './search-tree.ts';

const { scene, lookup } = workerData as Shared;

parentPort!.on('message', (job: MatchJob) => {
  let reply: Reply<Answer>;
  try {
    reply = { result: answer(job) };
  } catch (error) {
    reply = { error: messageOf(error) };
  }
  parentPort!.postMessage(reply);
});

type Answer = MatchResult | Uint32Array | Float32Array | undefined;

function answer(job: MatchJob): Answer {
  switch (job.kind) {
    case 'nearest':
      return nearest(job.start, job.end);
    case 'quantise':
      quantiseCells(scene.target, lookup!.cells, job);
      return undefined;
    case 'costs':
      return costsOf(scene.target, { ...job, points: scene.tree.points });
    case 'help':
      help(lookup!, job.seat, job.port);
      return undefined;
    case 'ruled':
      return place(job);
  }
}

/** Places all cells; ends the helpers' loops in any case. */
function place(job: Extract<MatchJob, { kind: 'ruled' }>): MatchResult {
  const asker = new Lookup(lookup!, job.ports);
  try {
    return placeRuled(scene, asker, job);
  } finally {
    asker.close();
  }
}

let search: NearestSearch | undefined;
const query = new Float32Array(FEATURE_LENGTH);

/** Finds the pinned or closest pictures of cells `start..end`. */
function nearest(start: number, end: number): Uint32Array {
  search ??= new NearestSearch(scene.tree);
  const cells = new Uint32Array(end - start);
  for (let cell = start, guess = -1; cell < end; cell++) {
    if (scene.pins[cell] !== FREE) {
      cells[cell - start] = scene.pins[cell]!;
      continue;
    }
    writeCellVector(scene.target, cell, query);
    search.nearest(query, 0, { guess });
    guess = search.id;
    cells[cell - start] = search.position;
  }
  return cells;
}
