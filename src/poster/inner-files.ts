import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { isWithin } from '../staging/real-path.ts';
import { SiteFiles } from '../verify/site-files.ts';

/** The files of a site, of which none is read that lies outside of it: a foreign site may contain links. */
export class InnerFiles extends SiteFiles {
  private readonly root: string;

  /** @param root real path of the site. */
  constructor(root: string) {
    super(root);
    this.root = root;
  }

  override bytesOf(path: string): ReturnType<SiteFiles['bytesOf']> {
    try {
      if (!isWithin(this.root, realpathSync.native(join(this.root, path)))) return { problem: 'leads out of the site' };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return { problem: 'missing' };
      // What else hinders the way to a file hinders its reading, too.
    }
    return super.bytesOf(path);
  }
}
