import { blockAt, type CellBlock, blockLength, blockName, blockPath, readCells } from '../src/format/cell-blocks.ts';
import type { MosaicJson } from '../src/format/mosaic-json.ts';
import { loadTold } from './scripts.ts';
import { CELLS_GLOBAL } from '../src/format/site-paths.ts';

type Mosaic = Pick<MosaicJson, 'grid' | 'placement' | 'pictures'>;

/** The placement: picture number of each cell, loaded block by block on demand. */
export class Cells {
  private readonly mosaic: Mosaic;
  private readonly base: string;
  private readonly onKnown: () => void;
  /** Picture numbers of loaded blocks, row by row; `null` if a block cannot be loaded. */
  private readonly blocks = new Map<string, Uint32Array | null>();
  private readonly loading = new Map<string, Promise<void>>();

  /**
   * @param base address of the site, ending in `/`; empty for the page's own.
   * @param onKnown called whenever a block has been loaded, or has failed to load.
   */
  constructor(mosaic: Mosaic, base: string, onKnown: () => void) {
    this.mosaic = mosaic;
    this.base = base;
    this.onKnown = onKnown;
  }

  /** Number of blocks that are being loaded. */
  get pending(): number {
    return this.loading.size - this.blocks.size;
  }

  /** Returns the picture number of a cell; `undefined` if its block is not loaded yet, `null` if it cannot be. */
  at(column: number, row: number): number | null | undefined {
    const { block: side } = this.mosaic.placement;
    const block = this.blockOf(column, row);
    const pictures = this.blocks.get(blockName(block));
    return pictures ? pictures[(row % side) * block.columns + (column % side)]! : pictures;
  }

  /** Loads the block of a cell. Never rejects. */
  load(column: number, row: number): Promise<void> {
    const block = this.blockOf(column, row);
    const name = blockName(block);
    const known = this.loading.get(name);
    if (known) return known;
    const loaded = this.read(block).then((pictures) => {
      this.blocks.set(name, pictures);
      this.onKnown();
    });
    this.loading.set(name, loaded);
    return loaded;
  }

  private async read(block: CellBlock): Promise<Uint32Array | null> {
    const { placement, pictures } = this.mosaic;
    const src = this.base + blockPath(block);
    const bytesMax = blockLength(block, placement.type);
    const base64 = await loadTold({ src, global: CELLS_GLOBAL, name: blockName(block), bytesMax });
    const bytes = typeof base64 === 'string' ? decode(base64) : undefined;
    const cells = bytes && readCells(bytes, block, placement.type);
    return cells?.every((picture) => picture < pictures) ? cells : null;
  }

  private blockOf(column: number, row: number): CellBlock {
    const { grid, placement } = this.mosaic;
    const side = placement.block;
    return blockAt({ grid, side }, Math.floor(column / side), Math.floor(row / side));
  }
}

function decode(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
