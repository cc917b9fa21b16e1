import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TileStore } from '../pyramid/rendering.ts';

/** A store that writes nothing. It lists the files of a site that differ from what would be written. */
export class CompareStore implements TileStore {
  /** Paths of files that are missing or differ. */
  readonly differing: string[] = [];
  private readonly site: string;

  constructor(site: string) {
    this.site = site;
  }

  write(path: string, bytes: Uint8Array): void {
    const file = join(this.site, path);
    if (!existsSync(file) || !readFileSync(file).equals(bytes)) this.differing.push(path);
  }

  writeOriginal(path: string, bytes: Uint8Array): void {
    this.write(path, bytes);
  }

  link(original: string, to: string): void {
    const [own, other] = [original, to].map((path) => lstatSync(join(this.site, path), { throwIfNoEntry: false }));
    if (own && own.ino === other?.ino && own.dev === other.dev) return;
    this.copy(original, to);
  }

  copy(original: string, to: string): void {
    const file = join(this.site, original);
    // If the original is missing, its own `write` lists it.
    if (existsSync(file)) this.write(to, readFileSync(file));
  }
}
