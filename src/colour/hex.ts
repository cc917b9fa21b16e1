import type { Rgb } from '../types.ts';

/** Formats a colour as `#rrggbb`. */
export function toHex({ r, g, b }: Rgb): string {
  return `#${[r, g, b].map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** Reads `#rgb` or `#rrggbb`, with or without the `#`; undefined if it is neither. */
export function fromHex(text: string): Rgb | undefined {
  const digits = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
  if (!digits) return undefined;
  const step = digits.length / 3;
  const channel = (i: number) => Number.parseInt(digits.slice(i * step, (i + 1) * step).repeat(3 - step), 16);
  return { r: channel(0), g: channel(1), b: channel(2) };
}
