import { type Canvas, disc, ground, polygon, px } from '../canvas.ts';
import type { Palette } from '../palette.ts';
import type { Random } from '../random.ts';

/** A ridge from edge to edge: a sum of sines, jagged or soft. */
function ridge({ width, height }: Canvas, random: Random, base: number, rise: number, jagged: boolean) {
  const waves = Array.from({ length: jagged ? 6 : 3 }, (_, i) => ({
    size: rise / (i + 1),
    pitch: random.between(0.6, 1.4) * (i + 1) * 1.7,
    phase: random() * 7,
  }));
  const points: [number, number][] = [[-5, height + 5]];
  for (let x = -5; x <= width + 10; x += 8) {
    let y = base;
    for (const { size, pitch, phase } of waves) {
      const wave = Math.sin((x / width) * Math.PI * pitch + phase);
      y -= size * (jagged ? 1 - 2 * Math.abs(wave) : wave) * 0.5;
    }
    points.push([x, y]);
  }
  return [...points, [width + 15, height + 5]] as [number, number][];
}

/** Layered hills or mountains under a sun or moon. */
export function hills(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const up = random() < 0.65 ? 1 : -1;
  ground(
    canvas,
    canvas.gradient([palette.shade(0.35 * up, -20), palette.shade(0.75 * up), palette.shade(0.95 * up, 25)]),
  );
  const [x, y, radius] = [
    random.between(0.25, 0.75) * width,
    random.between(0.2, 0.4) * height,
    random.between(22, 60),
  ];
  disc(canvas, x, y, radius * 2.1, palette.accent(0.9), 'opacity=".18"');
  disc(canvas, x, y, radius, palette.accent(0.9));
  const layers = random.integer(4, 6);
  const jagged = random() < 0.5;
  for (let i = 0; i < layers; i++) {
    const far = 1 - i / (layers - 1);
    const shape = ridge(canvas, random, height * (0.42 + (0.5 * i) / layers), height * (0.16 - 0.015 * i), jagged);
    polygon(canvas, shape, palette.shade((far * 1.25 - 0.65) * up, far * 20));
  }
}

/** A forest of firs in mist. */
export function forest(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  ground(canvas, canvas.gradient([palette.shade(0.9), palette.shade(0.45, 15)]));
  disc(
    canvas,
    random.between(0.2, 0.8) * width,
    height * 0.28,
    random.between(30, 70),
    palette.accent(0.8),
    'opacity=".8"',
  );
  for (let layer = 0; layer < 4; layer++) {
    const fill = palette.shade(0.5 - layer * 0.42);
    const foot = height * (0.62 + layer * 0.14);
    for (let x = random.between(-30, 0); x < width + 30; x += random.between(22, 40) + layer * 8) {
      const tall = random.between(0.7, 1.2) * (90 + layer * 45);
      const wide = tall * 0.3;
      for (let tier = 0; tier < 4; tier++) {
        const top = foot - tall + tier * tall * 0.2;
        const half = wide * (0.35 + tier * 0.22);
        polygon(
          canvas,
          [
            [x, top],
            [x + half, top + tall * 0.32],
            [x - half, top + tall * 0.32],
          ],
          fill,
        );
      }
      canvas.add(
        `<rect x="${px(x - 4)}" y="${px(foot - tall * 0.2)}" width="8" height="${px(height)}" fill="${fill}"/>`,
      );
    }
    canvas.add(`<rect y="${px(foot - 6)}" width="${width}" height="${height}" fill="${fill}"/>`);
  }
}

/** The sea with a sun's path, and a sail or two. */
export function sea(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const horizon = height * random.between(0.38, 0.58);
  ground(canvas, canvas.gradient([palette.shade(0.2, -15), palette.shade(0.8, 10), palette.shade(0.9, 30)]));
  const x = width * random.between(0.3, 0.7);
  disc(canvas, x, horizon - random.between(-10, 60), random.between(26, 56), palette.accent(0.9));
  const water = canvas.gradient([palette.shade(0.1, 15), palette.shade(-0.6), palette.shade(-0.9, -15)]);
  canvas.add(`<rect y="${px(horizon)}" width="${width}" height="${height}" fill="${water}"/>`);
  for (let y = horizon + 6; y < height; y += 9) {
    const depth = (y - horizon) / (height - horizon);
    for (let i = 0; i < 4; i++) {
      const long = random.between(12, 46) * (0.5 + depth);
      const at = x + (random() + random() - 1) * (40 + 130 * depth);
      const colour = i < 3 ? palette.accent(0.9) : palette.shade(0.4);
      canvas.add(
        `<rect x="${px(at - long / 2)}" y="${px(y)}" width="${px(long)}" height="3.2" rx="1.6" fill="${colour}" opacity=".75"/>`,
      );
    }
  }
  for (let boat = random.integer(0, 2); boat > 0; boat--) {
    const [bx, size] = [width * random.between(0.25, 0.75), random.between(50, 95)];
    const by = horizon + size * random.between(0.3, 0.9);
    polygon(
      canvas,
      [
        [bx, by - size],
        [bx, by - 6],
        [bx + size * 0.55, by - 6],
      ],
      palette.shade(0.95),
    );
    polygon(
      canvas,
      [
        [bx - 5, by - size * 0.85],
        [bx - 5, by - 6],
        [bx - size * 0.36, by - 6],
      ],
      palette.accent(0.1),
    );
    polygon(
      canvas,
      [
        [bx - size * 0.45, by],
        [bx + size * 0.6, by],
        [bx + size * 0.42, by + 13],
        [bx - size * 0.3, by + 13],
      ],
      palette.shade(-0.95),
    );
  }
}
