import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { noteChildMemory } from '../threads/peak-memory.ts';
import { workerModule } from '../threads/pool.ts';
import { endAll } from './end-all.ts';
import type { Order, Report } from './protocol.ts';

/** What decodes in a process. */
export interface DecoderProgram {
  /** Of its threads. */
  readonly module: URL;
  readonly threads: number;
  /** What each thread takes besides decoding, bytes. */
  readonly memory: number;
  /** How long a small image may take, ms. */
  readonly patience: number;
}

/** What becomes of a process of decoders. */
export interface DecoderEvents {
  readonly heard: (report: Report) => void;
  /** It is gone, and with it whatever it was at; `error` tells why, if it could not even start. */
  readonly ended: (signal: NodeJS.Signals | null, error: Error | undefined) => void;
}

/** How long a process may take to tell of its memory, ms. */
const ANSWER_MS = 1000;
/** Characters kept of what it wrote as errors. */
const LAST_WORDS = 2000;

/** A process of decoders, from its start to its end. */
export class DecoderProcess {
  /** It has started, and waits for orders. */
  ready = false;
  /** Tells apart what processes were started with; see {@link keyOf}. */
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
      // What it started, as commands that decode, is of no use without it.
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
      // What never started does not exit, either.
      if (this.child?.pid === undefined) end(null, error);
    });
  }

  send(order: Order): void {
    // If it is gone, that is heard of.
    this.child?.send(order, () => {});
  }

  /** Ends it, whatever it is at. */
  kill(): void {
    if (!this.isGone && this.child?.pid !== undefined) endAll(this.child.pid);
  }

  /** Asks how much memory it has taken, so that it is noted; whether it answered in time. */
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

  /** Ends it and waits until it is gone. */
  async end(): Promise<void> {
    this.kill();
    await this.gone;
  }

  /** Lets this process end without it, whatever becomes of it. */
  rest(): void {
    this.events = { heard: () => {}, ended: () => {} };
    for (const handle of this.handles()) handle?.unref?.();
  }

  /** Has it work for somebody else; false if it is gone. */
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

  /** What keeps this process from ending. */
  private handles(): readonly ({ ref?(): void; unref?(): void } | null | undefined)[] {
    return [this.child, this.child?.channel, this.child?.stderr as Socket | null | undefined];
  }
}

/** What a process is started with, and cannot change: its module, and the environment and the folder of that moment. */
export function keyOf(program: DecoderProgram): string {
  return JSON.stringify([program.module.href, process.cwd(), environmentOf(program)]);
}

function startProcess(program: DecoderProgram): ChildProcess {
  return fork(workerModule('process', import.meta.url), [program.module.href], {
    env: environmentOf(program),
    execArgv: [],
    serialization: 'advanced',
    // What libraries write is for nobody to read, unless the process cannot start.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Of a group of its own: an interrupt from the terminal is for us, and reaches it by our hand.
    detached: process.platform !== 'win32',
  });
}

/**
 * Threads of libuv for as many images as are ever decoded at the same time. glibc is told to give back what is freed: by itself it
 * keeps some for each thread, and what is large, too, once it was large before.
 */
function environmentOf({ threads }: DecoderProgram): NodeJS.ProcessEnv {
  const most = Math.max(threads, availableParallelism());
  const libuv = Math.max(most + 2, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4));
  const malloc = { MALLOC_ARENA_MAX: String(Math.max(2, most)), MALLOC_MMAP_THRESHOLD_: '1048576' };
  return { ...malloc, ...process.env, UV_THREADPOOL_SIZE: String(libuv) };
}
