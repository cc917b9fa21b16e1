import { SingleBar } from 'cli-progress';
import { countText, plural } from '../messages.ts';

/** Progress of a stage; `total` is 0 while unknown. */
export interface StageProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

/** Descriptions of the stages whose unit means nothing to users; their progress is a percentage. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  measure: 'comparing with the target',
  site: 'writing the site',
  poster: 'writing the poster',
};

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
      const { rate } = this.words(latest);
      const parts = [endText(latest), seconds(this.elapsed()), ...(rate ? [rate] : [])];
      this.stream.write(`${latest.stage.padEnd(8)} ${parts.join(', ')}\n`);
    }
    this.bar = undefined;
    this.latest = undefined;
  }

  private startBar({ stage, total, unit }: StageProgress): SingleBar {
    const bar = new SingleBar({
      stream: this.stream,
      format: `{stage} {bar} {amount}  {rate}  {left}`,
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

  private words(progress: StageProgress) {
    const { stage, done, total } = progress;
    const elapsed = this.elapsed();
    const perSecond = done / elapsed;
    const known = elapsed > 0.5 && done > 0;
    const left = total > done && known ? `${seconds((total - done) / perSecond)} left` : seconds(elapsed);
    const rate = known && !(stage in DESCRIPTIONS) ? `${countText(Math.round(perSecond))}/s` : '';
    return { amount: amountText(progress), rate, left };
  }
}

/** Formats the amount of a running stage: `12/1,000 images`, or `12 % comparing with the target`. */
function amountText({ stage, done, total, unit }: StageProgress): string {
  const description = DESCRIPTIONS[stage];
  if (description !== undefined) return `${total > 0 ? Math.floor((100 * done) / total) : 0} % ${description}`;
  return total > 0 ? `${countText(done)}/${plural(total, singular(unit))}` : plural(done, singular(unit));
}

/** Formats the amount of an ended stage: `1,000 images`, or `comparing with the target`. */
function endText(progress: StageProgress): string {
  const { stage, done, total, unit } = progress;
  const description = DESCRIPTIONS[stage];
  if (description === undefined) return plural(done, singular(unit));
  return done < total ? amountText(progress) : description;
}

/** Returns the singular of a unit: all of them end in `s`. */
function singular(unit: string): string {
  return unit.replace(/s$/, '');
}

function seconds(value: number): string {
  if (value < 90) return `${value.toFixed(value < 10 ? 1 : 0)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}
