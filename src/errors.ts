/** Kind of a {@link UserError}. The CLI exits with 2 for `usage`, with 1 for the others. */
export type ErrorCode =
  | 'usage'
  | 'no-images'
  | 'too-few-images'
  | 'no-placement'
  | 'target'
  | 'out-exists'
  | 'grid-too-large'
  | 'disk-full'
  | 'not-writable'
  | 'catalog'
  | 'changed'
  | 'report'
  | 'resources'
  | 'not-a-site'
  | 'site';

/** An error that the user can mend. The message names the problem; the remedy tells what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: ErrorCode;
  /** Advice to the user, one sentence. */
  readonly remedy: string;

  // oxlint-disable-next-line max-params -- the class is public: its callers keep their arguments
  constructor(code: ErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }
}

/** A source changed after it was indexed. A new index mends this, unless the source keeps changing. */
export class SourceChanged extends UserError {
  /** Absolute path of the source. */
  readonly path: string;

  constructor(path: string) {
    super('changed', `${path} has changed while it was being used`, 'Run it again once the images are left alone.');
    this.path = path;
  }
}

/** Pattern of the code that Node gives to system errors without a name. */
const NAMELESS = /^Unknown system error -(\d+)$/;
/** Names of such errors of files, by their numbers on Linux and macOS: a stale handle of a network disk, an exhausted quota, … */
const NAMES: Readonly<Record<string, string>> = {
  69: 'EDQUOT',
  70: 'ESTALE',
  74: 'EBADMSG',
  116: 'ESTALE',
  117: 'EUCLEAN',
  121: 'EREMOTEIO',
  122: 'EDQUOT',
};

/** Returns the code of a system error (`ENOSPC`, `EMLINK`, …); undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return undefined;
  return NAMES[NAMELESS.exec(error.code)?.[1] ?? ''] ?? error.code;
}

/** Returns the first line of an error's message, for users; anything can be thrown. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]?.trim() || 'unknown error';
}
