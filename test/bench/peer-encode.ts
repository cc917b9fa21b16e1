/** `peer-encode.ts FOLDER CONCURRENCY`: sharp cuts every image to a 256 px square and encodes it once; prints the seconds. */
import pLimit from 'p-limit';
import sharp from 'sharp';
import { filesOf } from './data.ts';

const [folder, concurrency] = process.argv.slice(2) as [string, string];
const files = await filesOf(folder);
sharp.concurrency(1);
sharp.cache(false);

const start = performance.now();
await pLimit(Number(concurrency)).map(files, async (file) => {
  await sharp(file).resize(256, 256, { fit: 'cover' }).jpeg({ quality: 85 }).toBuffer();
});
console.log((performance.now() - start) / 1000);
