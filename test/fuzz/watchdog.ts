import { Worker } from 'node:worker_threads';

/** Processor time of one case, s, after which it hangs. Inputs are small: nothing but a loop comes near. */
const HANG_S = 20;
/** The same, s, that only what grows faster than its input takes; told once the case has ended. */
const SLOW_S = 2;
/** Memory that one case may take more than all before it, bytes. */
const MEMORY_MAX = 2 ** 28;
/** How a process ends that hung. */
export const HANG_CODE = 3;

/** Runs beside the one thread that can hang, and ends the process for it: nothing else could. */
const WATCH = `
const { workerData: { progress, names, advice } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
let [last, since] = [-1, 0];
setInterval(() => {
  const used = process.cpuUsage();
  const now = (used.user + used.system) / 1e6;
  const at = Atomics.load(progress, 1);
  if (at !== last) [last, since] = [at, now];
  if (now - since < ${HANG_S}) return;
  writeSync(2, names[Atomics.load(progress, 0)] + ': case ' + at + ' hangs; ' + advice + ' --only ' + JSON.stringify(names[Atomics.load(progress, 0)]) + ' --path ' + at + '\\n');
  process.reallyExit(${HANG_CODE});
}, 500).unref();
`;

/** Sees to it that cases end, and what they take. */
export class Watchdog {
  private readonly progress = new Int32Array(new SharedArrayBuffer(8));
  private readonly worker: Worker;

  /**
   * @param names of the targets.
   * @param advice how to run a case again; its target and number are added.
   */
  constructor(names: readonly string[], advice: string) {
    const workerData = { progress: this.progress, names, advice };
    this.worker = new Worker(WATCH, { eval: true, workerData });
    this.worker.unref();
  }

  /** Begins a target. */
  begin(target: number): void {
    Atomics.store(this.progress, 1, -1);
    Atomics.store(this.progress, 0, target);
  }

  /** Begins a case; what is returned ends it, and throws if it took too much. */
  enter(): () => void {
    Atomics.add(this.progress, 1, 1);
    const [cpu, memory] = [process.cpuUsage(), process.resourceUsage().maxRSS];
    return () => {
      const { user, system } = process.cpuUsage(cpu);
      if (user + system > SLOW_S * 1e6) throw new Error(`took ${((user + system) / 1e6).toFixed(1)} s of a processor`);
      const more = (process.resourceUsage().maxRSS - memory) * 1024;
      if (more > MEMORY_MAX) throw new Error(`took ${Math.round(more / 2 ** 20)} MB`);
    };
  }

  async end(): Promise<void> {
    await this.worker.terminate();
  }
}
