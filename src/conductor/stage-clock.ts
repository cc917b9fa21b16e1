import type { Progress, Stage } from '../types.ts';

const UNITS: Record<Stage, string> = {
  scan: 'files',
  catalog: 'images',
  match: 'cells',
  measure: 'parts',
  pyramid: 'tiles',
  originals: 'images',
  site: 'steps',
};

/** Runs the stages of a build, reports their progress and measures their durations. Starts no stage after an abort. */
export class StageClock {
  /** Duration of each stage so far, seconds. */
  readonly seconds: Record<Stage, number> = {
    scan: 0,
    catalog: 0,
    match: 0,
    measure: 0,
    pyramid: 0,
    originals: 0,
    site: 0,
  };
  private readonly onProgress: (progress: Progress) => void;
  private readonly signal: AbortSignal;

  constructor(onProgress: (progress: Progress) => void, signal: AbortSignal) {
    this.onProgress = onProgress;
    this.signal = signal;
  }

  /** Runs `work` as a stage, or as a part of one. */
  async time<T>(stage: Stage, work: (onProgress: (done: number, total: number) => void) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const start = performance.now();
    try {
      return await work((done, total) => this.onProgress({ stage, done, total, unit: UNITS[stage] }));
    } finally {
      this.seconds[stage] += (performance.now() - start) / 1000;
    }
  }
}
