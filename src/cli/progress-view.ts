import { SingleBar } from 'cli-progress';
import { count } from '../messages.ts';

/** Progress of a stage; `total` is 0 while unknown. */
export interface StageProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

/** Prints progress: a bar per stage on a terminal, a line per finished stage elsewhere, nothing if quiet. */
export class ProgressView {
  private readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  private readonly quiet: boolean;
  private bar: SingleBar | undefined;
  private latest: StageProgress | undefined;
  private started = 0;

  constructor(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }, quiet: boolean) {
    this.stream = stream;
    this.quiet = quiet;
  }

  /** Updates the progress of a stage; ends the stage before it. */
  show(progress: StageProgress): void {
    if (this.quiet) return;
    if (progress.stage !== this.latest?.stage) {
      this.end();
      this.started = performance.now();
      if (this.stream.isTTY) this.bar = this.startBar(progress);
    }
    this.latest = progress;
    this.bar?.setTotal(progress.total);
    this.bar?.update(progress.done, this.words(progress));
  }

  /** Ends the bar or the line of the last stage. */
  end(): void {
    const { latest, bar } = this;
    if (bar) {
      bar.update(this.words(latest!));
      bar.stop();
    } else if (latest) {
      const { done, rate, unit } = this.words(latest);
      this.stream.write(
        `${latest.stage.padEnd(8)} ${done} ${unit}, ${seconds(this.elapsed())}${rate && `, ${rate}`}\n`,
      );
    }
    this.bar = undefined;
    this.latest = undefined;
  }

  private startBar({ stage, total, unit }: StageProgress): SingleBar {
    const bar = new SingleBar({
      stream: this.stream,
      format: `{stage} {bar} {done}/{all} {unit}  {rate}  {left}`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
      fps: 8,
      gracefulExit: false,
    });
    bar.start(total, 0, { ...this.words({ stage, done: 0, total, unit }), stage: stage.padEnd(8) });
    return bar;
  }

  private elapsed(): number {
    return (performance.now() - this.started) / 1000;
  }

  private words({ done, total, unit }: StageProgress) {
    const elapsed = this.elapsed();
    const perSecond = done / elapsed;
    const known = elapsed > 0.5 && done > 0;
    const left = total > done && known ? `${seconds((total - done) / perSecond)} left` : seconds(elapsed);
    const rate = known ? `${count(Math.round(perSecond))}/s` : '';
    return { done: count(done), all: count(total), unit, rate, left };
  }
}

function seconds(value: number): string {
  if (value < 90) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}
