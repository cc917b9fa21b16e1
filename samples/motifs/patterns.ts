import { type Canvas, disc, ground, polygon, px } from '../canvas.ts';
import type { Palette } from '../palette.ts';
import type { Random } from '../random.ts';

/** Quarter circles, triangles and dots on a grid, as the Bauhaus liked them. */
export function bauhaus(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const side = Math.min(width, height) / random.integer(3, 5);
  const colours = [-0.85, -0.4, 0, 0.45, 0.9].map((step) => palette.shade(step, random.between(-20, 20)));
  ground(canvas, colours[2]!);
  const startX = ((width % side) - side) / 2;
  const startY = ((height % side) - side) / 2;
  for (let y = startY; y < height; y += side) {
    for (let x = startX; x < width; x += side) {
      const front = random() < 0.14 ? palette.accent(0.3) : random.pick(colours);
      canvas.add(
        `<g transform="translate(${px(x)} ${px(y)}) rotate(${random.integer(0, 3) * 90} ${px(side / 2)} ${px(side / 2)})">`,
      );
      canvas.add(`<rect width="${px(side + 0.5)}" height="${px(side + 0.5)}" fill="${random.pick(colours)}"/>`);
      const shape = random.integer(0, 4);
      if (shape === 0)
        canvas.add(`<path d="M0 0H${px(side)}A${px(side)} ${px(side)} 0 0 1 0 ${px(side)}Z" fill="${front}"/>`);
      if (shape === 1)
        polygon(
          canvas,
          [
            [0, 0],
            [side, 0],
            [0, side],
          ],
          front,
        );
      if (shape === 2) disc(canvas, side / 2, side / 2, side * 0.36, front);
      if (shape === 3)
        canvas.add(
          `<path d="M0 0A${px(side / 2)} ${px(side / 2)} 0 0 0 ${px(side)} 0Z" fill="${front}"/><path d="M0 ${px(side / 2)}A${px(side / 2)} ${px(side / 2)} 0 0 0 ${px(side)} ${px(side / 2)}Z" fill="${front}"/>`,
        );
      if (shape === 4)
        for (let i = 0; i < 4; i++)
          canvas.add(`<rect y="${px((i * side) / 4)}" width="${px(side)}" height="${px(side / 8)}" fill="${front}"/>`);
      canvas.add('</g>');
    }
  }
}

/** Overlapping scales of concentric rings: the Japanese wave pattern, seigaiha. */
export function waves(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const r = random.between(42, 74);
  const down = random() < 0.5 ? 1 : -1;
  ground(canvas, palette.shade(0));
  for (let row = 0; row * r * 0.5 < height + 2 * r; row++) {
    const depth = (row * r * 0.5) / height;
    for (let x = row & 1 ? 0 : -r; x < width + r; x += 2 * r) {
      const gold = random() < 0.07;
      for (let ring = 4; ring > 0; ring--) {
        const step = (ring & 1 ? 0.45 : -0.35) + (depth - 0.5) * 0.9 * down;
        disc(
          canvas,
          x,
          row * r * 0.5,
          (r * ring) / 4,
          gold && ring & 1 ? palette.accent(0.5) : palette.shade(Math.max(-1, Math.min(1, step)), depth * 24),
        );
      }
    }
  }
}

/** Sheets of paper cut into soft holes, one beneath the other. */
export function paper(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const inward = random() < 0.5 ? 1 : -1;
  ground(canvas, palette.shade(0.9 * inward));
  const [cx, cy] = [width * random.between(0.4, 0.6), height * random.between(0.4, 0.6)];
  const [lobes, phase, size] = [random.integer(2, 5), random() * 6, Math.hypot(width, height) * 0.54];
  for (let sheet = 0; sheet < 8; sheet++) {
    const radius = size * (1 - sheet / 8.5);
    let path = '';
    for (let i = 0; i <= 72; i++) {
      const angle = (i / 72) * 2 * Math.PI;
      const far =
        radius *
        (1 + 0.17 * Math.sin(lobes * angle + phase + sheet * 0.35) + 0.07 * Math.sin((lobes + 3) * angle - sheet));
      path += `${i ? 'L' : 'M'}${px(cx + far * Math.cos(angle))} ${px(cy + far * Math.sin(angle))}`;
    }
    canvas.add(`<path d="${path}Z" fill="#000" opacity=".16" transform="translate(5 8)"/>`);
    canvas.add(
      `<path d="${path}Z" fill="${sheet === 7 ? palette.accent(0.5) : palette.shade((0.75 - sheet * 0.22) * inward, sheet * 6)}"/>`,
    );
  }
}

/** Long stripes that cross the picture, light on one side and dark on the other. */
export function stripes(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  ground(canvas, palette.shade(0));
  const turn = random.integer(0, 7) * 45;
  const reach = Math.hypot(width, height);
  canvas.add(`<g transform="rotate(${turn} ${px(width / 2)} ${px(height / 2)})">`);
  for (let x = -reach / 2; x < reach / 2;) {
    const wide = random.between(10, 44);
    const step = (2 * x) / reach + random.between(-0.25, 0.25);
    const fill = random() < 0.1 ? palette.accent(0.4) : palette.shade(Math.max(-1, Math.min(1, step * 1.1)), step * 25);
    const left = px(width / 2 + x);
    canvas.add(
      `<path d="M${left} ${px(height / 2 - reach)}q${px(random.between(10, 40))} ${px(reach / 2)} 0 ${px(reach)}t0 ${px(reach)}H${px(width / 2 + x + wide + 60)}V${px(height / 2 - reach)}Z" fill="${fill}"/>`,
    );
    x += wide;
  }
  canvas.add('</g>');
}

/** Butterflies on a calm ground. */
export function butterfly(canvas: Canvas, random: Random, palette: Palette): void {
  const { width, height } = canvas;
  const up = random() < 0.6 ? 1 : -1;
  ground(canvas, canvas.gradient([palette.shade(0.7 * up), palette.shade(0.35 * up, 20)], random.between(0, 180)));
  const size = Math.min(width, height) * 0.42;
  const wings = [
    palette.shade(-0.75 * up),
    palette.accent(0.15),
    palette.shade(-0.2 * up, 20),
    palette.shade(0.85 * up),
  ];
  const half: string[] = [];
  for (const [i, fill] of wings.entries()) {
    const s = size * (1 - i * 0.2);
    half.push(
      `<path d="M4 0C${px(s * 0.25)} ${px(-s)} ${px(s * 1.15)} ${px(-s * 1.05)} ${px(s)} ${px(-s * 0.35)}C${px(s * 0.95)} ${px(-s * 0.05)} ${px(s * 0.5)} ${px(s * 0.02)} 4 0Z" fill="${fill}"/>`,
    );
    half.push(
      `<path d="M4 0C${px(s * 0.6)} ${px(s * 0.02)} ${px(s * 0.95)} ${px(s * 0.4)} ${px(s * 0.6)} ${px(s * 0.8)}C${px(s * 0.35)} ${px(s * 1.02)} ${px(s * 0.1)} ${px(s * 0.6)} 4 0Z" fill="${fill}"/>`,
    );
  }
  for (let i = 0; i < 5; i++)
    half.push(
      `<circle cx="${px(size * (0.5 + 0.09 * i))}" cy="${px(-size * (0.84 - 0.1 * i))}" r="${px(size * 0.035)}" fill="${wings[3]}"/>`,
    );
  const whole = half.join('');
  const body = `<ellipse rx="${px(size * 0.055)}" ry="${px(size * 0.42)}" fill="${palette.shade(-0.95)}"/><path d="M0 ${px(-size * 0.35)}q${px(size * 0.1)} ${px(-size * 0.3)} ${px(size * 0.24)} ${px(-size * 0.4)}M0 ${px(-size * 0.35)}q${px(-size * 0.1)} ${px(-size * 0.3)} ${px(-size * 0.24)} ${px(-size * 0.4)}" stroke="${palette.shade(-0.95)}" stroke-width="3" fill="none"/>`;
  canvas.add(
    `<g transform="translate(${px(width / 2)} ${px(height / 2)}) rotate(${px(random.between(-25, 25))})">${whole}<g transform="scale(-1 1)">${whole}</g>${body}</g>`,
  );
}
