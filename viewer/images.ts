import { bytesOf, decoded, type Encoded, type Pixels, release } from './bitmaps.ts';
import { startDownload } from './download.ts';

/** A request for an image. */
export interface Ticket<Loaded> {
  /** Rejects if the image cannot be loaded; never settles after `leave`. */
  readonly image: Promise<Loaded>;
  /** Cancels the request, or gives back its image. The download ends when the last request for it leaves. */
  leave(): void;
}

interface Download<Loaded> {
  readonly image: Promise<Loaded>;
  /** Ends the download, or gives back what it needed; never called while the image is in use. */
  readonly end: () => void;
  /** Number of requests that wait, or use the image. */
  users: number;
  done: boolean;
}

/** Bytes of downloaded images, encoded, that are kept for those who ask for them again. */
const KEPT = 4 * 2 ** 20;

/**
 * Downloads and decodes images. Simultaneous requests for the same image share one download; the last ones are kept as they were
 * downloaded, as browsers keep image elements.
 */
export class Images {
  private readonly downloads = new Map<string, Download<Encoded>>();
  /** Downloaded images by URL, most recently used last; and their bytes. */
  private readonly kept = new Map<string, Blob>();
  private bytes = 0;
  private readonly decoded = new WeakMap<Download<Encoded>, Map<object, Promise<Pixels>>>();

  /** Requests an image: joins its download, or starts one. Requests of the same owner get the same px, which are theirs. */
  get(url: string, crossOrigin: string | null, owner: object): Ticket<Pixels> {
    const download = this.downloads.get(url) ?? this.start(url, crossOrigin);
    const image = download.image.then((encoded) => this.decodedFor(owner, download, encoded));
    return ticketOf({ download, image }, () => {
      if (download.users > 0) return;
      if (this.downloads.get(url) === download) this.downloads.delete(url);
      download.end();
    });
  }

  private start(url: string, crossOrigin: string | null): Download<Encoded> {
    const kept = this.kept.get(url);
    const started = kept ? { image: Promise.resolve(kept), end: () => {} } : startDownload(url, crossOrigin);
    const download = { ...started, users: 0, done: false };
    this.downloads.set(url, download);
    const settle = () => {
      if (this.downloads.get(url) === download) this.downloads.delete(url);
    };
    download.image.then((encoded) => {
      settle();
      if (encoded instanceof Blob) this.keep(url, encoded);
    }, settle);
    return download;
  }

  /** Keeps a downloaded image, and drops those that were used longest ago. */
  private keep(url: string, image: Blob): void {
    if (!this.kept.delete(url)) this.bytes += image.size;
    this.kept.set(url, image);
    for (const [oldest, { size }] of this.kept) {
      if (this.bytes <= KEPT) return;
      this.kept.delete(oldest);
      this.bytes -= size;
    }
  }

  private decodedFor(owner: object, download: Download<Encoded>, encoded: Encoded): Promise<Pixels> {
    const known = this.decoded.get(download) ?? new Map<object, Promise<Pixels>>();
    const pixels = known.get(owner) ?? decoded(encoded);
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
      download.end();
    });
  }

  private start(url: string, crossOrigin: string | null): Download<Pixels> {
    const { image, end } = startDownload(url, crossOrigin);
    const download = { image: image.then(decoded), end, users: 0, done: false };
    download.image.then(
      (pixels) => {
        download.done = true;
        if (this.held.get(url) !== download) return release(pixels);
        end();
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

const never = () => new Promise<never>(() => {});

function ticketOf<Loaded>(
  { download, image }: { readonly download: Download<unknown>; readonly image: Promise<Loaded> },
  onLeave: () => void,
): Ticket<Loaded> {
  download.users++;
  let left = false;
  return {
    image: image.then(
      (loaded) => (left ? never() : loaded),
      (error: unknown) => {
        if (left) return never();
        throw error;
      },
    ),
    leave: () => {
      if (left) return;
      left = true;
      download.users--;
      onLeave();
    },
  };
}
