import type { SiteFiles } from './site-files.ts';

/** A problem of a file of a site. */
export interface Problem {
  /** Path relative to the site, with `/`. */
  readonly path: string;
  readonly problem: string;
}

/** The files of a site that is being verified, and the problems found in them. */
export interface Checking {
  readonly files: SiteFiles;
  readonly problems: Problems;
}

/** Most problems listed for a site without usable checksums: its `mosaic.json` may describe any number of files. */
const UNPROVEN_MAX = 1000;

/** Thrown to end the search: the limit of problems is reached. */
export class TooManyProblems extends Error {}

/** Problems found so far. */
export class Problems {
  readonly all: Problem[] = [];
  /** True if the checksums are usable. They are of files that existed, so all problems are listed. */
  proven = false;
  private readonly paths = new Set<string>();

  /** Adds a problem; ignores further problems of the same file. */
  add(path: string, problem: string): void {
    if (this.paths.has(path)) return;
    if (!this.proven && this.all.length > UNPROVEN_MAX) throw new TooManyProblems();
    this.paths.add(path);
    this.all.push({ path, problem });
    if (this.proven || this.all.length < UNPROVEN_MAX) return;
    this.all.push({ path: '.', problem: `has ${UNPROVEN_MAX} problems and no checksums; the rest was not looked at` });
    throw new TooManyProblems();
  }

  /** Tells whether a file has a problem. */
  has(path: string): boolean {
    return this.paths.has(path);
  }
}
