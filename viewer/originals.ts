import { ORIGINAL_TILE, originalDepth, type OriginalFacts, originalTilePath } from '../src/format/original-index.ts';
import type { Rect, Size, Turn } from '../src/types.ts';
import { contextOf, type Pixels, release } from './bitmaps.ts';
import { originalPath } from '../src/format/site-paths.ts';

/** Most tiles that a part of a cell is composed from. A sound index needs three or four each way. */
const PIECE_TILES_MAX = 64;

/** Loads an image of the site. */
type Load = (file: string) => Promise<Pixels>;

/** Px of an original across a cell, per px of the cell. */
export function detailOf({ crop, turn }: OriginalFacts, cell: Size): number {
  return (turn % 2 === 0 ? crop.width : crop.height) / cell.width;
}

/** A part of a cell that shows an original. */
export interface OriginalPart {
  readonly original: OriginalFacts;
  /** Size of the cell, px. */
  readonly cell: Size;
  /** The part, in px of the cell. */
  readonly part: Rect;
}

/** Draws a part of a cell from its original. The canvas has the part's size. */
export async function drawOriginal(
  context: CanvasRenderingContext2D,
  { original, cell, part }: OriginalPart,
  load: Load,
): Promise<void> {
  const toCell = cellTransform(original, cell);
  const seen = boundsOf(toCell.inverse(), part);
  const { image, place } = await pieceOf(original, { seen, scale: cell.width / original.crop.width }, load);
  const transform = new DOMMatrix().translateSelf(-part.left, -part.top).multiplySelf(toCell);
  context.setTransform(transform);
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, place.left, place.top, place.width, place.height);
  context.resetTransform();
  if (original.ending === '' && image instanceof HTMLCanvasElement) release(image);
}

/** Maps px of an original to px of its cell: the crop fills the cell, mirrored and turned to the picture's orientation. */
function cellTransform({ crop, turn }: OriginalFacts, cell: Size): DOMMatrix {
  return turnTransform(turn, cell)
    .scaleSelf(cell.width / crop.width, cell.height / crop.height)
    .translateSelf(-crop.left, -crop.top);
}

/** Mirrors a cell (left and right), then turns it clockwise by quarters about its centre. */
function turnTransform(turn: Turn, { width, height }: Size): DOMMatrix {
  const matrix = new DOMMatrix();
  if (turn % 4 > 0) {
    matrix.translateSelf(width / 2, height / 2);
    matrix.rotateSelf(90 * (turn % 4));
    matrix.translateSelf(-width / 2, -height / 2);
  }
  if (turn >= 4) matrix.translateSelf(width, 0).scaleSelf(-1, 1);
  return matrix;
}

function boundsOf(matrix: DOMMatrix, { left, top, width, height }: Rect): Rect {
  const corners = [
    [left, top],
    [left + width, top + height],
  ].map(([x, y]) => matrix.transformPoint({ x: x!, y: y! }));
  const [x, y] = [Math.min(...corners.map((corner) => corner.x)), Math.min(...corners.map((corner) => corner.y))];
  const right = Math.max(...corners.map((corner) => corner.x));
  const bottom = Math.max(...corners.map((corner) => corner.y));
  return { left: x, top: y, width: right - x, height: bottom - y };
}

/** The part of an original that is seen, px of the original, and px of the canvas per px of it. */
interface View {
  readonly seen: Rect;
  readonly scale: number;
}

/** Loads an image that covers a part of an original. Returns it with its place in the original, px. */
async function pieceOf(
  original: OriginalFacts,
  view: View,
  load: Load,
): Promise<{ readonly image: Pixels; readonly place: Rect }> {
  const { ending, width, height } = original;
  if (ending === '') return await pieceOfPyramid(original, view, load);
  const image = await load(`${originalPath(original.original)}.${ending}`);
  return { image, place: { left: 0, top: 0, width, height } };
}

/** Composes that image from an original's pyramid: tiles of the coarsest level that has all the needed detail. */
async function pieceOfPyramid(
  { original, width, height }: OriginalFacts,
  { seen, scale }: View,
  load: Load,
): Promise<{ readonly image: Pixels; readonly place: Rect }> {
  const deepest = originalDepth({ width, height });
  const up = Math.max(0, Math.min(deepest, Math.floor(-Math.log2(scale) + 1e-6)));
  const shrink = 2 ** up;
  const [levelWidth, levelHeight] = [Math.ceil(width / shrink), Math.ceil(height / shrink)];
  const first = (at: number) => Math.max(0, Math.floor((at / shrink - 1) / ORIGINAL_TILE));
  const last = (at: number, length: number) =>
    Math.min(Math.ceil(length / ORIGINAL_TILE), Math.ceil((at / shrink + 1) / ORIGINAL_TILE));
  const [left, top] = [first(seen.left), first(seen.top)];
  const [right, bottom] = [last(seen.left + seen.width, levelWidth), last(seen.top + seen.height, levelHeight)];
  if ((right - left) * (bottom - top) > PIECE_TILES_MAX) throw new Error('The original is of another shape');
  const context = contextOf(
    Math.min(levelWidth, right * ORIGINAL_TILE) - left * ORIGINAL_TILE,
    Math.min(levelHeight, bottom * ORIGINAL_TILE) - top * ORIGINAL_TILE,
  );
  const tiles: Promise<void>[] = [];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const tile = load(originalTilePath(original, { level: deepest - up, column, row }));
      const at = [(column - left) * ORIGINAL_TILE, (row - top) * ORIGINAL_TILE] as const;
      tiles.push(tile.then((image) => context.drawImage(image, ...at)));
    }
  }
  await Promise.all(tiles);
  const place = {
    left: left * ORIGINAL_TILE * shrink,
    top: top * ORIGINAL_TILE * shrink,
    width: context.canvas.width * shrink,
    height: context.canvas.height * shrink,
  };
  return { image: context.canvas, place };
}
