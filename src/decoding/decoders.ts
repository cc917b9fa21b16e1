/**
 * Supervised decoding. Images are decoded in a process of its own, since a single bad file may crash a decoder, hang
 * it, or take all memory. This side starts that process, hands out the files, and repeats what was lost:
 *
 * - If the process dies, all images under way are suspects, for any of them may be the cause. A fresh process tries the
 *   suspects alone, one after the other. The other images wait until then.
 * - A suspect is given up if it hangs a fresh process or exceeds its memory while it is alone in it, or if three fresh
 *   processes die of it. Only fresh processes count: in a used one, an earlier image may be to blame.
 * - An error that may belong to another image makes its image a suspect, too: libvips has one error text for all threads.
 * - A failure that may pass (a disk, a shortage of files or memory) is tried again after a pause, a limited number of
 *   times. A shortage also halves the number of images under way.
 * - If the process does not start several times in succession, all images are rejected.
 *
 * See protocol.ts for the messages, and process.ts for the other side.
 */
import { systemCode } from '../errors.ts';
import { DecoderCrash, DecoderHang, isPassing, shortageOf, TooMuchMemory } from '../image/failures.ts';
import { type DecoderEvents, DecoderProcess, type DecoderProgram } from './decoder-process.ts';
import type { Decoded, DecodersOptions, DecodingJob, Job } from './jobs.ts';
import { keep, wake } from './kept-process.ts';
import { receivedError, type Report } from './protocol.ts';
import { PAUSE_MS, shortOf, TRIES } from './try-again.ts';

/** Time that a small image may take, ms. */
const PATIENCE = 30_000;
/**
 * Id of the next job. Ids are unique in this program, since a kept process may still report on jobs of its former user.
 */
let ids = 0;
/** Number of deaths of fresh processes after which an image is given up. */
const DEATHS = 3;

/** Reads and decodes images in a supervised process, which starts with the first image and ends with {@link close}. */
export class Decoders {
  /** Number of images decoded at the same time. */
  readonly threads: number;
  private readonly options: DecodersOptions;
  private process: DecoderProcess | undefined;
  private readonly queue: Job[] = [];
  private readonly underWay = new Map<number, Job>();
  /**
   * Images to be tried alone: the process died or hung while it had them, or their error may belong to another image.
   */
  private readonly suspects: Job[] = [];
  /** Timers of jobs, and of the start of the process, that failed and are tried again after a pause. */
  private readonly paused = new Map<Job | 'start', NodeJS.Timeout>();
  private alone = false;
  /** Largest number of images under way; lowered by shortages. */
  private most = Infinity;
  /** Reason why the process kills itself, if it does. */
  private because: 'hang' | 'overweight' | undefined;
  /** Number of images that this process was given. */
  private given = 0;
  private failedStarts = 0;
  private closed: unknown;

  constructor(options: DecodersOptions) {
    this.threads = options.threads;
    this.options = options;
  }

  /**
   * Decodes a file.
   *
   * @throws {DecoderCrash | DecoderHang | TooMuchMemory} if the decoders cannot cope with it; {@link UserError}
   *   `resources` if nothing can be decoded any more; otherwise the error of the system or of the decoder for this
   *   file.
   */
  run<Result>(job: DecodingJob): Promise<Decoded<Result>> {
    return new Promise<Decoded<never>>((resolve, reject) => {
      if (this.closed) return reject(this.closed);
      this.queue.push({ ...job, id: ids++, resolve, reject, failures: 0, deaths: 0 });
      this.next();
    });
  }

  /**
   * Ends the process, or keeps it for the next user, and waits for that. All jobs that are not done reject with
   * `reason`.
   */
  async close(reason: unknown = new Error('the decoders are closed')): Promise<void> {
    this.closed ??= reason;
    for (const timer of this.paused.values()) clearTimeout(timer);
    const waiting = [...this.paused.keys()].filter((job) => job !== 'start');
    const idle = this.underWay.size === 0;
    this.rejectAll([...this.underWay.values(), ...this.queue, ...this.suspects, ...waiting], this.closed);
    const { process } = this;
    this.process = undefined;
    if (!process) return;
    if (idle && process.ready && this.options.keep) return await keep({ process, images: this.given });
    if (idle) await process.tellPeak();
    await process.end();
  }

  private next(): void {
    if (this.closed || this.paused.has('start')) return;
    if (!this.process) {
      if (this.queue.length + this.suspects.length > 0) this.start();
      return;
    }
    if (!this.process.ready) return;
    const suspect = this.underWay.size === 0 ? this.suspects.shift() : undefined;
    if (suspect) {
      this.alone = true;
      this.send(suspect);
    }
    if (this.alone || this.suspects.length > 0) return;
    while (this.queue.length > 0 && this.underWay.size < this.most) this.send(this.queue.shift()!);
  }

  private start(): void {
    this.because = undefined;
    const events: DecoderEvents = {
      heard: (report) => this.heard(report),
      ended: (signal, error) => this.ended(signal, error),
    };
    const woken = this.options.keep ? wake(this.program, events) : undefined;
    this.given = woken?.images ?? 0;
    this.process = woken?.process ?? new DecoderProcess(this.program, events);
    if (woken) this.next();
  }

  private get program(): DecoderProgram {
    const { module, threads, memory = 0, patience = PATIENCE } = this.options;
    return { module, threads, memory, patience };
  }

  private send(job: Job): void {
    this.underWay.set(job.id, job);
    this.given++;
    const { id, path, size, bytes, task, wanted } = job;
    this.process!.send({ kind: 'read', id, path, size, ...(bytes && { bytes }), hash: wanted !== undefined, task });
  }

  private heard(report: Report): void {
    if (report.kind === 'ready') {
      this.failedStarts = 0;
      return this.next();
    }
    if (report.kind === 'hang' || report.kind === 'overweight') this.because = report.kind;
    const job = 'id' in report ? this.underWay.get(report.id) : undefined;
    if (!job) return;
    if (report.kind === 'hash' && this.decide(job, report.hash)) return;
    if (report.kind === 'done') job.resolve({ ...hashOf(job), result: report.result as never });
    if (report.kind === 'failed') this.failed(job, receivedError(report.error));
    this.finish(job);
  }

  /** Decides whether a file that was read is decoded, and tells the process. */
  private decide(job: Job, hash: string): boolean {
    // A job that is tried again has asked before.
    const wanted = job.hash === hash || job.wanted!(hash);
    this.process!.send({ kind: wanted ? 'decode' : 'drop', id: job.id });
    if (wanted) job.hash = hash;
    else job.resolve({ hash });
    return wanted;
  }

  private finish(job: Job): void {
    this.underWay.delete(job.id);
    if (this.underWay.size === 0) this.alone = false;
    this.next();
  }

  private failed(job: Job, error: Error): void {
    if (!isPassing(error)) {
      if (this.isDoubtful(error)) this.suspects.push(job);
      else job.reject(error);
      return;
    }
    const shortage = shortageOf(error);
    if (shortage) this.most = Math.max(1, Math.floor(Math.min(this.most, this.underWay.size) / 2));
    if (++job.failures >= TRIES) return job.reject(shortage ? shortOf(shortage, error) : error);
    this.pause(job, job.failures, () => this.queue.push(job));
  }

  /** Tells whether an error may belong to another image: libvips has one text of errors, which all threads write to. */
  private isDoubtful(error: Error): boolean {
    return !this.alone && this.threads > 1 && error.name === 'Error' && systemCode(error) === undefined;
  }

  /** Calls `goOn` after a pause. */
  private pause(what: Job | 'start', failures: number, goOn: () => void): void {
    const timer = setTimeout(
      () => {
        this.paused.delete(what);
        goOn();
        this.next();
      },
      PAUSE_MS * 2 ** failures,
    );
    this.paused.set(what, timer);
  }

  private ended(signal: NodeJS.Signals | null, error: Error | undefined): void {
    if (this.closed) return;
    const { ready } = this.process!;
    this.process = undefined;
    const lost = [...this.underWay.values()];
    this.underWay.clear();
    // Only fresh processes count: earlier images may have damaged a used one. A single death may be a kill that was
    // meant for another process.
    if (this.alone && this.given === 1 && (this.because || ++lost[0]!.deaths >= DEATHS)) {
      lost.pop()!.reject(this.causeOf(signal));
    }
    this.alone = false;
    this.suspects.push(...lost);
    if (ready) return this.next();
    if (++this.failedStarts < TRIES) return this.pause('start', this.failedStarts, () => {});
    const reason = error ?? new Error('the decoders do not start');
    this.rejectAll([...this.queue, ...this.suspects], shortOf(shortageOf(reason) ?? 'EAGAIN', reason));
  }

  /** Returns the reason why the process ended while it had one image alone. */
  private causeOf(signal: NodeJS.Signals | null): Error {
    if (this.because === 'hang') return new DecoderHang();
    // Any other SIGKILL comes from the system, for lack of memory.
    return this.because === 'overweight' || signal === 'SIGKILL' ? new TooMuchMemory() : new DecoderCrash();
  }

  private rejectAll(jobs: readonly Job[], error: unknown): void {
    for (const job of jobs) job.reject(error);
    this.underWay.clear();
    this.queue.length = 0;
    this.suspects.length = 0;
    this.paused.clear();
  }
}

function hashOf({ hash }: Job): Pick<Decoded<never>, 'hash'> {
  return hash === undefined ? {} : { hash };
}
