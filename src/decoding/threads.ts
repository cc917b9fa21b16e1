import { Worker, type Transferable } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import type { ImageInput } from '../image/open-image.ts';
import { receivedError, type ThreadOrder, type ThreadReport } from './protocol.ts';

/** What a thread is to do. */
export interface ThreadJob {
  readonly input: ImageInput;
  readonly task: unknown;
  /** Told once a thread is at it. */
  readonly begun: () => void;
  /** Asked before an image of so many px is decoded, which takes so much memory; the thread waits for it. */
  readonly admit: (need: number, px: number) => Promise<void>;
}

interface Waiting extends ThreadJob {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The threads that decode, one image at a time each, in a process of their own. They start when they are needed; if the system
 * has no room for as many as there should be, those that are there do.
 */
export class DecoderThreads {
  private readonly module: URL;
  /** As many as there may be; fewer once some could not start. */
  private size = 1;
  private readonly starting = new Set<Worker>();
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Waiting>();
  private readonly queue: Waiting[] = [];

  /** The first thread starts at once. */
  constructor(module: URL) {
    this.module = module;
    this.start();
  }

  /** Has as many threads decode from now on. */
  set most(size: number) {
    this.size = size;
    this.next();
  }

  /** Has the next free thread do a job; rejects with its error. */
  run(job: ThreadJob): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.queue.push({ ...job, resolve, reject });
      this.next();
    });
  }

  private next(): void {
    const { queue, starting, busy, idle } = this;
    while (queue.length > 0 && idle.length > 0 && busy.size < this.size) this.give(idle.pop()!, queue.shift()!);
    const threads = starting.size + busy.size + idle.length;
    if (queue.length > starting.size && threads < this.size) this.start();
  }

  private give(thread: Worker, job: Waiting): void {
    this.busy.set(thread, job);
    const { input, task } = job;
    // A small file's buffer may be part of a slab that is not ours to give away.
    const whole = typeof input !== 'string' && input.byteLength === input.buffer.byteLength;
    const transfer: Transferable[] = whole ? [input.buffer as ArrayBuffer] : [];
    thread.postMessage({ input, task } satisfies ThreadOrder, transfer);
    job.begun();
  }

  private start(): void {
    // Their garbage is short-lived and small; the 48 MB that V8 would let it grow to are better spent otherwise.
    const thread = new Worker(this.module, { resourceLimits: { maxYoungGenerationSizeMb: 8 } });
    this.starting.add(thread);
    thread.on('message', (report: ThreadReport) => this.heard(thread, report));
    thread.on('error', (error: Error) => {
      if (this.starting.delete(thread)) this.cannotStart(error);
      this.busy.get(thread)?.reject(error);
      this.busy.delete(thread);
      this.next();
    });
  }

  private heard(thread: Worker, report: ThreadReport): void {
    const job = this.busy.get(thread);
    if ('need' in report) {
      const { need, px } = report;
      void job?.admit(need, px).then(() => thread.postMessage({ admitted: true } satisfies ThreadOrder));
      return;
    }
    this.starting.delete(thread);
    this.busy.delete(thread);
    this.idle.push(thread);
    if ('error' in report) job?.reject(receivedError(report.error));
    else if ('result' in report) job?.resolve(report.result);
    this.next();
  }

  /** Makes do with the threads that are there; if there are none, what waits cannot be done now. */
  private cannotStart(error: Error): void {
    const there = this.starting.size + this.busy.size + this.idle.length;
    this.size = Math.max(1, there);
    if (there > 0) return;
    const message = `a decoding thread cannot start: ${messageOf(error)}`;
    for (const job of this.queue.splice(0)) job.reject(Object.assign(new Error(message), { code: 'EAGAIN' }));
  }
}
