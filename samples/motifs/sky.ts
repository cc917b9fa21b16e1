import { type Canvas, disc, ground, polygon, px } from '../canvas.ts';
import type { Palette } from '../palette.ts';
import type { Random } from '../random.ts';

function stars(canvas: Canvas, random: Random, colour: string, count: number): void {
  for (let i = 0; i < count; i++) {
    const size = 0.6 + 2.2 * random() ** 3;
    disc(
      canvas,
      random() * canvas.width,
      random() * canvas.height,
      size,
      colour,
      `opacity="${random.between(0.4, 1).toFixed(2)}"`,
    );
  }
}

/** A planet with bands, perhaps a ring, and a moon. */
export function planet(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  ground(canvas, canvas.gradient([palette.shade(-0.35, -20), palette.shade(-0.9)], random.between(0, 180)));
  stars(canvas, random, palette.shade(0.95), 130);
  const [x, y, r] = [width * random.between(0.42, 0.58), height * random.between(0.42, 0.58), random.between(95, 150)];
  const tilt = random.between(-30, 30);
  canvas.add(`<clipPath id="p"><circle cx="${px(x)}" cy="${px(y)}" r="${px(r)}"/></clipPath>`);
  canvas.add(`<g clip-path="url(#p)" transform="rotate(${px(tilt)} ${px(x)} ${px(y)})">`);
  for (let band = -r; band < r;) {
    const thick = random.between(8, 34);
    const fill =
      random() < 0.25 ? palette.accent(0.4) : palette.shade(random.between(-0.1, 0.9), random.between(-25, 25));
    canvas.add(
      `<rect x="${px(x - r)}" y="${px(y + band)}" width="${px(2 * r)}" height="${px(thick + 1)}" fill="${fill}"/>`,
    );
    band += thick;
  }
  canvas.add('</g>');
  disc(
    canvas,
    x - r * 0.35,
    y - r * 0.35,
    r * 1.25,
    'none',
    `stroke="#000" stroke-width="${px(r * 0.5)}" opacity=".22" clip-path="url(#p)"`,
  );
  if (random() < 0.55) {
    const ring = `cx="${px(x)}" cy="${px(y)}" rx="${px(r * 1.65)}" ry="${px(r * 0.38)}" fill="none"`;
    const below = `<clipPath id="r"><rect x="${px(x - 2 * r)}" y="${px(y)}" width="${px(4 * r)}" height="${px(r)}"/></clipPath>`;
    canvas.add(
      `${below}<g transform="rotate(${px(tilt)} ${px(x)} ${px(y)})"><g clip-path="url(#r)"><ellipse ${ring} stroke="${palette.accent(0.7)}" stroke-width="13" opacity=".85"/></g></g>`,
    );
  }
  disc(canvas, x + r * 1.25, y - r * 0.9, r * 0.17, palette.shade(0.8));
}

/** A town at night or in the evening, windows lit. */
export function town(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  ground(canvas, canvas.gradient([palette.shade(-0.4, -30), palette.shade(0.35), palette.shade(0.85, 30)]));
  if (palette.mean.l < 0.5) stars(canvas, random, palette.shade(0.95), 50);
  disc(
    canvas,
    width * random.between(0.2, 0.8),
    height * random.between(0.18, 0.3),
    random.between(20, 44),
    palette.accent(0.9),
  );
  for (let row = 0; row < 3; row++) {
    const fill = palette.shade(0.25 - row * 0.5, row * -8);
    for (let x = random.between(-40, -10); x < width;) {
      const wide = random.between(44, 82);
      const tall = height * random.between(0.24, 0.46) * (1 - row * 0.2) + (2 - row) * height * 0.13;
      canvas.add(
        `<rect x="${px(x)}" y="${px(height - tall)}" width="${px(wide + 1)}" height="${px(tall)}" fill="${fill}"/>`,
      );
      if (random() < 0.35)
        polygon(
          canvas,
          [
            [x, height - tall],
            [x + wide / 2, height - tall - wide * 0.5],
            [x + wide, height - tall],
          ],
          fill,
        );
      for (let wy = height - tall + 12; wy < height - 10; wy += 19) {
        for (let wx = x + 8; wx < x + wide - 12; wx += 15) {
          if (random() < 0.45)
            canvas.add(
              `<rect x="${px(wx)}" y="${px(wy)}" width="8" height="11" fill="${palette.accent(random.between(0.5, 1))}" opacity=".9"/>`,
            );
        }
      }
      x += wide;
    }
  }
}

/** Hot-air balloons over clouds. */
export function balloons(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  ground(canvas, canvas.gradient([palette.shade(-0.25, -15), palette.shade(0.55), palette.shade(0.95, 20)]));
  for (let i = 0; i < 7; i++) {
    const [cx, cy, size] = [random() * width, height * random.between(0.55, 1), random.between(30, 75)];
    for (let puff = -2; puff <= 2; puff++)
      disc(
        canvas,
        cx + puff * size * 0.6,
        cy,
        size * (0.75 - Math.abs(puff) * 0.17),
        palette.shade(0.9),
        'opacity=".55"',
      );
  }
  const count = random.integer(1, 4);
  for (let i = 0; i < count; i++) {
    const r = (count === 1 ? 135 : random.between(50, 90)) * 0.9;
    const [x, y] =
      count === 1
        ? [width / 2, height * 0.42]
        : [width * (0.24 + (0.52 * i) / (count - 1)), height * random.between(0.25, 0.6)];
    const outline = `M${px(x - r)} ${px(y)}A${px(r)} ${px(r)} 0 0 1 ${px(x + r)} ${px(y)}C${px(x + r)} ${px(y + r * 0.7)} ${px(x + r * 0.3)} ${px(y + r * 1.05)} ${px(x + r * 0.2)} ${px(y + r * 1.3)}H${px(x - r * 0.2)}C${px(x - r * 0.3)} ${px(y + r * 1.05)} ${px(x - r)} ${px(y + r * 0.7)} ${px(x - r)} ${px(y)}Z`;
    const colours = [palette.accent(-0.1), palette.shade(0.9), palette.shade(-0.5)];
    canvas.add(`<clipPath id="b${i}"><path d="${outline}"/></clipPath><g clip-path="url(#b${i})">`);
    for (let gore = 0; gore < 5; gore++) {
      const rx = r * Math.cos((gore / 5) * (Math.PI / 2)) + 1;
      canvas.add(
        `<ellipse cx="${px(x)}" cy="${px(y + r * 0.1)}" rx="${px(rx)}" ry="${px(r * 1.45)}" fill="${colours[gore % 3]}"/>`,
      );
    }
    canvas.add('</g>');
    canvas.add(
      `<rect x="${px(x - r * 0.16)}" y="${px(y + r * 1.5)}" width="${px(r * 0.32)}" height="${px(r * 0.24)}" rx="3" fill="${palette.shade(-0.95)}"/>`,
    );
    canvas.add(
      `<path d="M${px(x - r * 0.18)} ${px(y + r * 1.3)}L${px(x - r * 0.14)} ${px(y + r * 1.5)}M${px(x + r * 0.18)} ${px(y + r * 1.3)}L${px(x + r * 0.14)} ${px(y + r * 1.5)}" stroke="${palette.shade(-0.95)}" stroke-width="2"/>`,
    );
  }
}
