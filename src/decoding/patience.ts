/** Interval between checks of the deadlines, ms. */
const CHECK_MS = 250;
/** Time per megabyte that is read, and per megapixel that is decoded, in addition to the base, ms. */
const PER_UNIT = 1000;

/** Deadlines of images that are being read or decoded. */
export class Patience {
  /** Time that a small image may take to be read, and again to be decoded, ms. */
  base = Infinity;
  private readonly deadlines = new Map<number, number>();
  private checked = performance.now();

  /** @param lost called once an image has exceeded its deadline. */
  constructor(lost: () => void) {
    setInterval(() => this.check(lost), CHECK_MS).unref();
  }

  /** Sets the deadline of an image that is now being read or decoded; `units` are its megabytes, or its megapixels. */
  begin(id: number, units: number): void {
    this.deadlines.set(id, performance.now() + this.base + units * PER_UNIT);
  }

  /** Removes the deadline of an image that waits for its turn, or is done. */
  rest(id: number): void {
    this.deadlines.delete(id);
  }

  /** Checks the deadlines. */
  private check(lost: () => void): void {
    const now = performance.now();
    // A suspended process or machine has decoded nothing: its deadlines move by that time.
    const late = now - this.checked - CHECK_MS;
    this.checked = now;
    for (const [id, deadline] of this.deadlines) {
      if (late > CHECK_MS) this.deadlines.set(id, deadline + late);
      else if (now > deadline) return lost();
    }
  }
}
