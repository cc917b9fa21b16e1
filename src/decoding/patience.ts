/** Between two looks at who takes too long, ms. */
const LOOK_MS = 250;
/** What each megabyte that is read, and each megapixel that is decoded, adds to the time that an image may take, ms. */
const PER_UNIT = 1000;

/** Keeps the time that images take. */
export class Patience {
  /** How long a small image may take to be read, and again to be decoded, ms. */
  base = Infinity;
  private readonly deadlines = new Map<number, number>();
  private looked = performance.now();

  /** @param lost called once an image takes longer than it may. */
  constructor(lost: () => void) {
    setInterval(() => this.look(lost), LOOK_MS).unref();
  }

  /** An image is being read or decoded from now on; `units` are its megabytes, or its megapixels. */
  begin(id: number, units: number): void {
    this.deadlines.set(id, performance.now() + this.base + units * PER_UNIT);
  }

  /** It waits for its turn, or is done. */
  rest(id: number): void {
    this.deadlines.delete(id);
  }

  private look(lost: () => void): void {
    const now = performance.now();
    // A process, or a machine, that stood still has decoded nothing, either.
    const late = now - this.looked - LOOK_MS;
    this.looked = now;
    for (const [id, deadline] of this.deadlines) {
      if (late > LOOK_MS) this.deadlines.set(id, deadline + late);
      else if (now > deadline) return lost();
    }
  }
}
