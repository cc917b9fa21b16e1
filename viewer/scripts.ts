/** Scripts that are being loaded, and who waits for what they tell. */
const waiting = new Map<HTMLOrSVGScriptElement, (name: string, told: unknown) => void>();

/**
 * Loads a script that calls `global` with its name and what it tells: pages opened from disk can fetch nothing. `null` if it
 * cannot be had. Mosaics on one page are told apart by the scripts that call.
 */
export function loadScript(src: string, global: string, expected: string): Promise<unknown> {
  Object.assign(globalThis, { [global]: receive });
  return new Promise((done) => {
    const script = document.createElement('script');
    waiting.set(script, (name, told) => done(name === expected ? told : null));
    // Of a script that has called, nothing changes any more; one that has not is broken.
    for (const event of ['load', 'error']) {
      script.addEventListener(event, () => {
        done(null);
        waiting.delete(script);
        script.remove();
      });
    }
    script.src = src;
    document.head.append(script);
  });
}

function receive(name: string, told: unknown): void {
  const script = document.currentScript;
  if (script) waiting.get(script)?.(name, told);
}
