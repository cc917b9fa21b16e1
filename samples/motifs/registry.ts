import type { Canvas } from '../canvas.ts';
import type { Palette } from '../palette.ts';
import type { Random } from '../random.ts';
import { forest, hills, sea } from './land.ts';
import { bauhaus, butterfly, paper, stripes, waves } from './patterns.ts';
import { citrus, flower, leaves } from './plants.ts';
import { balloons, planet, town } from './sky.ts';

/** Draws one picture of its kind; all that differs comes from `random` and `palette`. */
export type Motif = (canvas: Canvas, random: Random, palette: Palette) => void;

/** All kinds of pictures, by name. */
export const MOTIFS: readonly (readonly [string, Motif])[] = Object.entries({
  hills,
  flower,
  sea,
  bauhaus,
  planet,
  leaves,
  town,
  waves,
  balloons,
  paper,
  forest,
  citrus,
  butterfly,
  stripes,
});
