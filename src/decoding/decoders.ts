import { systemCode } from '../errors.ts';
import { DecoderCrash, DecoderHang, isPassing, shortageOf, TooMuchMemory } from './failures.ts';
import { type DecoderEvents, DecoderProcess, type DecoderProgram } from './decoder-process.ts';
import { keep, wake } from './kept-process.ts';
import { receivedError, type Report } from './protocol.ts';
import { PAUSE_MS, shortOf, TRIES } from './try-again.ts';

export interface DecodersOptions {
  /** Of the threads; see `answerJobs`. */
  readonly module: URL;
  readonly threads: number;
  /** What each thread takes besides decoding, bytes. */
  readonly memory?: number;
  /** How long an image may take before it counts as hanging, ms; larger ones longer. */
  readonly patience?: number;
  /** Keeps the process for a while once it is closed, for the next who needs such a one; see kept-process.ts. */
  readonly keep?: boolean;
}

/** A file to be decoded. */
export interface DecodingJob {
  readonly path: string;
  /** Bytes, about. */
  readonly size: number;
  /** What the threads are told. */
  readonly task: unknown;
  /** Asked, once the file was read, whether its content is to be decoded; without, the file is decoded unseen, by its path. */
  readonly wanted?: (hash: string) => boolean;
}

/** What became of a file: `hash` if it was read, SHA-256 in hex; `result` if it was decoded. */
export interface Decoded<Result> {
  readonly hash?: string;
  readonly result?: Result;
}

interface Job extends DecodingJob {
  readonly id: number;
  readonly resolve: (decoded: Decoded<never>) => void;
  readonly reject: (error: unknown) => void;
  hash?: string;
  /** How often it failed for reasons that may pass. */
  failures: number;
  /** How often a fresh process died while it had this image alone. */
  deaths: number;
}

/** How long a small image may take, ms. */
const PATIENCE = 30_000;
/** No two jobs of this program share an id: of a process that is kept, something may be heard later. */
let ids = 0;
/** Deaths of fresh processes that an image is given up for. */
const DEATHS = 3;

/**
 * Reads and decodes images in a process of its own, which is supervised: when it dies or hangs, whatever it was at is tried
 * again, one image after the other, and the one that a fresh one hangs of again, or dies of some times, is given up. What fails because there is too
 * little of something for a moment is tried again, fewer at a time.
 *
 * The process starts with the first image, and ends with {@link close}.
 */
export class Decoders {
  /** Images decoded at the same time. */
  readonly threads: number;
  private readonly options: DecodersOptions;
  private process: DecoderProcess | undefined;
  private readonly queue: Job[] = [];
  private readonly underWay = new Map<number, Job>();
  /** Tried alone, since the process died or hung while it was at them, or one of them failed. */
  private readonly suspects: Job[] = [];
  /** Failed, and tried again after a pause. */
  private readonly paused = new Map<Job | 'start', NodeJS.Timeout>();
  private alone = false;
  /** Images at a time. */
  private most = Infinity;
  /** Why the process ends itself, if it does. */
  private because: 'hang' | 'overweight' | undefined;
  /** Images that this process was given. */
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
   * @throws {DecoderCrash | DecoderHang | TooMuchMemory} if the decoders cannot cope with it; {@link UserError} `resources` if
   * nothing can be decoded any more; otherwise what the system or the decoder says of the file.
   */
  run<Result>(job: DecodingJob): Promise<Decoded<Result>> {
    return new Promise<Decoded<never>>((resolve, reject) => {
      if (this.closed) return reject(this.closed);
      this.queue.push({ ...job, id: ids++, resolve, reject, failures: 0, deaths: 0 });
      this.next();
    });
  }

  /** Ends the process, and waits for that. Whatever is under way rejects, with `reason`. */
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
    const { id, path, size, task, wanted } = job;
    this.process!.send({ kind: 'read', id, path, size, hash: wanted !== undefined, task });
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

  /** Whether a file that was read is decoded. */
  private decide(job: Job, hash: string): boolean {
    // Who is tried again has asked before.
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

  /** Whether an error may tell of another image: libvips has one text of errors, which all threads write to. */
  private isDoubtful(error: Error): boolean {
    return !this.alone && this.threads > 1 && error.name === 'Error' && systemCode(error) === undefined;
  }

  /** Goes on after a pause. */
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
    // It may be that others before have left a mess, or that somebody killed it who meant another.
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

  /** Why the process ended while it had one image alone. */
  private causeOf(signal: NodeJS.Signals | null): Error {
    if (this.because === 'hang') return new DecoderHang();
    // Who else kills it is the system, for its memory.
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
