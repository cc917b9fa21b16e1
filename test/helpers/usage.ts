import type { LayoutUsage } from '../../src/fit/usage.ts';
import type { Layout } from '../../src/types.ts';

/** A usage that exceeds nothing, but for what is given. */
export function usage(layout: Layout, given: Partial<LayoutUsage> = {}): LayoutUsage {
  return {
    layout,
    files: 10,
    folders: 2,
    bytes: 1000,
    largestFile: { path: 'tiles/0/0.jpg', bytes: 500 },
    fullestFolder: { path: 'tiles/0', entries: 5 },
    types: ['html', 'jpg'],
    ...given,
  };
}
