import { Worker, type Transferable } from 'node:worker_threads';
import { messageOf } from '../errors.ts';
import type { ImageInput } from '../image/open-image.ts';
import { receivedError, type ThreadOrder, type ThreadReport } from './protocol.ts';

/** Job of a decoding thread. */
export interface ThreadJob {
  readonly input: ImageInput;
  readonly task: unknown;
  /** Called once a thread has taken the job. */
  readonly begun: () => void;
  /**
   * Called before an image of `px` px is decoded that takes `need` bytes of memory. The thread waits for the promise.
   */
  readonly admit: (need: number, px: number) => Promise<void>;
}

interface Waiting extends ThreadJob {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Threads of the decoding process, which decode one image at a time each. They start when they are needed. If the
 * system cannot start as many as there should be, the existing threads do all the work.
 */
export class DecoderThreads {
  private readonly module: URL;
  /** Largest number of threads; lowered if some cannot start. */
  private size = 1;
  private readonly starting = new Set<Worker>();
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Waiting>();
  private readonly queue: Waiting[] = [];

  /** Starts the first thread at once. */
  constructor(module: URL) {
    this.module = module;
    this.start();
  }

  /** Sets the largest number of threads. */
  set most(size: number) {
    this.size = size;
    this.next();
  }

  /** Runs a job on the next free thread; rejects with the job's error. */
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
    // The buffer of a small file may be part of a shared slab, which must not be transferred.
    const whole = typeof input !== 'string' && input.byteLength === input.buffer.byteLength;
    const transfer: Transferable[] = whole ? [input.buffer as ArrayBuffer] : [];
    thread.postMessage({ input, task } satisfies ThreadOrder, transfer);
    job.begun();
  }

  private start(): void {
    // Garbage of threads is small and short-lived; by default V8 would let it grow to 48 MB.
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

  /** Continues with the existing threads. If there are none, rejects all waiting jobs with code `EAGAIN`. */
  private cannotStart(error: Error): void {
    const there = this.starting.size + this.busy.size + this.idle.length;
    this.size = Math.max(1, there);
    if (there > 0) return;
    const message = `a decoding thread cannot start: ${messageOf(error)}`;
    for (const job of this.queue.splice(0)) job.reject(Object.assign(new Error(message), { code: 'EAGAIN' }));
  }
}
