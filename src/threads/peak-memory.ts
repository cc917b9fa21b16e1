import { readFileSync } from 'node:fs';

let withChildren = 0;

/**
 * Returns the largest memory that this process and its child processes have held together, bytes. Children count as far
 * as they have reported theirs.
 */
export function peakMemory(): number {
  return Math.max(ownPeakMemory(), withChildren);
}

/** Records the largest memory that a child process has held, bytes, when the child ends. */
export function noteChildMemory(bytes: number): void {
  withChildren = Math.max(withChildren, ownPeakMemory() + bytes);
}

/**
 * Returns the largest memory that this process has held, bytes. On Linux this is `VmHWM`: there, `resourceUsage`
 * includes the parent that started this process.
 */
export function ownPeakMemory(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes) return Number(kilobytes) * 1024;
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS * 1024;
}
