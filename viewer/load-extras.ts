import { EXTRAS_FILE, EXTRAS_GLOBAL } from '../src/format/site-paths.ts';
import type * as extras from './extras.ts';

export type Extras = typeof extras;

let loading: Promise<Extras> | undefined;

/**
 * Loads the parts of the page that few visits need; once.
 *
 * @param base address of the site, ending in `/`; empty for the page's own.
 */
export function loadExtras(base: string): Promise<Extras> {
  loading ??= new Promise<Extras>((loaded, failed) => {
    const script = document.createElement('script');
    script.src = base + EXTRAS_FILE;
    script.addEventListener('load', () => loaded((globalThis as unknown as Record<string, Extras>)[EXTRAS_GLOBAL]!));
    script.addEventListener('error', () => {
      script.remove();
      loading = undefined; // the network may be back the next time
      failed(new Error(`${script.src} cannot be loaded`));
    });
    document.head.append(script);
  });
  return loading;
}
