/** `peer-join.ts LIST ACROSS OUT`: sharp joins the images listed in a file and cuts a Deep Zoom pyramid. */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';

const [list, across, out] = process.argv.slice(2) as [string, string, string];
const files = readFileSync(list, 'utf8').trim().split('\n');
await sharp(files, { join: { across: Number(across) }, limitInputPixels: false })
  .jpeg({ quality: 85 })
  .tile({ layout: 'dz', size: 256, overlap: 0 })
  .toFile(out);
