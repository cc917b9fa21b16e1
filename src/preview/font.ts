/** Sides of a glyph with the space around it, px. */
export const [GLYPH_WIDTH, GLYPH_HEIGHT] = [6, 10];

/**
 * Glyphs of 5 x 8 px for printable ASCII from the space on: a pair of hex digits per column, whose lowest bit is the topmost
 * px. They are here since machines without fonts draw no text.
 */
const GLYPHS = [
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649562050 0008070300', // space ! " # $ % & '
  '001c224100 0041221c00 2a1c7f1c2a 08083e0808 0080703000 0808080808 0000606000 2010080402', // ( ) * + , - . /
  '3e5149453e 00427f4000 7249494946 2141494d33 1814127f10 2745454539 3c4a494931 4121110907', // 0 to 7
  '3649494936 464949291e 0000140000 0040340000 0008142241 1414141414 0041221408 0201590906', // 8 9 : ; < = > ?
  '3e415d594e 7c1211127c 7f49494936 3e41414122 7f4141413e 7f49494941 7f09090901 3e41415173', // @ A to G
  '7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f021c027f 7f0408107f 3e4141413e', // H to O
  '7f09090906 3e4151215e 7f09192946 2649494932 03017f0103 3f4040403f 1f2040201f 3f4038403f', // P to W
  '6314081463 0304780403 6159494d43 007f414100 0204081020 0041417f00 0402010204 4040404040', // X Y Z [ \ ] ^ _
  '0003070800 2054547840 7f28444438 3844444428 384444287f 3854545418 00087e0902 18a4a49c78', // ` a to g
  '7f08040478 00447d4000 2040403d00 7f10284400 00417f4000 7c04780478 7c08040478 3844444438', // h to o
  'fc18242418 18242418fc 7c08040408 4854545424 04043f4424 3c4040207c 1c2040201c 3c4030403c', // p to w
  '4428102844 4c9090907c 4464544c44 0008364100 0000770000 0041360800 0201020402', // x y z { | } ~
].flatMap((line) => line.split(' '));
const FIRST = 0x20;
const UNKNOWN = '?'.charCodeAt(0) - FIRST;

/** A picture that is drawn into: RGB, 8-bit sRGB, row-major. */
export interface Canvas {
  readonly px: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Returns the number of characters that fit into a width, px. */
export function charactersIn(width: number, scale: number): number {
  return Math.max(0, Math.floor(width / (GLYPH_WIDTH * scale)));
}

/** Writes a line of text in grey `shade`; each px of a glyph is `scale` px wide. Characters without a glyph become `?`. */
export function writeText(
  { px, width, height }: Canvas,
  text: string,
  {
    left,
    top,
    scale,
    shade,
  }: { readonly left: number; readonly top: number; readonly scale: number; readonly shade: number },
): void {
  for (let i = 0; i < text.length; i++) {
    const glyph = GLYPHS[text.charCodeAt(i) - FIRST] ?? GLYPHS[UNKNOWN]!;
    for (let column = 0; column < 5; column++) {
      const bits = Number.parseInt(glyph.slice(2 * column, 2 * column + 2), 16);
      for (let row = 0; row < 8; row++) {
        if (!(bits & (1 << row))) continue;
        const x = left + (i * GLYPH_WIDTH + column) * scale;
        const y = top + row * scale;
        for (let line = y; line < Math.min(height, y + scale); line++) {
          px.fill(shade, (line * width + Math.min(width, x)) * 3, (line * width + Math.min(width, x + scale)) * 3);
        }
      }
    }
  }
}
