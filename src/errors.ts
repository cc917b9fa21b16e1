/** What kind of mistake a {@link UserError} is; `usage` makes the CLI exit with 2, the others with 1. */
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

/** A mistake that whoever runs zoomosaic can mend: what is wrong, and what to do about it. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: ErrorCode;
  /** What to do, one sentence. */
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.remedy = remedy;
  }
}

/** A source is no longer what it was when it was indexed. Indexing again mends that, unless it goes on changing. */
export class SourceChanged extends UserError {
  /** Absolute path of the source. */
  readonly path: string;

  constructor(path: string) {
    super('changed', `${path} has changed while it was being used`, 'Run it again once the images are left alone.');
    this.path = path;
  }
}

/** What Node calls errors of the system that it has no name for. */
const NAMELESS = /^Unknown system error -(\d+)$/;
/** Those that files can have, by their numbers on Linux and macOS: a stale handle of a network's disk, a quota that is used up, … */
const NAMES: Readonly<Record<string, string>> = {
  69: 'EDQUOT',
  70: 'ESTALE',
  74: 'EBADMSG',
  116: 'ESTALE',
  117: 'EUCLEAN',
  121: 'EREMOTEIO',
  122: 'EDQUOT',
};

/** Node's `code` of a system error (`ENOSPC`, `EMLINK`, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return undefined;
  return NAMES[NAMELESS.exec(error.code)?.[1] ?? ''] ?? error.code;
}

/** The first line of whatever was thrown, for people. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]?.trim() || 'unknown error';
}
