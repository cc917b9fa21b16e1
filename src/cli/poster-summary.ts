import { countText, percentText } from '../messages.ts';
import type { PosterPrint, PosterResult } from '../poster/poster.ts';
import type { Size } from '../types.ts';
import { bytesText } from './bytes-text.ts';

/** Formats the result of a poster. */
export function posterSummary(result: PosterResult): string {
  const { out, width, height, bytes, cell, prints, seconds, peakRssBytes } = result;
  const lines = [
    '',
    `${out}: ${sizeText({ width, height })} px, ${bytesText(bytes)}`,
    `  photos   ${tenths(cell.width)} x ${tenths(cell.height)} px each; ${originText(result)}`,
    ...prints.map((print, i) => `  ${i === 0 ? 'print ' : '      '}   ${printText(print)}`),
    `  time     ${seconds.toFixed(1)} s`,
    `  memory   ${bytesText(peakRssBytes)} at most`,
    '',
  ];
  return lines.join('\n');
}

function originText({ copied, from, width, height }: PosterResult): string {
  if (copied === 1) return "the site's own JPEG data, as it is";
  if (copied > 0) return `the site's own JPEG data in ${percentText(copied)} of the area, the rest encoded`;
  if (from.width === width && from.height === height) return 'px as the site has them';
  return `px shrunk from ${sizeText(from)}`;
}

function printText({ dpi, width, height, cell }: PosterPrint): string {
  return `${width.toFixed(1)} x ${height.toFixed(1)} cm at ${dpi} dpi, ${cellText(cell)} mm per photo`;
}

/** Formats the size of a cell: one number if it is a square, but for the rounding of the poster's sides. */
function cellText({ width, height }: Size): string {
  const [w, h] = [width.toFixed(1), height.toFixed(1)];
  return w === h ? w : `${w} x ${h}`;
}

function sizeText({ width, height }: Size): string {
  return `${countText(width)} x ${countText(height)}`;
}

/** Formats a number with a decimal, if it needs one. */
function tenths(value: number): string {
  return String(Math.round(value * 10) / 10);
}
