import type { SourceRasters } from '../tiles/cell-painter.ts';
import { measureUses, usesOf } from '../measure/uses.ts';
import { countText, percentText, plural } from '../messages.ts';
import type { Grid } from '../types.ts';
import { optionOf } from './option-table.ts';
import type { Placed } from './place.ts';
import type { ComparedValues } from './preview-options.ts';
import type { PreviewLikeness, PreviewTarget } from './preview-target.ts';

/** A picture of a preview. Its likeness is close to that of a build. */
export interface PreviewAlternative {
  /** Values that are compared, by option; empty if nothing is compared. */
  readonly options: ComparedValues;
  readonly grid: Grid;
  readonly likeness: PreviewLikeness;
  /** Number of distinct images that are shown. */
  readonly used: number;
  /** Largest number of cells that one image fills, and its share of all cells. */
  readonly mostUses: number;
  readonly mostUsedShare: number;
  /** Distance within which no image appears twice, cells. */
  readonly minDistance: number;
}

/** Measures a picture. */
export async function alternativeOf(
  options: PreviewAlternative['options'],
  placed: Placed,
  { target, rasters }: { readonly target: PreviewTarget; readonly rasters: SourceRasters },
): Promise<PreviewAlternative> {
  const { grid, cells, alike, minDistance } = placed;
  const usable = alike.length;
  const uses = usesOf(
    cells.map((id) => id % usable),
    usable,
  );
  const { mostUses, mostUsedShare } = measureUses(uses, cells.length);
  const used = uses.reduce((sum, times) => sum + (times > 0 ? 1 : 0), 0);
  const likeness = await target.likenessOf(placed, rasters);
  return { options, grid, likeness, used, mostUses, mostUsedShare, minDistance };
}

/** Note at the foot of a contact sheet. */
export const SHEET_NOTE = 'about: SSIM and CIEDE2000 at 2 px per cell, and from afar; cells are approximations';

/** Returns the label of a picture on a contact sheet: its options, likeness and repeats, a line each. */
export function labelOf(alternative: PreviewAlternative): string[] {
  const { likeness, mostUses, mostUsedShare, used } = alternative;
  return [
    optionsText(alternative),
    `SSIM ${likeness.ssim.toFixed(2)}, CIEDE2000 ${likeness.ciede2000.toFixed(1)}`,
    `CIEDE2000 ${likeness.afar.toFixed(1)} from afar`,
    `repeats: at most ${countText(mostUses)} (${percentText(mostUsedShare)})`,
    `${plural(used, 'image')} used`,
  ];
}

/** Formats the options that are compared, as in `variety 0.3, afar 0.2`. A path is told as `picture`: it is private. */
export function optionsText({ options }: Pick<PreviewAlternative, 'options'>): string {
  const values = Object.entries(options).map(([name, value]) => {
    const text = name === 'weights' && value !== 'auto' ? 'picture' : String(value);
    return `${optionOf(name)} ${text}`;
  });
  return values.join(', ');
}
