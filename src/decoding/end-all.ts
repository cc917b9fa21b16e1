/**
 * Kills a decoding process at once, together with all processes that it has started: except on Windows, it leads a
 * process group of its own. It has nothing to clean up.
 */
export function endAll(pid: number): void {
  for (const target of process.platform === 'win32' ? [pid] : [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // it has ended already
    }
  }
}
