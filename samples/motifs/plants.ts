import { type Canvas, disc, ground, px } from '../canvas.ts';
import type { Palette } from '../palette.ts';
import type { Random } from '../random.ts';

/** A petal or leaf from (0, 0) upwards. */
function petal(long: number, wide: number, fill: string): string {
  return `<path d="M0 0C${px(wide)} ${px(-long * 0.35)} ${px(wide * 0.8)} ${px(-long * 0.85)} 0 ${px(-long)}C${px(-wide * 0.8)} ${px(-long * 0.85)} ${px(-wide)} ${px(-long * 0.35)} 0 0Z" fill="${fill}"/>`;
}

function turned(x: number, y: number, angle: number, content: string): string {
  return `<g transform="translate(${px(x)} ${px(y)}) rotate(${px(angle)})">${content}</g>`;
}

/** One great flower, ring within ring. */
export function flower(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const up = random() < 0.5 ? 1 : -1;
  ground(
    canvas,
    canvas.gradient([palette.shade(-0.35 * up, -12), palette.shade(-0.8 * up, 12)], random.between(40, 140)),
  );
  const [x, y] = [width / 2 + random.between(-20, 20), height / 2 + random.between(-20, 20)];
  const petals = random.integer(7, 14);
  const rings = random.integer(3, 5);
  const size = Math.min(width, height) * random.between(0.44, 0.54);
  for (let ring = 0; ring < rings; ring++) {
    const long = size * (1 - ring / (rings + 0.7));
    const fill = palette.shade((0.15 + (0.75 * ring) / rings) * up, ring * 12);
    const edge = palette.shade((0.4 + (0.55 * ring) / rings) * up, ring * 12);
    for (let i = 0; i < petals; i++) {
      const angle = ((i + (ring % 2) / 2) * 360) / petals;
      const wide = (long * 2.5) / petals;
      canvas.add(turned(x, y, angle, petal(long, wide, edge) + petal(long * 0.9, wide * 0.78, fill)));
    }
  }
  disc(canvas, x, y, size * 0.19, palette.accent(0.5));
  for (let i = 0; i < 60; i++) {
    const [angle, far] = [i * 2.39996, Math.sqrt(i / 60) * size * 0.17]; // phyllotaxis: the golden angle
    disc(canvas, x + Math.cos(angle) * far, y + Math.sin(angle) * far, 2.6, palette.shade(-0.8));
  }
}

/** Twigs with leaves, as in a herbarium. */
export function leaves(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const up = random() < 0.6 ? 1 : -1;
  ground(canvas, canvas.gradient([palette.shade(0.75 * up), palette.shade(0.5 * up, 15)], random.between(30, 150)));
  for (let twig = 0; twig < 4; twig++) {
    const [x, lean] = [width * (0.14 + 0.24 * twig), random.between(-9, 9)];
    const size = random.between(36, 60);
    const fill = palette.shade(-random.between(0.05, 0.75) * up, random.between(-30, 30));
    const vein = palette.shade(0.5 * up);
    const parts = [`<path d="M0 30V${px(-height * 0.92)}" stroke="${fill}" stroke-width="5" fill="none"/>`];
    for (let i = 0; i < 9; i++) {
      const at = -i * height * 0.105;
      for (const side of [-1, 1]) {
        const line = `<path d="M0 0V${px(-size * 0.8)}" stroke="${vein}" stroke-width="1.6" opacity=".7"/>`;
        parts.push(turned(0, at, side * (52 - i * 3), petal(size * (1 - i * 0.055), size * 0.36, fill) + line));
      }
    }
    canvas.add(turned(x, height * 1.02, lean, parts.join('')));
    if (random() < 0.6)
      for (let i = 0; i < 6; i++)
        disc(canvas, x + random.between(-38, 38), random() * height, random.between(5, 9), palette.accent(0.2));
  }
}

/** Slices of citrus fruit. */
export function citrus(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  ground(canvas, palette.shade(-0.55, 30));
  const step = random.between(150, 210);
  for (let row = -1; row * step * 0.87 < height + step; row++) {
    for (let column = -1; column * step < width + step; column++) {
      const [x, y, r] = [column * step + (row & 1 ? step / 2 : 0), row * step * 0.87, step * 0.46];
      const turn = random() * 60;
      disc(canvas, x, y, r, palette.shade(0.05));
      disc(canvas, x, y, r * 0.9, palette.shade(0.9));
      for (let i = 0; i < 9; i++) {
        const [a, b] = [i * 40 + turn + 3, i * 40 + turn + 37].map((angle) => (angle * Math.PI) / 180) as [
          number,
          number,
        ];
        const far = r * 0.82;
        const near = r * 0.12;
        const mid = (a + b) / 2;
        canvas.add(
          `<path d="M${px(x + near * Math.cos(mid))} ${px(y + near * Math.sin(mid))}L${px(x + far * Math.cos(a))} ${px(y + far * Math.sin(a))}A${px(far)} ${px(far)} 0 0 1 ${px(x + far * Math.cos(b))} ${px(y + far * Math.sin(b))}Z" fill="${palette.shade(random.between(0.15, 0.45), random.between(-8, 8))}"/>`,
        );
      }
    }
  }
}
