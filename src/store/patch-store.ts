import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { NamedFolder } from './disk.ts';
import { FolderStore } from './folder-store.ts';

/** A store for files that will replace files of a site. Originals of links and copies may lie here or in the site. */
export class PatchStore extends FolderStore {
  private readonly site: string;

  constructor(root: string, site: string, named: NamedFolder) {
    super(root, named);
    this.site = site;
  }

  protected override originalAt(path: string): string {
    const own = join(this.root, path);
    return existsSync(own) ? own : join(this.site, path);
  }
}
