import { plural } from '../messages.ts';
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

/** Name and remedy of each kind, for one file and for several, in the order of reporting. */
const TEXTS: Readonly<Record<LeftOutKind, Record<'one' | 'many', readonly [name: string, remedy: string]>>> = {
  heic: {
    one: ['HEIC', 'npm install libheif-js, or install heif-dec'],
    many: ['HEIC', 'npm install libheif-js, or install heif-dec'],
  },
  raw: {
    one: ['camera raw without a picture', 'export it as JPEG'],
    many: ['camera raw without a picture', 'export them as JPEG'],
  },
  format: {
    one: ['in another format', 'convert it to JPEG or PNG'],
    many: ['in other formats', 'convert them to JPEG or PNG'],
  },
  'too-large': { one: ['too large', 'make it smaller'], many: ['too large', 'make them smaller'] },
  unreadable: {
    one: ['unreadable', 'see whether you may read it, and the disk can'],
    many: ['unreadable', 'see whether you may read them, and the disk can'],
  },
  undecodable: {
    one: ['not decodable', 'convert it to JPEG or PNG'],
    many: ['not decodable', 'convert them to JPEG or PNG'],
  },
  damaged: {
    one: ['damaged', 'fetch it anew from the camera or a backup'],
    many: ['damaged', 'fetch them anew from the camera or a backup'],
  },
  'no-image': {
    one: ['not an image', 'name it after what it is'],
    many: ['not images', 'name them after what they are'],
  },
};

/** Returns the kind of a reason. */
export function kindOf(reason: Reason): LeftOutKind {
  return KINDS.get(reason) ?? 'unreadable';
}

/** Counts unusable files by kind, in the order of reporting: kinds that users can mend come first. */
export function leftOutOf(skipped: readonly SkippedFile[]): LeftOut[] {
  const counts = new Map<LeftOutKind, number>();
  for (const { reason } of skipped) counts.set(kindOf(reason), (counts.get(kindOf(reason)) ?? 0) + 1);
  const kinds = (Object.keys(TEXTS) as LeftOutKind[]).filter((kind) => counts.has(kind));
  return kinds.map((kind) => ({ kind, count: counts.get(kind)!, remedy: TEXTS[kind].many[1] }));
}

/** Formats the counts for users: `30 too large (make them smaller), 4 unreadable (…)`. */
export function leftOutText(leftOut: readonly LeftOut[]): string {
  const texts = leftOut.map(({ kind, count: files }) => {
    const [one, many] = [TEXTS[kind].one, TEXTS[kind].many].map(([name, remedy]) => `${name} (${remedy})`);
    return plural(files, one!, many);
  });
  return texts.join(', ');
}
