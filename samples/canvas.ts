/** A picture that is being drawn: SVG elements, in px. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Appends an element. */
  readonly add: (element: string) => void;
  /** A vertical gradient from top to bottom (or along `angle`, degrees), to fill with. */
  gradient(colours: readonly string[], angle?: number): string;
}

/** Starts a picture; `svg` returns what has been drawn. */
export function newCanvas(width: number, height: number): Canvas & { svg(): string } {
  const elements: string[] = [];
  const definitions: string[] = [];
  return {
    width,
    height,
    add: (element) => void elements.push(element),
    gradient(colours, angle = 90) {
      const id = `g${definitions.length}`;
      const stops = colours.map(
        (colour, i) => `<stop offset="${i / Math.max(1, colours.length - 1)}" stop-color="${colour}"/>`,
      );
      const turn = `gradientTransform="rotate(${angle} .5 .5)"`;
      definitions.push(`<linearGradient id="${id}" ${turn}>${stops.join('')}</linearGradient>`);
      return `url(#${id})`;
    },
    svg: () =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>${definitions.join('')}</defs>${elements.join('')}</svg>`,
  };
}

/** A coordinate, short. */
export const px = (value: number): string => value.toFixed(1);

/** The whole picture in one colour or gradient. */
export function ground({ width, height, add }: Canvas, fill: string): void {
  add(`<rect width="${width}" height="${height}" fill="${fill}"/>`);
}

/** A disc. */
export function disc({ add }: Canvas, x: number, y: number, radius: number, fill: string, more = ''): void {
  add(`<circle cx="${px(x)}" cy="${px(y)}" r="${px(radius)}" fill="${fill}" ${more}/>`);
}

/** A closed shape through points. */
export function polygon(
  { add }: Canvas,
  points: readonly (readonly [number, number])[],
  fill: string,
  more = '',
): void {
  add(`<path d="M${points.map(([x, y]) => `${px(x)} ${px(y)}`).join('L')}Z" fill="${fill}" ${more}/>`);
}
