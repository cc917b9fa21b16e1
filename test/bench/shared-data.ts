import { fileURLToPath } from 'node:url';

/** Where real photographs are, on machines that have them: photos-1k, tiny-25k, targets, torture, large. */
export const SHARED_DATA =
  process.env['ZOOMOSAIC_BENCH_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
