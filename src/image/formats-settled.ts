import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

/** Key of the environment data that threads share. */
const SHARED = 'zoomosaic formats';
const [UNSETTLED, BEING_SETTLED, SETTLED] = [0, 1, 2];

/**
 * Restricts the formats that the decoder opens, once for all threads of a process. Other threads wait until that is
 * done: an image that they opened in between would have no format at all.
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

/**
 * Returns the state that threads share. Called before threads start, it makes them settle the formats together, even if
 * the calling thread has no decoder.
 */
export function shareFormats(): Int32Array {
  const known = getEnvironmentData(SHARED) as unknown;
  if (known instanceof Int32Array) return known;
  const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  setEnvironmentData(SHARED, state);
  return state;
}
