import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  lutimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { UserError } from '../../src/errors.ts';
import { isOwnFile } from '../../src/format/site-entries.ts';
import { recover } from '../../src/staging/recover.ts';
import { isOwner, isRunning, thisProcess } from '../../src/staging/owner.ts';
import { damagedJson, HOSTILE, jsonDamages } from './json.ts';
import { expectThat, outcomeOf, prepared, settled, type Target } from './target.ts';

const WORKING = '.zoomosaic-0123456789abcdef';
const SITE = ['index.html', 'mosaic.json', 'tiles/0/0.jpg', 'cells/0_0.js', 'viewer/viewer.js', 'iiif/manifest.json'];
/** What people have in a site's folder, beside it, and elsewhere: none of it is a site's. */
const OTHERS = ['.git/config', 'notes/a.txt', 'tiles/0/mine.txt', 'CNAME'];
/** Another site of theirs, and photographs: all of it lies outside. */
const ELSEWHERE = [
  'other/index.html',
  'other/mosaic.json',
  'other/tiles/0/0.jpg',
  'other/photo.jpg',
  'index.html',
  'mosaic.json',
  '0.jpg',
];

const PATHS = [
  ...SITE,
  ...OTHERS,
  ...[
    '..',
    '.',
    '',
    '/',
    '../other/index.html',
    '../index.html',
    'tiles',
    'tiles/..',
    'tiles/../../index.html',
    'tiles/0/../../../index.html',
  ],
  ...[
    '/etc/passwd',
    'tiles/0/1.jpg',
    'originals/0/0.jpg',
    WORKING,
    `${WORKING}/owner.json`,
    '.zoomosaic-lock',
    'overview.dzi',
    '__proto__',
    '\0',
  ],
];
const path = fc.constantFrom(...PATHS);

/** Where a link may stand, and where it leads to. */
const link = fc.record({
  at: fc.constantFrom(
    'old',
    'new',
    'old/tiles',
    'new/tiles',
    'new/tiles/0',
    'old/tiles/0',
    'new/index.html',
    '../tiles',
    '../cells',
    'old/notes',
    'swap.json',
    'owner.json',
    'beat',
    '../.zoomosaic-lock',
  ),
  to: fc.constantFrom('other', 'other/tiles', 'other/tiles/0', 'index.html', 'nowhere'),
});

const HEAD = { format: fc.constant('zoomosaic-swap'), version: fc.constant(1) };
/** A journal as a site from elsewhere may bring it. */
const journal: Arbitrary<string | undefined> = fc.oneof(
  fc.record({ ...HEAD, kind: fc.constant('site'), entries: fc.array(path) }).map((json) => JSON.stringify(json)),
  fc
    .record({ ...HEAD, kind: fc.constant('files'), files: fc.array(path), gone: fc.array(path) })
    .map((json) => JSON.stringify(json)),
  fc
    .record({ kind: fc.constantFrom('site', 'files'), hostile: fc.constantFrom(...HOSTILE) })
    .map(({ kind, hostile }) => {
      return `{"format":"zoomosaic-swap","version":1,"kind":"${kind}","entries":${hostile},"files":${hostile},"gone":[]}`;
    }),
  jsonDamages.map((damage) =>
    damagedJson(
      [
        '{"format":"zoomosaic-swap","version":1,"kind":"site","entries":["index.html"]}',
        '{"format":"zoomosaic-swap","version":1,"kind":"files","files":["index.html"],"gone":["tiles/0/0.jpg"]}',
      ],
      damage,
    ),
  ),
  fc.constant(undefined),
);

const leftover = fc.record({
  journal,
  owner: fc.constantFrom(
    '{"host":"elsewhere","pid":1}',
    'null',
    '[]',
    '{"space":{},"pid":"../../x"}',
    '{',
    '{"space":"x","pid":1e400}',
  ),
  /** Of a working folder: files in `new/`, and in `old/`. */
  fresh: fc.array(fc.constantFrom(...SITE, ...OTHERS), { maxLength: 4 }),
  old: fc.array(fc.constantFrom(...SITE, ...OTHERS), { maxLength: 4 }),
  links: fc.array(link, { maxLength: 2 }),
  lock: fc.constantFrom(undefined, undefined, undefined, WORKING, '', '../../other', 'x'.repeat(5000), '\0'),
});

function writeAll(folder: string, paths: readonly string[], text: string): void {
  for (const one of paths) {
    try {
      mkdirSync(dirname(join(folder, one)), { recursive: true });
      writeFileSync(join(folder, one), `${text} ${one}`);
    } catch {
      // a file where a folder would have to be, or the other way round
    }
  }
}

/** Every file, link and folder below a folder, with what it holds. */
function contents(folder: string, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name } of readdirSync(folder, { withFileTypes: true })) {
    const at = join(folder, name);
    const stat = lstatSync(at);
    if (stat.isDirectory()) for (const [below, text] of contents(at, `${prefix}${name}/`)) found.set(below, text);
    else found.set(prefix + name, stat.isSymbolicLink() ? readlinkSync(at) : readFileSync(at, 'latin1'));
  }
  return found;
}

/** Long ago: nobody holds what was last touched then. */
const LONG_AGO = new Date(1e9 * 1000);

type Leftover = typeof leftover extends Arbitrary<infer Value> ? Value : never;

function bring(root: string, { journal: swap, owner, fresh, old, links, lock }: Leftover): void {
  rmSync(root, { recursive: true, force: true });
  const [place, working] = [join(root, 'site'), join(root, 'site', WORKING)];
  writeAll(root, ELSEWHERE, 'elsewhere');
  writeAll(place, SITE, 'site');
  writeAll(place, OTHERS, 'mine');
  writeAll(join(working, 'new'), fresh, 'new');
  writeAll(join(working, 'old'), old, 'old');
  mkdirSync(join(working, 'new'), { recursive: true });
  writeFileSync(join(working, 'owner.json'), owner);
  writeFileSync(join(working, 'beat'), '.');
  if (swap !== undefined) writeFileSync(join(working, 'swap.json'), swap);
  if (lock !== undefined) writeFileSync(join(place, '.zoomosaic-lock'), lock);
  for (const { at, to } of links) {
    try {
      rmSync(join(working, at), { recursive: true, force: true });
      symlinkSync(join(root, to), join(working, at));
    } catch {
      // no folder is there to hold it
    }
  }
  for (const one of [join(working, 'beat'), working, join(place, '.zoomosaic-lock')]) {
    try {
      lutimesSync(one, LONG_AGO, LONG_AGO);
    } catch {
      // there is none
    }
  }
}

export const LEFTOVER_TARGETS: readonly Target[] = [
  {
    name: 'what killed builds left',
    share: 2,
    prepare: async (root) =>
      prepared(leftover, async (input) => {
        bring(root, input);
        const place = join(root, 'site');
        const before = contents(root);
        await settled(() => recover(place, { option: '--out', path: 'site' }), UserError);
        const after = contents(root);
        for (const [name, text] of before) {
          const inSite = name.startsWith('site/') ? name.slice('site/'.length) : undefined;
          const isTheirs =
            inSite === undefined ||
            (!isOwnFile(inSite) && !inSite.startsWith('.zoomosaic-') && text.startsWith('mine'));
          // What stands where a site needs a folder of its own may be set aside, never lost.
          if (isTheirs) expectThat(after.get(name) === text || [...after.values()].includes(text), `${name} is kept`);
          if (inSite === undefined) expectThat(after.get(name) === text, `${name} is where it was`);
        }
        for (const name of after.keys()) {
          expectThat(name.startsWith('site/') || before.has(name), `${name} is not made elsewhere`);
        }
      }),
  },
  {
    name: 'owners',
    share: 3,
    prepare: async () => {
      const documents = [thisProcess(), { host: 'elsewhere', pid: 1 }].map((owner) => JSON.stringify(owner));
      return prepared(jsonDamages, (damage) => {
        const owner = outcomeOf(() => JSON.parse(damagedJson(documents, damage)) as unknown, SyntaxError);
        if (isOwner(owner)) isRunning(owner);
      });
    },
  },
];
