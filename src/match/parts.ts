import { FEATURE_LENGTH, type SourceFeatures, writeMeanColour } from '../colour/features.ts';
import { type Target, TargetPx } from '../image/target.ts';
import type { Size } from '../types.ts';
import { emphasise } from './emphasis.ts';
import type { SceneOptions } from './scene.ts';
import { buildSearchTree, type SearchTree } from './search-tree.ts';
import { coloursOf } from './target.ts';
import type { TargetColours } from './target-cells.ts';
import { pictureFeatures, pictureIds } from './variants.ts';

/** Pictures that cells may show, in the order of a search tree. */
export interface PictureTree {
  readonly tree: SearchTree;
  /** By picture: its id. */
  readonly ids: Uint32Array;
  /** By picture: mean colour, linear RGB; computed at the first call. */
  readonly means: () => Float32Array;
}

/**
 * Parts of scenes that matches of one target and its sources share. Each part is made once for all matches that agree in
 * the options it depends on: the search tree in crops and turns, the colours of cells in the grid.
 */
export class MatchParts {
  readonly features: SourceFeatures;
  private readonly decode: (shape: Size) => Promise<TargetPx>;
  private readonly trees: { readonly crops: Uint32Array; readonly turns: string; readonly made: PictureTree }[] = [];
  private readonly cut = new Map<string, Promise<TargetColours>>();

  /** @param decode returns the px of the target, cropped to a shape. */
  constructor(
    target: Target,
    features: SourceFeatures,
    decode: (shape: Size) => Promise<TargetPx> = (shape) => TargetPx.decode(target, shape),
  ) {
    this.features = features;
    this.decode = decode;
  }

  /** Returns the pictures in these crops (the same array for the same crops) and turns. */
  pictures({ crops, turns }: Pick<SceneOptions, 'crops' | 'turns'>): PictureTree {
    const key = turns.join();
    let known = this.trees.find((one) => one.crops === crops && one.turns === key);
    if (!known) this.trees.push((known = { crops, turns: key, made: treeOf(this.features, pictureIds(crops, turns)) }));
    return known.made;
  }

  /** Returns the colours of a grid's cells. */
  colours({ grid, cell }: Pick<SceneOptions, 'grid' | 'cell'>): Promise<TargetColours> {
    const key = [grid.columns, grid.rows, cell.width, cell.height].join();
    let made = this.cut.get(key);
    if (!made) {
      const shape = { width: grid.columns * cell.width, height: grid.rows * cell.height };
      this.cut.set(key, (made = this.decode(shape).then((px) => coloursOf(px, grid))));
    }
    return made;
  }
}

function treeOf(features: SourceFeatures, ids: Uint32Array): PictureTree {
  const vectors = pictureFeatures(features, ids);
  emphasise(vectors);
  const tree = buildSearchTree(vectors);
  const ordered = shared(tree.ids.map((index) => ids[index]!));
  let means: Float32Array | undefined;
  return { tree, ids: ordered, means: () => (means ??= meansOf(pictureFeatures(features, ordered))) };
}

/** Computes the mean colours of pictures, in memory that threads can share. */
function meansOf(features: Float32Array): Float32Array {
  const count = features.length / FEATURE_LENGTH;
  const means = new Float32Array(new SharedArrayBuffer(count * 12));
  for (let i = 0; i < count; i++) writeMeanColour(features, i * FEATURE_LENGTH, means, i * 3);
  return means;
}

/** Copies values into memory that threads can share. */
export function shared(values: Uint32Array): Uint32Array {
  const copy = new Uint32Array(new SharedArrayBuffer(values.byteLength));
  copy.set(values);
  return copy;
}
