/** Tells when the network is gone, and loads what failed meanwhile when it is back. */
import { OFFLINE_FILE } from '../src/format/site-paths.ts';
import type { Texts } from './strings.ts';
import type { MosaicTileSource } from './tile-source.ts';

/** Installs the site's service worker, if it has one; see offline-worker.ts. Pages opened from disk have none. */
export function keepSeen({ mosaic, base }: MosaicTileSource): void {
  if (mosaic.offline) navigator.serviceWorker?.register(base + OFFLINE_FILE).catch(() => {});
}

/** Shows in an element that the page is offline. Pages opened from disk need no network. */
export function watchConnection(notice: HTMLElement, tiles: MosaicTileSource, texts: Texts): void {
  if (!/^https?:$/.test(location.protocol)) return;
  const show = () => {
    notice.textContent = navigator.onLine ? '' : texts.of('offline');
    notice.hidden = navigator.onLine;
  };
  addEventListener('offline', show);
  addEventListener('online', () => {
    show();
    tiles.lookAgain();
  });
  show();
}
