import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/** Under which threads find what they share. */
const SHARED = 'zoomosaic formats';
const [UNSETTLED, BEING_SETTLED, SETTLED] = [0, 1, 2];

/**
 * Settles which formats the decoder opens, once for all threads of a process: who comes second waits until it is done. What another
 * thread opened in between would be of no format at all.
 */
export function settleFormats(settle: () => void): void {
  const state = shareFormats();
  if (Atomics.compareExchange(state, 0, UNSETTLED, BEING_SETTLED) === UNSETTLED) {
    try {
      settle();
    } finally {
      Atomics.store(state, 0, SETTLED);
      Atomics.notify(state, 0);
    }
  } else Atomics.wait(state, 0, BEING_SETTLED);
}

/** Has threads that are started from now on settle that together, though this one has no decoder itself. */
export function shareFormats(): Int32Array {
  const known = getEnvironmentData(SHARED) as unknown;
  if (known instanceof Int32Array) return known;
  const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setEnvironmentData(SHARED, state);
  return state;
}
