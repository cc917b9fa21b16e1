import { readScript } from '../src/format/script-text.ts';

/** A script that holds data of a site, loaded on demand; see `src/format/script-text.ts`. */
export interface Told {
  /** Address of the script. */
  readonly src: string;
  /** Global function that it calls. */
  readonly global: string;
  /** Name that it passes first. */
  readonly name: string;
  /** Longest script that is read, bytes. */
  readonly bytesMax: number;
}

/**
 * Loads the data of a script; `null` if that fails.
 *
 * On the web, scripts are parsed and never run, as other people's sites are not trusted. Pages opened from disk or in a
 * sandboxed frame (`sandbox`) can only load scripts by running them.
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
 * Reads the text of a response.
 *
 * @throws if the request failed, or the text is longer than `bytesMax`.
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

/** Scripts that are being loaded, and the callbacks for their data. */
const waiting = new Map<HTMLOrSVGScriptElement, (name: string, told: unknown) => void>();

/** Runs a script, and receives its data. Mosaics on one page are distinguished by the script element that calls. */
function runTold({ src, global, name: expected }: Told): Promise<unknown> {
  Object.assign(globalThis, { [global]: receive });
  return new Promise((done) => {
    const script = document.createElement('script');
    waiting.set(script, (name, told) => done(name === expected ? told : null));
    // If the script has called, its promise is settled already; otherwise it is broken.
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
