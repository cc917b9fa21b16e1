import type { BuildStage, PreviewStage, Progress } from '../types.ts';

const UNITS: Record<BuildStage | PreviewStage, string> = {
  scan: 'files',
  catalog: 'images',
  match: 'cells',
  measure: 'parts',
  pyramid: 'tiles',
  originals: 'images',
  site: 'steps',
  draw: 'pictures',
};

/** Stages of a build, in order. */
export const BUILD_STAGES: readonly BuildStage[] = [
  'scan',
  'catalog',
  'match',
  'measure',
  'pyramid',
  'originals',
  'site',
];
/** Stages of a preview, in order. */
export const PREVIEW_STAGES: readonly PreviewStage[] = ['scan', 'catalog', 'match', 'draw'];

/** Runs some of the stages. */
export interface Clock<Own extends BuildStage | PreviewStage> {
  /** Runs `work` as a stage, or as a part of one. */
  time<T>(stage: Own, work: (onProgress: (done: number, total: number) => void) => Promise<T>): Promise<T>;
}

/** Runs stages, reports their progress and measures their durations. Starts no stage after an abort. */
export class StageClock<Own extends BuildStage | PreviewStage> implements Clock<Own> {
  /** Duration of each stage so far, seconds. */
  readonly seconds: Record<Own, number>;
  private readonly onProgress: (progress: Progress) => void;
  private readonly signal: AbortSignal;

  constructor(stages: readonly Own[], onProgress: (progress: Progress) => void, signal: AbortSignal) {
    this.seconds = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<Own, number>;
    this.onProgress = onProgress;
    this.signal = signal;
  }

  async time<T>(stage: Own, work: (onProgress: (done: number, total: number) => void) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const start = performance.now();
    try {
      return await work((done, total) => this.onProgress({ stage, done, total, unit: UNITS[stage] }));
    } finally {
      this.seconds[stage] += (performance.now() - start) / 1000;
    }
  }
}
