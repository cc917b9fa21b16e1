import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const IMPORT = /^\s*(?:import|export)\s(?!type\b)(?:[^'";]*?\sfrom\s)?'([^']+)'/gm;
const ANY_IMPORT = /\b(?:import|export)\b[^'";]*?'(\.{1,2}\/[^']+)'|\bimport\('(\.{1,2}\/[^']+)'\)/g;
const STAGES = ['scan', 'catalog', 'match', 'measure', 'layout', 'pyramid', 'originals', 'site'];

/** Modules below a folder, by their paths in the project. */
function modules(folder: string): string[] {
  const all = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => /\.c?ts$/.test(name)).map((name) => join(folder, name));
}

/** Modules of the project that a module imports: all of them, or those that are loaded with it (types are not). */
function importsOf(module: string, pattern: RegExp): string[] {
  const text = readFileSync(join(ROOT, module), 'utf8');
  const paths = [...text.matchAll(pattern)].map((found) => found[1] ?? found[2] ?? '');
  return paths.map((path) => (path.startsWith('.') ? relative(ROOT, join(ROOT, module, '..', path)) : path));
}

/** Everything that is loaded with a module. */
function loadedWith(module: string, known = new Set<string>()): Set<string> {
  for (const path of importsOf(module, IMPORT)) {
    if (known.has(path)) continue;
    known.add(path);
    if (path.startsWith('src/')) loadedWith(path, known);
  }
  return known;
}

const roomOf = (module: string) => module.split('/')[1]!;

describe('rooms', () => {
  test('at the root of src there are four files', () => {
    const files = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).toSorted()).toEqual(['errors.ts', 'index.ts', 'messages.ts', 'types.ts']);
  });

  test.each(STAGES)('the stage %s imports no other stage, nor the conductor', (stage) => {
    const imported = modules(`src/${stage}`).flatMap((module) => importsOf(module, ANY_IMPORT));
    const others = imported.filter((path) => path.startsWith('src/') && roomOf(path) !== stage);
    expect(others.filter((path) => [...STAGES, 'conductor', 'cli'].includes(roomOf(path)))).toEqual([]);
  });

  test('below the conductor, nothing imports it or the command line', () => {
    const below = modules('src').filter((module) => !/^src\/(?:conductor|cli)\/|^src\/index\.ts$/.test(module));
    const upward = below.filter((module) =>
      importsOf(module, ANY_IMPORT).some((path) => /^src\/(?:conductor|cli)\//.test(path)),
    );
    expect(upward).toEqual([]);
  });

  test.each(['tiles', 'format', 'layout', 'messages.ts', 'types.ts'])('%s loads no sharp', (room) => {
    for (const module of room.endsWith('.ts') ? [`src/${room}`] : modules(`src/${room}`)) {
      expect([...loadedWith(module)], module).not.toContain('sharp');
    }
  });

  test('the viewer imports from src formats, arithmetic of tiles, and types alone', () => {
    const imported = modules('viewer').flatMap((module) => importsOf(module, ANY_IMPORT));
    const rooms = new Set(imported.filter((path) => path.startsWith('src/')).map(roomOf));
    expect([...rooms].filter((room) => !['format', 'tiles', 'types.ts'].includes(room))).toEqual([]);
  });

  test('a path or global name of a site is spelt in format/site-paths.ts alone', () => {
    const spelt =
      /['"`/](?:(?:index\.html|mosaic\.json|checksums\.bin|(?:mosaic|overview)\.dzi)['"`]|(?:tiles|sheets|cells|originals|iiif)\/)|(?:mosaic|overview|\})_files|zoomosaic(?:Cells|Originals)\b/;
    const code = (module: string) =>
      readFileSync(join(ROOT, module), 'utf8').replaceAll(
        /\/\*.*?\*\/|^\s*\/\/.*$|from '[^']*'|import\('[^']*'\)/gms,
        '',
      );
    const all = [...modules('src'), ...modules('viewer')].filter(
      (module) => !/site-paths\.ts$|viewer\/bundle\.ts$/.test(module),
    );
    expect(all.filter((module) => spelt.test(code(module)))).toEqual([]);
  });

  test('modules are short: 250 lines, but for tables and kernels', () => {
    const long = modules('src').filter((module) => readFileSync(join(ROOT, module), 'utf8').split('\n').length > 251);
    expect(long.filter((module) => !/\.(as|wasm)\.ts$|option-table\.ts$|types\.ts$/.test(module))).toEqual([]);
  });
});
