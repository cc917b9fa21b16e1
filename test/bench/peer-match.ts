/** Matches target 23 (or another) and tells what that took: `peer-match.ts IMAGES CATALOG CELL-SIZE COLUMNS CROPS`. */
import { benchData } from './data.ts';
import { openCatalog, place, scenes } from './mosaics.ts';
import type { CropSet } from '../../src/tiles/crops.ts';

const [images, catalog, cellSize, across, crops] = process.argv.slice(2) as [string, string, string, string, CropSet];
const open = await openCatalog(images, catalog, Number(cellSize));
const { target } = await benchData(`${catalog}-data`);
const scene = (await scenes({ across: Number(across) }, target)).toReversed()[0]!;
const start = performance.now();
// Every image is shown in every crop, even if it is small.
const placement = await place(open, scene, { crops, cellSize: 1 });
const seconds = (performance.now() - start) / 1000;
const bytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ cells: placement.cells.length, sources: open.alike.length, seconds, bytes }));
