/**
 * Ends a process of decoders at once, and with it whatever it has started: it leads a group of its own where there are such.
 * There is nothing that it would have to put in order.
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
