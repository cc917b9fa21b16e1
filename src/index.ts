export { build, type BuildResult } from './build.ts';
export { type ErrorCode, UserError } from './errors.ts';
export type { BuildOptions } from './options.ts';
export { serve, type ServeOptions, type Serving } from './serve.ts';
export type * from './types.ts';
export type { Problem } from './verify/tile-checker.ts';
export { verify, type VerifyOptions, type VerifyResult } from './verify/verify.ts';
