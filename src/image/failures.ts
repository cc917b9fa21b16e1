import { messageOf, systemCode } from '../errors.ts';

/**
 * The decoding process died several times: with this image among others, and then whenever it was fresh and had it
 * alone.
 */
export class DecoderCrash extends Error {
  override readonly name = 'DecoderCrash';

  constructor() {
    super('the decoder crashed');
  }
}

/** The decoders came to no end with an image twice: among others, and then in a fresh process that had it alone. */
export class DecoderHang extends Error {
  override readonly name = 'DecoderHang';

  constructor() {
    super('the decoder came to no end');
  }
}

/** Decoding an image takes, or would take, more memory than it may. */
export class TooMuchMemory extends Error {
  override readonly name = 'TooMuchMemory';

  constructor() {
    super('decoding it takes too much memory');
  }
}

/** Codes of shortages that may pass, as systems and Node name them. */
const SHORTAGES = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_WORKER_INIT_FAILED'];
/** Patterns of libraries' messages on the same shortages. */
const SHORT_OF = [
  [/too many open files/i, 'EMFILE'],
  [
    /out of memory|cannot allocate|could not allocate|unable to (?:m?alloc|allocate)|(?:insufficient|not enough) memory/i,
    'ENOMEM',
  ],
] as const;
/** Codes of failures of disks and networks that may pass. */
const PASSING = [
  'EIO',
  'EBUSY',
  'EINTR',
  'ETIMEDOUT',
  'ESTALE',
  'EREMOTEIO',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'EHOSTDOWN',
];

/**
 * Returns the code of the shortage that caused an error: open files, processes or memory; undefined for other errors.
 */
export function shortageOf(error: unknown): `E${string}` | undefined {
  const code = systemCode(error);
  if (code?.startsWith('ERR_') && SHORTAGES.includes(code)) return 'ENOMEM';
  if (code !== undefined && SHORTAGES.includes(code)) return code as `E${string}`;
  return SHORT_OF.find(([pattern]) => pattern.test(messageOf(error)))?.[1];
}

/** Tells whether trying again may help. */
export function isPassing(error: unknown): boolean {
  return shortageOf(error) !== undefined || PASSING.includes(systemCode(error) ?? '');
}
