import { LINEAR, SRGB } from '../colour/linear.ts';
import { WASM } from './cell.wasm.ts';
import { loadKernel } from './load.ts';

// Functions of cell.as.ts; arguments named `…At` are byte offsets into the kernel's memory.
interface CellFunctions {
  readonly TABLES: { readonly value: number };
  readonly FREE: { readonly value: number };
  linearise(fromAt: number, count: number, channels: number, r: number, g: number, b: number, toAt: number): void;
  // prettier-ignore
  sumBoxes(
    fromAt: number, width: number, height: number, startsAt: number, columns: number, rowAt: number, toAt: number,
  ): void;
  encode(fromAt: number, count: number, toAt: number): void;
  // prettier-ignore
  resize(
    fromAt: number, width: number, columns: number, rows: number,
    downStartsAt: number, downWeightsAt: number, downTaps: number,
    acrossStartsAt: number, acrossWeightsAt: number, acrossTaps: number,
    rowAt: number, lineAt: number, toAt: number,
  ): void;
  halveBytes(fromAt: number, width: number, height: number, toAt: number): void;
  halve(fromAt: number, width: number, height: number, toAt: number): void;
}

/** The pixel kernels, with their tables in memory. One instance per thread. */
export const cellKernel = loadKernel<CellFunctions>(WASM);

/** First byte of the kernel's memory that images may use; a multiple of 16. */
export const CELL_FREE = Math.ceil(cellKernel.call.FREE.value / 16) * 16;

const memory = cellKernel.reserve(CELL_FREE);
memory.set(new Uint8Array(LINEAR.buffer), cellKernel.call.TABLES.value);
memory.set(SRGB, cellKernel.call.TABLES.value + LINEAR.byteLength);
