import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { noteChildMemory } from '../threads/peak-memory.ts';
import { workerModule } from '../threads/pool.ts';
import { endAll } from './end-all.ts';
import type { Order, Report } from './protocol.ts';

/** Program and settings of a decoding process. */
export interface DecoderProgram {
  /** Module of its threads. */
  readonly module: URL;
  readonly threads: number;
  /** Memory of each thread besides decoding, bytes. */
  readonly memory: number;
  /** Time that a small image may take, ms. */
  readonly patience: number;
}

/** Events of a decoding process. */
export interface DecoderEvents {
  readonly heard: (report: Report) => void;
  /** The process is gone, and all work under way is lost. `error` is the reason if the process could not even start. */
  readonly ended: (signal: NodeJS.Signals | null, error: Error | undefined) => void;
}

/** Time that a process may take to report its memory, ms. */
const ANSWER_MS = 1000;
/** Number of characters kept of what it wrote to stderr. */
const LAST_WORDS = 2000;

/** A decoding process, from its start to its end. */
export class DecoderProcess {
  /** The process has started, and waits for orders. */
  ready = false;
  /** Identifies what a process was started with; see {@link keyOf}. */
  readonly key: string;
  private readonly child: ChildProcess | undefined;
  private readonly gone: Promise<void>;
  private isGone = false;
  private peakTold = () => {};
  private events: DecoderEvents;

  constructor(program: DecoderProgram, events: DecoderEvents) {
    this.events = events;
    this.key = keyOf(program);
    let setGone = () => {};
    this.gone = new Promise((resolve) => (setGone = resolve));
    const end = (signal: NodeJS.Signals | null, error?: Error) => {
      if (this.isGone) return;
      // Processes that it started, as commands that decode, are of no use without it.
      this.kill();
      this.isGone = true;
      setGone();
      this.events.ended(signal, this.ready ? undefined : error);
    };
    try {
      this.child = startProcess(program);
    } catch (error) {
      process.nextTick(() => end(null, error as Error));
      return;
    }
    let words = '';
    this.child.stderr?.on('data', (text: Buffer) => (words = (words + text.toString()).slice(-LAST_WORDS)));
    this.child.on('message', (report: Report) => {
      if (report.kind === 'ready') {
        this.ready = true;
        this.begin(program);
      }
      if ('peak' in report) noteChildMemory(report.peak);
      if (report.kind === 'peak') this.peakTold();
      else this.events.heard(report);
    });
    this.child.once('exit', (_, signal) => end(signal, new Error(words.trim() || `it ended at once (${signal})`)));
    this.child.on('error', (error) => {
      // A process that never started emits no `exit`.
      if (this.child?.pid === undefined) end(null, error);
    });
  }

  send(order: Order): void {
    // Errors are ignored: if the process is gone, `ended` tells.
    this.child?.send(order, () => {});
  }

  /** Kills the process, whatever it is doing. */
  kill(): void {
    if (!this.isGone && this.child?.pid !== undefined) endAll(this.child.pid);
  }

  /**
   * Asks the process for the largest memory it has held, which is recorded.
   *
   * @returns true if it answered in time.
   */
  async tellPeak(): Promise<boolean> {
    if (!this.ready || this.isGone) return false;
    const told = new Promise<boolean>((resolve) => (this.peakTold = () => resolve(true)));
    this.send({ kind: 'peak' });
    const enough = new AbortController();
    const late = setTimeout(ANSWER_MS, false, { signal: enough.signal }).catch(() => false);
    const answered = await Promise.race([told, this.gone.then(() => false), late]);
    enough.abort();
    return answered && !this.isGone;
  }

  /** Kills the process, and waits until it is gone. */
  async end(): Promise<void> {
    this.kill();
    await this.gone;
  }

  /** Detaches from the process: its events are ignored, and it does not keep this process from ending. */
  rest(): void {
    this.events = { heard: () => {}, ended: () => {} };
    for (const handle of this.handles()) handle?.unref?.();
  }

  /**
   * Attaches the process to new settings and events.
   *
   * @returns false if the process is gone.
   */
  wake(program: DecoderProgram, events: DecoderEvents): boolean {
    if (this.isGone) return false;
    this.events = events;
    this.begin(program);
    for (const handle of this.handles()) handle?.ref?.();
    return true;
  }

  private begin({ threads, memory, patience }: DecoderProgram): void {
    this.send({ kind: 'begin', threads, memory, patience });
  }

  /** Handles that keep this process from ending. */
  private handles(): readonly ({ ref?(): void; unref?(): void } | null | undefined)[] {
    return [this.child, this.child?.channel, this.child?.stderr as Socket | null | undefined];
  }
}

/**
 * Returns everything that a process is started with and that cannot change: its module, and the environment and working
 * directory at that moment.
 */
export function keyOf(program: DecoderProgram): string {
  return JSON.stringify([program.module.href, process.cwd(), environmentOf(program)]);
}

function startProcess(program: DecoderProgram): ChildProcess {
  return fork(workerModule('process', import.meta.url), [program.module.href], {
    env: environmentOf(program),
    execArgv: [],
    serialization: 'advanced',
    // Output of libraries is discarded. Errors are kept in case the process cannot start.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A process group of its own: an interrupt from the terminal reaches us alone, and we end the process.
    detached: process.platform !== 'win32',
  });
}

/**
 * Returns the environment of a process. libuv gets enough threads for the largest number of images that are ever
 * decoded at the same time. glibc is told to give back freed memory: by default it keeps some for each thread, and
 * large blocks as well once a large block was freed.
 */
function environmentOf({ threads }: DecoderProgram): NodeJS.ProcessEnv {
  const most = Math.max(threads, availableParallelism());
  const libuv = Math.max(most + 2, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4));
  const malloc = { MALLOC_ARENA_MAX: String(Math.max(2, most)), MALLOC_MMAP_THRESHOLD_: '1048576' };
  return { ...malloc, ...process.env, UV_THREADPOOL_SIZE: String(libuv) };
}
