/** A colour by lightness (0 black .. 1 white), chroma (0 grey .. about 0.3) and hue (degrees), in OKLCH. */
export interface Lch {
  readonly l: number;
  readonly c: number;
  readonly h: number;
}

/**
 * `#rrggbb` of an OKLCH colour (Björn Ottosson, "A perceptual color space for image processing", 2020). What sRGB cannot
 * show loses chroma, not lightness or hue.
 */
export function css({ l, c, h }: Lch): string {
  for (let chroma = c; ; chroma *= 0.9) {
    const rgb = linearRgb(Math.min(1, Math.max(0, l)), chroma < 0.004 ? 0 : chroma, h);
    if (chroma < 0.004 || rgb.every((value) => value > -0.002 && value < 1.002)) return `#${rgb.map(hexByte).join('')}`;
  }
}

function linearRgb(l: number, c: number, h: number): number[] {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
}

function hexByte(linear: number): string {
  const value = Math.min(1, Math.max(0, linear));
  const srgb = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(srgb * 255)
    .toString(16)
    .padStart(2, '0');
}

/** Colours that go together, around one wanted mean. */
export class Palette {
  readonly mean: Lch;
  private readonly accentHue: number;

  constructor(mean: Lch, accentHue: number) {
    this.mean = mean;
    this.accentHue = accentHue;
  }

  /** The mean, lighter (up to 1) or darker (down to -1), its hue turned a little on the way. */
  shade(step: number, turn = 0): string {
    const { l, c, h } = this.mean;
    const room = step > 0 ? 0.97 - l : l - 0.05;
    const reach = Math.max(0.16, Math.min(0.42, room));
    const lightness = l + step * reach;
    return css({ l: lightness, c: c * (1 - 0.25 * Math.abs(step)), h: h + turn + step * 14 });
  }

  /** A colour that stands out; `step` as in {@link shade}. */
  accent(step = 0.3): string {
    const { l, c } = this.mean;
    return css({ l: Math.min(0.95, Math.max(0.3, l + step * 0.5)), c: Math.max(0.05, c * 1.2), h: this.accentHue });
  }
}
