import { readScript } from '../src/format/script-text.ts';

/** A part of a site that is loaded when it is needed; see `src/format/script-text.ts`. */
export interface Told {
  /** Address of the script. */
  readonly src: string;
  /** The function that it calls. */
  readonly global: string;
  /** What it calls itself. */
  readonly name: string;
  /** Longest script that is read, bytes. */
  readonly bytesMax: number;
}

/**
 * Loads what a part of a site tells; `null` if it cannot be had.
 *
 * On the web, scripts are read and never run: sites of others may say what they like. Pages opened from disk, or in a frame that
 * is shut off (`sandbox`), can load nothing but scripts that run.
 */
export async function loadTold(told: Told): Promise<unknown> {
  const { src, global, name, bytesMax } = told;
  try {
    const { protocol } = new URL(src, document.baseURI);
    if (!/^https?:$/.test(protocol) || origin === 'null') return await runTold(told);
    return readScript(await readText(await fetch(src), bytesMax), global, name) ?? null;
  } catch {
    return null;
  }
}

/**
 * The text of a response.
 *
 * @throws if there is none, or it is longer than `bytesMax`.
 */
export async function readText(response: Response, bytesMax: number): Promise<string> {
  if (!response.ok || !response.body) throw new Error(`${response.url} cannot be loaded: ${response.status}`);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let [text, bytes] = ['', 0];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.length;
    if (bytes > bytesMax) {
      void reader.cancel();
      throw new Error(`${response.url} is longer than ${bytesMax} bytes`);
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}

/** Scripts that are being loaded, and who waits for what they tell. */
const waiting = new Map<HTMLOrSVGScriptElement, (name: string, told: unknown) => void>();

/** Mosaics on one page are told apart by the scripts that call. */
function runTold({ src, global, name: expected }: Told): Promise<unknown> {
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
