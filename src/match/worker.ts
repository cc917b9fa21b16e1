import { parentPort, workerData } from 'node:worker_threads';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { messageOf } from '../errors.ts';
import type { Reply } from '../pool.ts';
import { placeWithin } from './capacity.ts';
import type { MatchJob, MatchResult } from './jobs.ts';
import { placeRuled } from './ruled.ts';
import { NearestSearch, type SearchTree } from './search-tree.ts';
import { type TargetCells, writeCellFeatures } from './target.ts';

const { target, tree } = workerData as { target: TargetCells; tree: SearchTree };

parentPort!.on('message', (job: MatchJob) => {
  let reply: Reply<MatchResult>;
  try {
    reply = { result: place(job) };
  } catch (error) {
    reply = { error: messageOf(error) };
  }
  parentPort!.postMessage(reply);
});

function place(job: MatchJob): MatchResult {
  switch (job.kind) {
    case 'nearest':
      return placeNearest(job.start, job.end);
    case 'ruled':
      return placeRuled(target, tree, job);
    case 'capacity':
      return placeWithin(target, tree, job);
  }
}

const search = new NearestSearch(tree);
const query = new Float32Array(FEATURE_LENGTH);

function placeNearest(start: number, end: number): MatchResult {
  const cells = new Uint32Array(end - start);
  const costs = new Float32Array(end - start);
  for (let i = start, guess = -1; i < end; i++) {
    writeCellFeatures(target, i, query, 0);
    search.nearest(query, 0, guess);
    cells[i - start] = guess = search.id;
    costs[i - start] = search.distance;
  }
  return { cells, costs };
}
