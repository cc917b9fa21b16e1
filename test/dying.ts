import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const CALLS = ['renameSync', 'unlinkSync', 'rmdirSync', 'mkdirSync', 'rmSync', 'writeFileSync'] as const;
const real = Object.fromEntries(CALLS.map((name) => [name, fs[name]]));

/** Lets so many calls that change something on disk pass; then none, as if the process had been killed. */
export function dieAfter(calls: number): void {
  let left = calls;
  for (const name of CALLS) {
    (fs as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
      if (left-- <= 0) throw new Error('dead');
      return (real[name] as (...all: unknown[]) => unknown)(...args);
    };
  }
  syncBuiltinESMExports();
}

/** Lets all calls pass again. */
export function revive(): void {
  Object.assign(fs, real);
  syncBuiltinESMExports();
}
