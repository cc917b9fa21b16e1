/** A request for an image. */
export interface Ticket {
  /** Rejects if the image cannot be loaded; never settles after `leave`. */
  readonly image: Promise<HTMLImageElement>;
  /** Cancels the request. The download ends when the last request for it leaves. */
  leave(): void;
}

interface Download {
  readonly element: HTMLImageElement;
  readonly image: Promise<HTMLImageElement>;
  /** Number of requests that still wait. */
  waiting: number;
  done: boolean;
}

/** Downloads images. Simultaneous requests for the same image share one download; some images are kept for later requests. */
export class Images {
  private readonly downloads = new Map<string, Download>();
  /** Kept downloads by URL, most recently used last. */
  private readonly kept = new Map<string, Download>();
  private readonly keep: number;

  /** @param keep number of loaded images that are kept. */
  constructor(keep: number) {
    this.keep = keep;
  }

  /** Requests an image: joins its download, or starts one. */
  get(url: string, crossOrigin: string | null = null): Ticket {
    const download = this.find(url) ?? this.start(url, crossOrigin);
    download.waiting++;
    let left = false;
    return {
      image: download.image.then((image) => (left ? new Promise<never>(() => {}) : image)),
      leave: () => {
        if (left) return;
        left = true;
        if (--download.waiting > 0 || download.done) return;
        this.downloads.delete(url);
        download.element.src = '';
      },
    };
  }

  private find(url: string): Download | undefined {
    const kept = this.kept.get(url);
    if (!kept) return this.downloads.get(url);
    this.kept.delete(url);
    this.kept.set(url, kept);
    return kept;
  }

  private start(url: string, crossOrigin: string | null): Download {
    const element = new Image();
    if (crossOrigin !== null) element.crossOrigin = crossOrigin;
    const image = new Promise<HTMLImageElement>((loaded, failed) => {
      element.addEventListener('load', () => loaded(element), { once: true });
      element.addEventListener('error', () => failed(new Error(`${url} cannot be loaded`)), { once: true });
    });
    const download: Download = { element, image, waiting: 0, done: false };
    this.downloads.set(url, download);
    const settle = (loaded: boolean) => {
      download.done = true;
      if (this.downloads.get(url) === download) this.downloads.delete(url);
      if (loaded) this.remember(url, download);
    };
    image.then(
      () => settle(true),
      () => settle(false),
    );
    element.src = url;
    return download;
  }

  private remember(url: string, download: Download): void {
    if (this.keep === 0) return;
    this.kept.set(url, download);
    const [oldest] = this.kept.keys();
    if (this.kept.size > this.keep && oldest !== undefined) this.kept.delete(oldest);
  }
}
