/** Something in a site that is not as it should be. */
export interface Problem {
  /** Relative to the site, with `/`. */
  readonly path: string;
  readonly problem: string;
}

/** Problems of a site whose checksums cannot be used, at most: `mosaic.json` alone may promise files without end. */
const UNPROVEN_MAX = 1000;

/** Thrown when there is no use in looking further. */
export class TooManyProblems extends Error {}

/** Problems found so far. */
export class Problems {
  readonly all: Problem[] = [];
  /** Whether there are checksums, of files that there were: then all problems are named. */
  proven = false;
  private readonly paths = new Set<string>();

  /** Notes a problem; of a file that has one already, nothing more. */
  add(path: string, problem: string): void {
    if (this.paths.has(path)) return;
    if (!this.proven && this.all.length > UNPROVEN_MAX) throw new TooManyProblems();
    this.paths.add(path);
    this.all.push({ path, problem });
    if (this.proven || this.all.length < UNPROVEN_MAX) return;
    this.all.push({ path: '.', problem: `has ${UNPROVEN_MAX} problems and no checksums; the rest was not looked at` });
    throw new TooManyProblems();
  }

  /** Whether a file has a problem. */
  has(path: string): boolean {
    return this.paths.has(path);
  }
}
