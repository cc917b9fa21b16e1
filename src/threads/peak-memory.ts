import { readFileSync } from 'node:fs';

let withChildren = 0;

/** Most memory that this process and the ones that it started have held together, bytes; at least as far as they told. */
export function peakMemory(): number {
  return Math.max(ownPeakMemory(), withChildren);
}

/** Notes the most memory that a process held which this one has started, now that it ends. */
export function noteChildMemory(bytes: number): void {
  withChildren = Math.max(withChildren, ownPeakMemory() + bytes);
}

/**
 * Most memory that this process has held, bytes. On Linux from `VmHWM`: what `resourceUsage` says there includes the parent
 * that started us.
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
