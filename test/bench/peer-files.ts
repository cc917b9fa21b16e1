/**
 * `peer-files.ts SITE OUT`: creates the links of a site's pyramid and writes its other tiles' bytes, with plain file system
 * calls, everything known beforehand; prints the seconds.
 */
import { linkSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { filesOf } from './data.ts';

const [site, out] = process.argv.slice(2) as [string, string];
const tiles = (await filesOf(join(site, 'tiles'))).map((path) => ({ path, inode: statSync(path).ino }));
const originals = new Map(tiles.map(({ path, inode }) => [inode, join(out, relative(site, path))]));
const writes = tiles.map(({ path }) => ({ to: join(out, relative(site, path)), bytes: readFileSync(path) }));
const links: { from: string; to: string }[] = [];
for (const path of await filesOf(join(site, 'mosaic_files'))) {
  const to = join(out, relative(site, path));
  const from = originals.get(statSync(path).ino);
  if (from) links.push({ from, to });
  else writes.push({ to, bytes: readFileSync(path) });
}
const folders = [...new Set([...writes, ...links].map(({ to }) => dirname(to)))];

const start = performance.now();
for (const folder of folders) mkdirSync(folder, { recursive: true });
for (const { to, bytes } of writes) writeFileSync(to, bytes);
for (const { from, to } of links) linkSync(from, to);
console.log((performance.now() - start) / 1000);
