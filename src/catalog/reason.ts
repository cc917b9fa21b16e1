/** What decoders say, and what it means to whoever has the file. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/HEVC|libde265|compression format has not been built in/i, 'HEIC (HEVC) cannot be decoded here: convert it to JPEG'],
  [/exceeds pixel limit/i, 'too large: more than 268 megapixels'],
  [/unsupported image format|corrupt header/i, 'not an image, or of a format that cannot be decoded'],
  [/^unknown error$|read error|crc error|bad seek/i, 'the file is damaged'],
  [/premature end|truncated|unexpected end|not enough/i, 'the file ends early'],
];

/** A decoder's message for people; messages that we know nothing better for stay as they are. */
export function reasonOf(message: string): string {
  return REASONS.find(([pattern]) => pattern.test(message))?.[1] ?? message;
}
