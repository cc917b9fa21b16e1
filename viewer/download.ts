/** Downloads of images. */
import type { Encoded } from './bitmaps.ts';

/** An image that is being downloaded. */
export interface Started {
  /** Rejects if it cannot be loaded; rejects or never settles once the download was ended. */
  readonly image: Promise<Encoded>;
  /** Ends the download, or drops the image. */
  readonly end: () => void;
}

/**
 * Starts to download an image. Browsers decode downloaded bytes beside the page, but image elements within it, which takes
 * several ms each; only elements load images of pages opened from disk, and of other sites.
 */
export function startDownload(url: string, crossOrigin: string | null): Started {
  return isOwn(url) ? startFetch(url) : startElement(url, crossOrigin);
}

/** Tells whether a page may read an address: both are of the same site, and the page is not in a sandboxed frame. */
function isOwn(url: string): boolean {
  const { protocol, origin } = new URL(url, document.baseURI);
  return /^https?:$/.test(protocol) && origin === self.origin;
}

function startFetch(url: string): Started {
  const controller = new AbortController();
  const { signal } = controller;
  const load = async () => {
    const response = await fetch(url, { signal, priority: 'low' });
    if (!response.ok) throw new Error(`${url} cannot be loaded`);
    return await response.blob();
  };
  return { image: load(), end: () => controller.abort() };
}

/** Image elements for further images. Browsers may keep each that they ever made, and what belongs to it. */
const spare: HTMLImageElement[] = [];

function startElement(url: string, crossOrigin: string | null): Started {
  const element = spare.pop() ?? new Image();
  const controller = new AbortController();
  const { signal } = controller;
  const image = new Promise<HTMLImageElement>((loaded, failed) => {
    element.addEventListener('load', () => loaded(element), { once: true, signal });
    element.addEventListener('error', () => failed(new Error(`${url} cannot be loaded`)), { once: true, signal });
  });
  element.crossOrigin = crossOrigin;
  element.src = url;
  let isEnded = false;
  const end = () => {
    if (isEnded) return;
    isEnded = true;
    // An event of a download that ends now could be taken for one of the next.
    const isDone = element.complete && element.naturalWidth > 0;
    controller.abort();
    // A browser would keep the px until it collects garbage.
    element.removeAttribute('src');
    if (isDone) spare.push(element);
  };
  return { image, end };
}
