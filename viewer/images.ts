import { bytesOf, decoded, type Pixels, release } from './bitmaps.ts';

/** A request for an image. */
export interface Ticket<Loaded> {
  /** Rejects if the image cannot be loaded; never settles after `leave`. */
  readonly image: Promise<Loaded>;
  /** Cancels the request, or gives back its image. The download ends when the last request for it leaves. */
  leave(): void;
}

interface Download<Loaded> {
  readonly element: HTMLImageElement;
  readonly image: Promise<Loaded>;
  /** Number of requests that wait, or use the image. */
  users: number;
  done: boolean;
}

/** Downloads and decodes images. Simultaneous requests for the same image share one download; nothing is kept. */
export class Images {
  private readonly downloads = new Map<string, Download<HTMLImageElement>>();
  private readonly decoded = new WeakMap<Download<HTMLImageElement>, Map<object, Promise<Pixels>>>();

  /** Requests an image: joins its download, or starts one. Requests of the same owner get the same px, which are theirs. */
  get(url: string, crossOrigin: string | null, owner: object): Ticket<Pixels> {
    const download = this.downloads.get(url) ?? this.start(url, crossOrigin);
    const image = download.image.then((element) => this.decodedFor(owner, download, element));
    return ticketOf({ download, image }, () => {
      if (download.users > 0) return;
      if (this.downloads.get(url) === download) this.downloads.delete(url);
      empty(download.element);
    });
  }

  private start(url: string, crossOrigin: string | null): Download<HTMLImageElement> {
    const { element, image } = startImage(url, crossOrigin);
    const download = { element, image, users: 0, done: false };
    this.downloads.set(url, download);
    const settle = () => {
      if (this.downloads.get(url) === download) this.downloads.delete(url);
    };
    image.then(settle, settle);
    return download;
  }

  private decodedFor(owner: object, download: Download<HTMLImageElement>, element: HTMLImageElement): Promise<Pixels> {
    const known = this.decoded.get(download) ?? new Map<object, Promise<Pixels>>();
    const pixels = known.get(owner) ?? decoded(element);
    this.decoded.set(download, known.set(owner, pixels));
    return pixels;
  }
}

/** Downloads and decodes images. Some are kept for later requests, up to a number of bytes of px. */
export class DecodedImages {
  /** Downloads and images by URL, most recently used last. */
  private readonly held = new Map<string, Download<Pixels>>();
  private readonly sizes = new Map<Download<Pixels>, number>();
  private readonly most: number;
  private bytes = 0;

  /** @param most bytes of px that are kept, besides those in use. */
  constructor(most: number) {
    this.most = most;
  }

  /** Requests an image. It stays decoded until its ticket leaves. */
  get(url: string, crossOrigin: string | null): Ticket<Pixels> {
    const download = this.held.get(url) ?? this.start(url, crossOrigin);
    this.held.delete(url);
    this.held.set(url, download);
    return ticketOf({ download, image: download.image }, () => {
      if (download.users > 0) return;
      if (download.done) return this.free();
      if (this.held.get(url) === download) this.held.delete(url);
      empty(download.element);
    });
  }

  private start(url: string, crossOrigin: string | null): Download<Pixels> {
    const { element, image } = startImage(url, crossOrigin);
    const download = { element, image: image.then(decoded), users: 0, done: false };
    download.image.then(
      (pixels) => {
        download.done = true;
        if (this.held.get(url) !== download) return release(pixels);
        empty(download.element);
        this.sizes.set(download, bytesOf(pixels));
        this.bytes += bytesOf(pixels);
        this.free();
      },
      () => {
        if (this.held.get(url) === download) this.held.delete(url);
      },
    );
    return download;
  }

  /** Releases images that are not in use, oldest first, until the others fit. */
  private free(): void {
    for (const [url, download] of this.held) {
      if (this.bytes <= this.most) return;
      if (!download.done || download.users > 0) continue;
      this.held.delete(url);
      this.bytes -= this.sizes.get(download) ?? 0;
      this.sizes.delete(download);
      void download.image.then(release);
    }
  }
}

function ticketOf<Loaded>(
  { download, image }: { readonly download: Download<unknown>; readonly image: Promise<Loaded> },
  onLeave: () => void,
): Ticket<Loaded> {
  download.users++;
  let left = false;
  return {
    image: image.then((loaded) => (left ? new Promise<never>(() => {}) : loaded)),
    leave: () => {
      if (left) return;
      left = true;
      download.users--;
      onLeave();
    },
  };
}

/** Image elements for further images. Browsers may keep each that they ever made, and what belongs to it. */
const spare: HTMLImageElement[] = [];
/** What listens to an element; it ends with its download. */
const listening = new WeakMap<HTMLImageElement, AbortController>();

function startImage(
  url: string,
  crossOrigin: string | null,
): { readonly element: HTMLImageElement; readonly image: Promise<HTMLImageElement> } {
  const element = spare.pop() ?? new Image();
  const controller = new AbortController();
  const { signal } = controller;
  listening.set(element, controller);
  const image = new Promise<HTMLImageElement>((loaded, failed) => {
    element.addEventListener('load', () => loaded(element), { once: true, signal });
    element.addEventListener('error', () => failed(new Error(`${url} cannot be loaded`)), { once: true, signal });
  });
  element.crossOrigin = crossOrigin;
  element.src = url;
  return { element, image };
}

/** Ends the download of an image, or drops its px: a browser would keep them until it collects garbage. */
function empty(element: HTMLImageElement): void {
  // An event of a download that ends now could be taken for one of the next.
  const isDone = element.complete && element.naturalWidth > 0;
  listening.get(element)?.abort();
  element.removeAttribute('src');
  if (isDone) spare.push(element);
}
