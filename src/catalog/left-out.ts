import { count } from '../messages.ts';
import type { Reason } from '../image/reasons.ts';
import type { LeftOut, LeftOutKind, SkippedFile } from '../types.ts';

/** Kind of each reason of ours. Codes of system errors are not listed: their kind is `unreadable`. */
const KINDS: ReadonlyMap<Reason, LeftOutKind> = new Map<Reason, LeftOutKind>([
  ['heic', 'heic'],
  ['raw', 'raw'],
  ['other-format', 'format'],
  ['not-an-image', 'no-image'],
  ['too-large', 'too-large'],
  ['too-large-heic', 'too-large'],
  ['empty', 'damaged'],
  ['truncated', 'damaged'],
  ['damaged', 'damaged'],
  ['undecodable', 'undecodable'],
  ['decoder-failed', 'undecodable'],
  ['decoder-hung', 'undecodable'],
  ['too-much-memory', 'too-large'],
  ['not-indexed', 'undecodable'],
]);

/** Name and remedy of each kind, in the order of reporting. */
const TOLD: Readonly<Record<LeftOutKind, readonly [name: string, remedy: string]>> = {
  heic: ['HEIC', 'npm install libheif-js, or install heif-dec'],
  raw: ['camera raw without a picture', 'export them as JPEG'],
  format: ['of other formats', 'convert them to JPEG or PNG'],
  'too-large': ['too large', 'make them smaller'],
  unreadable: ['unreadable', 'see whether you may read them, and the disk can'],
  undecodable: ['not decodable', 'convert them to JPEG or PNG'],
  damaged: ['damaged', 'fetch them anew from the camera or a backup'],
  'no-image': ['no images', 'name them after what they are'],
};

/** Returns the kind of a reason. */
export function kindOf(reason: Reason): LeftOutKind {
  return KINDS.get(reason) ?? 'unreadable';
}

/** Counts unusable files by kind, in the order of reporting: kinds that users can mend come first. */
export function leftOutOf(skipped: readonly SkippedFile[]): LeftOut[] {
  const counts = new Map<LeftOutKind, number>();
  for (const { reason } of skipped) counts.set(kindOf(reason), (counts.get(kindOf(reason)) ?? 0) + 1);
  const kinds = (Object.keys(TOLD) as LeftOutKind[]).filter((kind) => counts.has(kind));
  return kinds.map((kind) => ({ kind, count: counts.get(kind)!, remedy: TOLD[kind][1] }));
}

/** Formats the counts for users: `30 too large (make them smaller), 4 unreadable (…)`. */
export function leftOutText(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ kind, count: files, remedy }) => `${count(files)} ${TOLD[kind][0]} (${remedy})`).join(', ');
}
