import type OpenSeadragon from 'openseadragon';
import type { Pixels } from './bitmaps.ts';
import type { Ticket } from './images.ts';

/** Waits for a requested image, which the tile holds until it is made. */
export type Hold = <Loaded>(ticket: Ticket<Loaded>) => Promise<Loaded>;

/** The jobs of OpenSeadragon that load tiles of a source. */
export class Jobs {
  private readonly running = new Map<OpenSeadragon.Tile, { job: OpenSeadragon.ImageJob; leave: () => void }>();

  /** Starts a job, whose tile `make` makes. */
  start(job: OpenSeadragon.ImageJob, make: (hold: Hold) => Promise<Pixels>): void {
    const tickets: Ticket<unknown>[] = [];
    const leave = () => {
      this.running.delete(job.tile);
      for (const ticket of tickets) ticket.leave();
    };
    this.running.set(job.tile, { job, leave });
    const data = make((ticket) => {
      tickets.push(ticket);
      return ticket.image;
    });
    // A job that has timed out, or was given up, has no id any more, and must not be reported twice.
    data.then(
      (tile) => {
        leave();
        if (job.jobId !== null) finish(job, tile);
      },
      (error: unknown) => {
        leave();
        if (job.jobId !== null) job.fail(error instanceof Error ? error.message : String(error), null);
      },
    );
  }

  /** Ends the downloads of a tile that no other job waits for. */
  leave(tile: OpenSeadragon.Tile): void {
    this.running.get(tile)?.leave();
  }

  /** Stops loading a tile as if it had never begun; `false` if it is not being downloaded. */
  giveUp(tile: OpenSeadragon.Tile): boolean {
    const running = this.running.get(tile);
    if (!running) return false;
    running.leave();
    // `abort()` would report a failure, and load the tile again some seconds later.
    clearTimeout(running.job.jobId ?? undefined);
    running.job.jobId = null;
    tile.loading = false;
    return true;
  }

  /** Tiles that are being downloaded. */
  tiles(): OpenSeadragon.Tile[] {
    return [...this.running.keys()];
  }
}

function finish(job: OpenSeadragon.ImageJob, pixels: Pixels): void {
  if (pixels instanceof HTMLCanvasElement) job.finish(pixels.getContext('2d'), null, 'context2d');
  else job.finish(pixels, null, 'imageBitmap');
}
