import { type Canvas, charactersIn, GLYPH_HEIGHT, GLYPH_WIDTH, writeText } from './font.ts';
import type { Size } from '../types.ts';

/** A picture of a contact sheet, RGB, and the lines of text below it. */
export interface SheetPicture extends Size {
  readonly px: Uint8Array;
  readonly label: readonly string[];
}

/** Space between pictures, px; shades of paper and text. */
const [GAP, PAPER, INK, FAINT] = [16, 255, 32, 112];
/** Characters that a line of a label should have room for, and the largest scale of the letters. */
const [LINE, SCALE_MAX] = [30, 3];

/** Returns the width of each of `across` pictures on a sheet of a width, px. */
export function pictureWidth(width: number, across: number): number {
  return Math.max(1, Math.floor((width - GAP) / across) - GAP);
}

/** Lays pictures out on a sheet, `across` side by side, all of them of {@link pictureWidth}, with `note` at its foot. */
export function drawSheet(
  pictures: readonly SheetPicture[],
  { width, across, note }: { readonly width: number; readonly across: number; readonly note: string },
): Canvas {
  const each = pictureWidth(width, across);
  const scale = Math.max(1, Math.min(SCALE_MAX, Math.floor(each / (LINE * GLYPH_WIDTH))));
  const line = (GLYPH_HEIGHT + 1) * scale;
  const rows = Array.from({ length: Math.ceil(pictures.length / across) }, (_, row) => {
    const own = pictures.slice(row * across, (row + 1) * across);
    const [height, lines] = [
      Math.max(...own.map((one) => one.height)),
      Math.max(...own.map((one) => one.label.length)),
    ];
    return { own, height, whole: height + GAP / 2 + lines * line + GAP };
  });
  const height = GAP + rows.reduce((sum, { whole }) => sum + whole, 0) + line;
  const canvas = { px: new Uint8Array(width * height * 3).fill(PAPER), width, height };
  const write = (text: string, most: number, place: { left: number; top: number; shade: number }) =>
    writeText(canvas, shortened(text, charactersIn(most, scale)), { ...place, scale });
  let top = GAP;
  for (const { own, height: tall, whole } of rows) {
    for (const [column, picture] of own.entries()) {
      const left = GAP + column * (each + GAP);
      for (let y = 0; y < picture.height; y++) {
        const from = y * picture.width * 3;
        canvas.px.set(picture.px.subarray(from, from + picture.width * 3), ((top + y) * width + left) * 3);
      }
      for (const [i, text] of picture.label.entries()) {
        write(text, each, { left, top: top + tall + GAP / 2 + i * line, shade: i === 0 ? INK : FAINT });
      }
    }
    top += whole;
  }
  write(note, width - 2 * GAP, { left: GAP, top, shade: FAINT });
  return canvas;
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(0, most - 1))}~`;
}
