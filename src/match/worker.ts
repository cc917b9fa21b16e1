import { parentPort, workerData } from 'node:worker_threads';
import { FEATURE_LENGTH } from '../colour/features.ts';
import { messageOf } from '../errors.ts';
import type { Reply } from '../pool.ts';
import type { MatchJob, MatchResult } from './match.ts';
import { placeRuled } from './ruled.ts';
import { NearestSearch, type SearchTree } from './search-tree.ts';
import { type TargetCells, writeCellFeatures } from './target.ts';

const { target, tree } = workerData as { target: TargetCells; tree: SearchTree };

parentPort!.on('message', (job: MatchJob) => {
  let reply: Reply<MatchResult>;
  try {
    reply = { result: job.kind === 'nearest' ? placeNearest(job.start, job.end) : placeRuled(target, tree, job) };
  } catch (error) {
    reply = { error: messageOf(error) };
  }
  parentPort!.postMessage(reply);
});

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
