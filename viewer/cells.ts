import type { MosaicJson } from '../src/mosaic-json.ts';
import { loadScript } from './scripts.ts';

/** Pictures of a block, row by row; `null` if it cannot be had. */
type Block = Uint16Array | Uint32Array | null;

/** Which picture stands in which cell, loaded block by block as it is needed. */
export class Cells {
  private readonly mosaic: Pick<MosaicJson, 'grid' | 'placement' | 'pictures'>;
  private readonly base: string;
  private readonly onKnown: () => void;
  private readonly blocks = new Map<string, Block>();
  private readonly loading = new Map<string, Promise<void>>();

  /**
   * @param base address of the site, ending in `/`; empty for the page's own.
   * @param onKnown called whenever a block has become known.
   */
  constructor(mosaic: Pick<MosaicJson, 'grid' | 'placement' | 'pictures'>, base: string, onKnown: () => void) {
    this.mosaic = mosaic;
    this.base = base;
    this.onKnown = onKnown;
  }

  /** Picture in a cell; `undefined` if that is not known yet, `null` if it cannot be. */
  at(column: number, row: number): number | null | undefined {
    const { block: side } = this.mosaic.placement;
    const block = this.blocks.get(this.nameOf(column, row));
    if (!block) return block;
    const width = Math.min(side, this.mosaic.grid.columns - Math.floor(column / side) * side);
    return block[(row % side) * width + (column % side)]!;
  }

  /** Makes the block of a cell known; never rejects. */
  load(column: number, row: number): Promise<void> {
    const name = this.nameOf(column, row);
    const known = this.loading.get(name);
    if (known) return known;
    const { placement, grid, pictures } = this.mosaic;
    const { block: side, folder, type } = placement;
    const [x, y] = [Math.floor(column / side), Math.floor(row / side)];
    const cells = Math.min(side, grid.columns - x * side) * Math.min(side, grid.rows - y * side);
    const loaded = loadScript(`${this.base}${folder}/${name}.js`, 'zoomosaicCells', name).then((base64) => {
      const block = typeof base64 === 'string' ? decodeBlock(base64, type) : null;
      const fits = block?.length === cells && block.every((picture) => picture < pictures);
      this.blocks.set(name, fits ? block : null);
      this.onKnown();
    });
    this.loading.set(name, loaded);
    return loaded;
  }

  private nameOf(column: number, row: number): string {
    const { block } = this.mosaic.placement;
    return `${Math.floor(column / block)}_${Math.floor(row / block)}`;
  }
}

/** Little endian, as is every machine with a browser. */
function decodeBlock(base64: string, type: 'u16' | 'u32'): Block {
  try {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return type === 'u16' ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer);
  } catch {
    return null;
  }
}
