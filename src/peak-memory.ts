import { readFileSync } from 'node:fs';

/**
 * Most memory that this process has held, bytes. On Linux from `VmHWM`: what `resourceUsage` says there includes the parent
 * that started us.
 */
export function peakMemory(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes) return Number(kilobytes) * 1024;
  } catch {
    // not Linux
  }
  return process.resourceUsage().maxRSS * 1024;
}
