export { build, type BuildResult } from './build.ts';
export { type ErrorCode, UserError } from './errors.ts';
export type { BuildOptions } from './options.ts';
export type * from './types.ts';
