import { messageOf, systemCode } from '../errors.ts';

/** The process of the decoders died, twice; the second time while it had this image alone. */
export class DecoderCrash extends Error {
  override readonly name = 'DecoderCrash';

  constructor() {
    super('the decoder crashed');
  }
}

/** The decoders came to no end with an image, twice; the second time while they had it alone. */
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

/** What there can be too little of for a moment, as systems and Node call it. */
const SHORTAGES = ['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_WORKER_INIT_FAILED'];
/** What libraries call it. */
const SHORT_OF = [
  [/too many open files/i, 'EMFILE'],
  [
    /out of memory|cannot allocate|could not allocate|unable to (?:m?alloc|allocate)|(?:insufficient|not enough) memory/i,
    'ENOMEM',
  ],
] as const;
/** What disks and networks may get over. */
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

/** Code of what there was too little of: open files, processes, memory; undefined if that is not why something failed. */
export function shortageOf(error: unknown): `E${string}` | undefined {
  const code = systemCode(error);
  if (code?.startsWith('ERR_') && SHORTAGES.includes(code)) return 'ENOMEM';
  if (code !== undefined && SHORTAGES.includes(code)) return code as `E${string}`;
  return SHORT_OF.find(([pattern]) => pattern.test(messageOf(error)))?.[1];
}

/** Whether trying again may help. */
export function isPassing(error: unknown): boolean {
  return shortageOf(error) !== undefined || PASSING.includes(systemCode(error) ?? '');
}
