import { CATALOG_TARGETS } from './catalogs.ts';
import { COMMAND_TARGETS } from './command-lines.ts';
import { CONTAINER_TARGETS } from './containers.ts';
import { FORMAT_TARGETS } from './formats.ts';
import { IMAGE_TARGETS } from './images.ts';
import { JPEG_TARGETS } from './jpegs.ts';
import { LEFTOVER_TARGETS } from './leftovers.ts';
import { SERVE_TARGETS } from './serving.ts';
import { SITE_TARGETS } from './sites.ts';
import { TABLE_TARGETS } from './tables.ts';
import type { Target } from './target.ts';
import { VIEWER_TARGETS } from './viewers.ts';

/** All that is fuzzed. */
export const TARGETS: readonly Target[] = [
  ...JPEG_TARGETS,
  ...IMAGE_TARGETS,
  ...CONTAINER_TARGETS,
  ...FORMAT_TARGETS,
  ...CATALOG_TARGETS,
  ...TABLE_TARGETS,
  ...SITE_TARGETS,
  ...LEFTOVER_TARGETS,
  ...SERVE_TARGETS,
  ...COMMAND_TARGETS,
  ...VIEWER_TARGETS,
];
