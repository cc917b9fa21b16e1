/** Names of hues by their upper end, degrees of CIELAB. */
const HUES: readonly (readonly [end: number, name: string])[] = [
  [20, 'pinks'],
  [50, 'reds'],
  [80, 'browns and oranges'],
  [115, 'yellows'],
  [180, 'greens'],
  [230, 'cyans'],
  [310, 'blues'],
  [345, 'purples'],
  [360, 'pinks'],
];
/** Chroma below which a colour is a grey; lightness below which it is dark, and above which it is light. */
const [GREY, DARK, LIGHT] = [12, 35, 75];

/** Names a colour by its CIELAB coordinates, as in `dark blues`, in the plural. */
export function colourName(l: number, a: number, b: number): string {
  if (Math.hypot(a, b) < GREY) {
    if (l < DARK) return 'blacks and dark greys';
    return l > LIGHT ? 'whites and light greys' : 'greys';
  }
  const hue = ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
  const name = HUES.find(([end]) => hue < end)?.[1] ?? 'pinks';
  if (l < DARK) return `dark ${name}`;
  return l > LIGHT ? `light ${name}` : name;
}
