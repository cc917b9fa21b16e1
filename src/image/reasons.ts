/**
 * Reasons why a file cannot be used. Messages of systems and decoders name paths of the machine ("EACCES: permission
 * denied, open '/home/…'"), so none of their text is published or reported: errors become codes here, and codes become
 * words.
 */
import { shortageOf } from './failures.ts';
import { messageOf, systemCode } from '../errors.ts';

const WORDS = {
  empty: 'the file is empty',
  truncated: 'the file ends early',
  damaged: 'the file is damaged',
  'not-an-image': 'not an image, or of a format that cannot be decoded',
  undecodable: 'cannot be decoded',
  heic: 'HEIC, and neither libheif-js nor heif-dec is installed',
  raw: 'a camera raw file without an embedded picture of 320 px: export it as JPEG',
  'other-format': 'a format that cannot be decoded here: convert it to JPEG or PNG',
  'too-large': 'too large: more than 268 megapixels',
  'too-large-heic': 'too large: HEIC of more than 64 megapixels',
  'decoder-failed': 'the decoder failed',
  'decoder-hung': 'the decoder came to no end',
  'too-much-memory': 'too large: decoding it takes too much memory',
  'not-indexed': 'could not be indexed',
  changed: 'the file holds something else by now',
} as const;

/** Words for system errors, by Node's codes. Others are reported as `cannot be read`, with their code. */
const SYSTEM_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'not allowed to read it',
  EPERM: 'not allowed to read it',
  EISDIR: 'a folder, not a file',
  ELOOP: 'a link that leads to itself',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk failed',
  ENOMEM: 'not enough memory',
  EBUSY: 'it changed while it was read',
};

/** Code of ours, or code of a system error, as `EACCES`. */
export type Reason = keyof typeof WORDS | `E${string}`;

/** Patterns of decoders' messages, which may have several lines, and their reasons. The first match counts. */
const DECODERS: readonly (readonly [RegExp, Reason])[] = [
  [/input file is missing/i, 'ENOENT'],
  [/^HEIC cannot be decoded here/, 'heic'],
  [/^camera raw file without/, 'raw'],
  [/^heif: .*(image size \d+x\d+ exceeds|too large)/im, 'too-large-heic'],
  [/HEIC decoder (failed|ended)|^heif: not enough memory/m, 'decoder-failed'],
  [/^heif: .*(unexpected end of file|size too small|insufficient input)/im, 'truncated'],
  [/^heif: .*unsupported feature|compression format has not been built in/im, 'other-format'],
  [/^heif: .*(invalid|decoder plugin)/im, 'damaged'],
  [/^the decoder crashed/, 'decoder-failed'],
  [/^the decoder came to no end/, 'decoder-hung'],
  [/^decoding it takes too much memory/, 'too-much-memory'],
  [/exceeds pixel limit/i, 'too-large'],
  [/unsupported image format/i, 'not-an-image'],
  // Includes sound files of a compression, depth or colour space that a decoder was not built for.
  [/unsupported|not (supported|implemented|configured)|can ?not handle/i, 'other-format'],
  [/bad labq format|not a whole number of bytes/i, 'other-format'],
  [/premature end|truncated|unexpected end|not enough/i, 'truncated'],
  // The format was recognised in these cases.
  [/corrupt|^unknown error$|invalid|read error|crc error|seek|\bbad\b/i, 'damaged'],
];

/** Code of a system error; also found at the start of a message that a thread passed on without the code. */
const SYSTEM_CODE = /^E[A-Z0-9_]{2,30}$/;

/** Returns the reason why a file could not be read or decoded, for whatever was thrown. */
export function reasonOf(error: unknown): Reason {
  const shortage = shortageOf(error);
  if (shortage !== undefined) return shortage;
  const message = messageOf(error);
  const code = systemCode(error) ?? message.split(/[:,]/, 1)[0]!;
  if (SYSTEM_CODE.test(code)) return code as Reason;
  const text = (error instanceof Error ? error.message : String(error)) || message;
  return DECODERS.find(([pattern]) => pattern.test(text))?.[1] ?? 'undecodable';
}

/** Reasons that tell nothing about a file's content. */
const NO_VERDICTS: readonly Reason[] = [
  'heic',
  'decoder-failed',
  'decoder-hung',
  'too-much-memory',
  'not-indexed',
  'changed',
];

/** Tells whether a file's content is at fault. Other failures may not occur the next time, or on another machine. */
export function isOfContent(reason: Reason): boolean {
  return !NO_VERDICTS.includes(reason) && !SYSTEM_CODE.test(reason);
}

/** Formats a reason for users. The text tells nothing about the machine, whatever the input. */
export function reasonText(reason: string): string {
  if (Object.hasOwn(WORDS, reason)) return WORDS[reason as keyof typeof WORDS];
  if (!SYSTEM_CODE.test(reason)) return WORDS.undecodable;
  return `${SYSTEM_WORDS[reason] ?? 'cannot be read'} (${reason})`;
}

/** Formats an error for users: {@link reasonText} of {@link reasonOf}. */
export function explain(error: unknown): string {
  return reasonText(reasonOf(error));
}
