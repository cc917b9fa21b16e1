import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Figures of one thing measured several times. */
export interface Figures {
  readonly min: number;
  readonly median: number;
  readonly runs: number;
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const median = (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
  return { min: sorted[0]!, median, runs: sorted.length };
}

/** What a process printed, took and held. */
export interface Ran {
  readonly stdout: string;
  readonly seconds: number;
  /** Most memory held (VmHWM), bytes; NaN where /proc does not tell. */
  readonly peakBytes: number;
}

/** Runs a command to its end; rejects if it fails. */
export function runCommand(command: string, args: readonly string[], cwd?: string): Promise<Ran> {
  const start = performance.now();
  // As many threads for everyone as our own command line takes.
  const env = { ...process.env, UV_THREADPOOL_SIZE: '4', VIPS_WARNING: '0' };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let peakBytes = NaN;
  const look = () => {
    try {
      const kB = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      if (kB) peakBytes = Number(kB) * 1024;
    } catch {
      // It has ended, or this system has no /proc.
    }
  };
  const timer = setInterval(look, 10);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (code) => {
      clearInterval(timer);
      const seconds = (performance.now() - start) / 1000;
      if (code === 0) done({ stdout, seconds, peakBytes });
      else fail(new Error(`${command} ${args.slice(0, 3).join(' ')} … ended with ${code}: ${stderr.slice(-2000)}`));
    });
  });
}

/** Calls `ours` and `theirs` in turns, so that a slow moment of the machine meets both. */
export async function inTurns(
  runs: number,
  ours: (run: number) => Promise<number>,
  theirs: (run: number) => Promise<number>,
): Promise<{ ours: Figures; theirs: Figures; ratio: Figures }> {
  const [a, b]: [number[], number[]] = [[], []];
  for (let run = 0; run < runs; run++) {
    a.push(await ours(run));
    b.push(await theirs(run));
  }
  return { ours: figuresOf(a), theirs: figuresOf(b), ratio: figuresOf(a.map((value, run) => value / b[run]!)) };
}
