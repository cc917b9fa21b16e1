import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CliProcess, run } from '../../src/cli/run.ts';
import { readComparison, resolvePreview } from '../../src/conductor/preview-options.ts';
import { build, preview, type BuildOptions, type PreviewOptions, type PreviewResult } from '../../src/index.ts';
import { cropNamed, cropRect } from '../../src/tiles/crops.ts';
import type { Rect, Size } from '../../src/types.ts';
import { decode, difference, writeWaves } from '../helpers/images.ts';
import { refuses } from '../helpers/refuses.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const IMAGES = 16;
let root: string;
let files: { target: string; images: string[]; catalog: string };
beforeAll(async () => {
  root = await temporaryFolder();
  await mkdir(join(root, 'images'));
  await writeWaves(join(root, 'target.png'), 240, 160, 99);
  for (let i = 0; i < IMAGES; i++)
    await writeWaves(join(root, `images/${i}.png`), i % 2 ? 320 : 200, i % 2 ? 200 : 270, i + 1);
  files = { target: join(root, 'target.png'), images: [join(root, 'images')], catalog: join(root, 'catalog') };
});

const COMMON = { cellSize: 64, columns: 8 };

async function draw(name: string, options: Partial<PreviewOptions> = {}) {
  const out = join(root, name);
  const result = await preview({ ...files, ...COMMON, out, ...options });
  return { result, ...(await decode(out)) };
}

/** The picture that sharp makes of a build's placement.csv and the image files: each cell by itself, from its whole file. */
async function drawnBySharp(
  report: string,
  cellPx: number,
): Promise<{ data: Buffer; crops: Set<string>; turns: Set<number> }> {
  const [header, ...lines] = (await readFile(join(report, 'placement.csv'), 'utf8')).trim().split('\r\n');
  const names = header!.split(',');
  const rows = lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i]!, value])));
  const [columns, down] = ['column', 'row'].map((name) => 1 + Math.max(...rows.map((row) => Number(row[name]))));
  const [crops, turns] = [new Set<string>(), new Set<number>()];
  const cells = rows.map(async ({ column, row, source, turn = '0', crop = '' }) => {
    crops.add(crop);
    turns.add(Number(turn));
    const path = join(root, 'images', source!);
    const { width, height } = await sharp(path).metadata();
    const upright = await sharp(path).extract(partOf({ width, height }, crop)).toBuffer();
    const mirrored = Number(turn) < 4 ? upright : await sharp(upright).flop().toBuffer();
    const turned = await sharp(mirrored)
      .rotate((Number(turn) % 4) * 90)
      .toBuffer();
    const input = await sharp(turned).resize(cellPx, cellPx, { fit: 'fill' }).png().toBuffer();
    return { input, left: Number(column) * cellPx, top: Number(row) * cellPx };
  });
  const size = { width: columns! * cellPx, height: down! * cellPx };
  const paper = sharp({ create: { ...size, channels: 3, background: '#000' } });
  const { data } = await decode(
    await paper
      .composite(await Promise.all(cells))
      .png()
      .toBuffer(),
  );
  return { data, crops, turns };
}

function partOf(size: Size, crop: string): Rect {
  const side = Math.min(size.width, size.height);
  const whole = { left: (size.width - side) >> 1, top: (size.height - side) >> 1, width: side, height: side };
  return cropRect({ ...size, crop: whole }, cropNamed(crop)!, 'centre');
}

describe('a preview', () => {
  test.each<[string, Partial<BuildOptions>, number]>([
    ['cropped', { crops: 'close', maxUses: 4 }, 4],
    ['turned', { crops: 'all', mirror: true, rotate: true, maxUses: 4 }, 4],
    ['painted', { crops: 'none', format: 'png' }, 4],
  ])('shows the placement of a build: %s', async (name, options, tolerance) => {
    const built = await build({ ...files, ...COMMON, out: join(root, name), layout: 'compact', ...options });
    const cellPx = 14;
    const { data, result } = await draw(`${name}.png`, { ...options, width: 8 * cellPx });
    const theirs = await drawnBySharp(built.report, cellPx);
    expect(theirs.data.length).toBe(data.length);
    expect(difference(data, theirs.data).mean).toBeLessThan(tolerance);
    if (options.crops !== 'none') expect(theirs.crops.size).toBeGreaterThan(3);
    if (options.rotate) expect(theirs.turns.size).toBeGreaterThan(3);
    const [{ likeness, ...only }] = result.alternatives as [PreviewResult['alternatives'][number]];
    const measured = built.quality.likeness.find((one) => one.cellPx === 2)!;
    expect(only).toMatchObject({
      mostUses: built.quality.mostUses,
      used: built.sources.used,
      options: {},
      grid: built.grid,
    });
    expect(Math.abs(likeness.ssim - measured.ssim)).toBeLessThan(0.02);
    expect(Math.abs(likeness.ciede2000 - measured.ciede2000)).toBeLessThan(0.3);
    expect(Math.abs(likeness.afar - built.quality.afar!)).toBeLessThan(0.3);
  });

  test('is 1,600 px wide, in the format of its name, without metadata; cells need not be whole px', async () => {
    for (const [name, format] of [
      ['a.JPG', 'jpeg'],
      ['a.webp', 'webp'],
    ] as const) {
      const { result } = await draw(name, { columns: 7 });
      const { exif, icc, xmp, ...facts } = await sharp(join(root, name)).metadata();
      expect([exif, icc, xmp]).toEqual([undefined, undefined, undefined]);
      expect(facts).toMatchObject({ format, width: 1600, height: result.height });
      expect(result).toMatchObject({ width: 1600, height: Math.round((1600 * 5) / 7) });
    }
  });

  test('may have less px than cells', async () => {
    const { width, height, result } = await draw('small.png', { columns: 70, width: 64 });
    expect([width, height]).toEqual([64, Math.round((64 * 47) / 70)]);
    expect(result.alternatives[0]!.grid).toEqual({ columns: 70, rows: 47 });
  });

  test('leaves the catalog for a build, which reads no image again', async () => {
    const catalog = join(root, 'catalog-fresh');
    await draw('first.png', { catalog, crops: 'none' });
    let first: number | undefined;
    await build({
      ...files,
      ...COMMON,
      catalog,
      crops: 'none',
      out: join(root, 'after'),
      onProgress: ({ stage, done }) => {
        if (stage === 'catalog') first ??= done;
      },
    });
    expect(first).toBe(IMAGES);
  });

  test('indexes again what is damaged in the catalog, and says so', async () => {
    const catalog = join(root, 'catalog-damaged');
    const whole = await draw('whole.png', { catalog, crops: 'none', width: 200 });
    const shards = (await readdir(catalog, { recursive: true })).filter((name) => name.endsWith('.bin'));
    for (const name of shards) {
      const bytes = await readFile(join(catalog, name));
      bytes.fill(0x55, Math.floor(bytes.length / 2)); // mips; the tables are before them
      await writeFile(join(catalog, name), bytes);
    }
    const mended = await draw('mended.png', { catalog, crops: 'none', width: 200 });
    expect(mended.result.warnings.join()).toMatch(/removed \d+ damaged shards? from the catalog|it was read again/);
    expect(mended.data.equals(whole.data)).toBe(true);
  });

  test('compares: each picture of the sheet is the preview with these options', async () => {
    const compare = { variety: [0, 1], crops: ['none', 'close', 'all'] as const };
    const { data, width, result } = await draw('sheet.png', { compare, width: 640 });
    expect(result.alternatives.map(({ options }) => options)).toEqual(
      compare.variety.flatMap((variety) => compare.crops.map((crops) => ({ variety, crops }))),
    );
    expect([width, result.width]).toEqual([640, 640]);
    const each = Math.floor((640 - 16) / 3) - 16;
    const rowHeight = result.height / 2;
    for (const [i, { options, ...rest }] of result.alternatives.entries()) {
      if (i % 3 !== Math.floor(i / 3)) continue; // one picture of each row
      const alone = await draw('alone.png', { ...(options as Partial<PreviewOptions>), width: each });
      expect(alone.result.alternatives[0]).toEqual({ ...rest, options: {} });
      const [left, top] = [
        16 + (i % 3) * (each + 16),
        i < 3 ? 16 : findTop(data, width, { from: Math.floor(rowHeight - 60) }),
      ];
      const part = await sharp(data, { raw: { width, height: result.height, channels: 3 } })
        .extract({ left, top, width: alone.width, height: alone.height })
        .raw()
        .toBuffer();
      // Decoders smooth colours beyond the edges of mips, whose neighbours are other ones.
      expect(difference(part, alone.data).mean, JSON.stringify(options)).toBeLessThan(1);
      const below = await sharp(data, { raw: { width, height: result.height, channels: 3 } })
        .extract({ left, top: top + alone.height, width: each, height: 60 })
        .raw()
        .toBuffer();
      expect(below.filter((value) => value < 64).length, 'text').toBeGreaterThan(100);
    }
  });

  test('replaces an older picture, and leaves nothing else behind', async () => {
    const folder = join(root, 'new/folder');
    await draw('new/folder/p.png');
    const before = await readFile(join(folder, 'p.png'));
    await draw('new/folder/p.png', { variety: 1 });
    expect(await readFile(join(folder, 'p.png'))).not.toEqual(before);
    expect(await readdir(folder)).toEqual(['p.png']);
  });

  test('keeps the older picture if it is stopped', async () => {
    await mkdir(join(root, 'kept'));
    await writeFile(join(root, 'kept/p.png'), 'older');
    const stop = new AbortController();
    const stopped = draw('kept/p.png', {
      signal: stop.signal,
      onProgress: ({ stage }) => {
        if (stage === 'draw') stop.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(await readFile(join(root, 'kept/p.png'), 'utf8')).toBe('older');
    expect(await readdir(join(root, 'kept'))).toEqual(['p.png']);
  });

  test('refuses to write over folders, links, the target and the images, before it indexes anything', async () => {
    await mkdir(join(root, 'folder.png'));
    await symlink(join(root, 'target.png'), join(root, 'link.png'));
    const catalog = join(root, 'catalog-untouched');
    for (const [name, message] of [
      ['folder.png', /is a folder/],
      ['link.png', /is a link/],
      ['target.png', /is .*target\.png, which this preview is made of/],
      ['images/3.png', /is .*3\.png, which this preview is made of/],
    ] as const) {
      const size = (await stat(join(root, name))).size;
      const refused = draw(name, { catalog });
      await expect(refused).rejects.toMatchObject({
        code: 'out-exists',
        remedy: expect.stringMatching(/\.$/) as string,
      });
      await expect(refused).rejects.toThrow(message);
      expect((await stat(join(root, name))).size).toBe(size);
    }
    await expect(stat(catalog)).rejects.toThrow('ENOENT');
  });
});

/** First row from `from` on that has a px of a picture at the left edge of the sheet's first column. */
function findTop(data: Buffer, width: number, { from }: { from: number }): number {
  const isPicture = (y: number) => {
    const at = (y * width + 16) * 3;
    return Array.from({ length: 40 * 3 }, (_, i) => data[at + i]!).every((value, i) => i % 3 !== 2 || value !== 255);
  };
  for (let y = from; y < data.length / width / 3; y++) if (isPicture(y)) return y;
  throw new Error('expected a second row of pictures');
}

describe('what is compared', () => {
  const GIVEN = { target: 't.png', images: ['i'], out: 'o.jpg' };
  test.each<[string[], object]>([
    [['variety=0,0.3,1'], { variety: [0, 0.3, 1] }],
    [['max-uses=5, 8', '--mirror=false,true'], { maxUses: [5, 8], mirror: [false, true] }],
    [['crops=none,close'], { crops: ['none', 'close'] }],
  ])('is read as the options themselves: %j', (texts, compare) => {
    expect(readComparison(texts)).toEqual(compare);
  });

  test('has the option side by side that has more values, up to four', () => {
    const across = (...texts: string[]) => resolvePreview({ ...GIVEN, compare: readComparison(texts) }).across;
    expect(across('variety=0,0.3,0.6,1')).toBe(2);
    expect(across('variety=0,0.1,0.2,0.3,0.4')).toBe(3);
    expect(across('variety=0,0.5', 'afar=0,0.1,0.2,0.4')).toBe(4);
    expect(across('variety=0,0.1,0.2,0.3,0.4', 'mirror=true,false')).toBe(2);
  });

  test.each<[string[], RegExp]>([
    [['variety'], /Expected an option and its values, as in variety=0,0\.3,0\.6, for --compare but received variety/],
    [['variety=0', 'variety=1'], /Expected each option once for --compare but received variety twice/],
    [['variety=0,high'], /Expected a number from 0 to 1 for --variety but received high/],
    [['variety=0,2'], /Expected a number from 0 to 1 for --variety but received 2/],
    [['variety='], /Expected a number from 0 to 1 for --variety but received ''/],
    [['mirror=yes'], /Expected true or false for --mirror but received yes/],
    [
      ['quality=70,80'],
      /Expected options that choose images \(columns, variety, .*\) for --compare but received quality/,
    ],
    [['__proto__=1'], /Expected options that choose images/],
    [['variety=0', 'afar=0', 'adapt=0'], /Expected one option or two for --compare but received 3/],
    [['variety=0,0.1,0.2,0.3,0.4', 'afar=0,0.1,0.2,0.3'], /Expected at most 16 pictures for --compare but received 20/],
  ])('is refused: %j', async (texts, message) => {
    await refuses(() => resolvePreview({ ...GIVEN, compare: readComparison(texts) }), message);
  });

  test.each<[object, RegExp]>([
    [{ compare: {} }, /Expected one option or two/],
    [{ compare: 'variety' }, /Expected options with lists of their values for --compare/],
    [{ compare: { variety: 0.5 } }, /Expected a list of values of variety for --compare but received 0\.5/],
    [{ compare: { variety: [] } }, /Expected a list of values of variety/],
    [{ compare: { variety: [0] }, placement: 'p.csv' }, /Expected nothing beside --placement/],
    [{ compare: { columns: [5] }, grid: { columns: 3, rows: 2 } }, /either --columns or --grid/],
    [{ out: 'site' }, /Expected the name of a picture that ends in \.jpg, \.png or \.webp for --out but received site/],
    [{ out: 'a.gif' }, /for --out but received a\.gif/],
    [{ width: 0 }, /Expected a whole number from 64 to 8192 for --width but received 0/],
    [{ width: 'wide' }, /for --width but received wide/],
    [{ variety: 3 }, /for --variety but received 3/],
  ])('and other options are checked: %j', async (options, message) => {
    await refuses(() => resolvePreview({ ...GIVEN, ...options }), message);
  });
});

describe('zoomosaic preview', () => {
  async function cli(...args: string[]) {
    let [stdout, stderr] = ['', ''];
    const here = {
      argv: ['node', 'zoomosaic', 'preview', ...args],
      stdout: { write: (text: string) => void (stdout += text) },
      stderr: { write: (text: string) => void (stderr += text) },
      exitCode: undefined,
      on: () => {},
      off: () => {},
    };
    await run(here as unknown as CliProcess);
    return { code: here.exitCode as number | undefined, stdout, stderr };
  }
  const ARGS = () => [files.target, ...files.images, '--catalog', files.catalog, '--cell-size', '64', '--columns', '6'];

  test('prints progress and a summary; --json prints one object alone', async () => {
    const out = join(root, 'cli.jpg');
    const said = await cli(...ARGS(), '-o', out);
    expect(said.code).toBe(0);
    for (const stage of ['scan', 'catalog', 'match', 'draw']) expect(said.stderr).toContain(stage);
    expect(said.stdout).toMatch(/cli\.jpg: 1,600 x 1,067 px\n/);
    expect(said.stdout).toMatch(/likeness about SSIM [\d.]+, CIEDE2000 [\d.]+ at 2 px per cell, [\d.]+ from afar\n/);
    expect(said.stdout).toMatch(/repeats {2}each image fills at most \d+ cells? \(/);
    const json = await cli(...ARGS(), '-o', out, '--json', '--quiet', '--width', '300', '--compare', 'variety=0,1');
    expect([json.code, json.stderr]).toEqual([0, '']);
    const result = JSON.parse(json.stdout) as PreviewResult;
    expect(Object.keys(result).toSorted()).toEqual(
      ['out', 'width', 'height', 'alternatives', 'sources', 'leftOut', 'stages', 'peakRssBytes', 'warnings'].toSorted(),
    );
    expect(result.alternatives.map(({ options }) => options)).toEqual([{ variety: 0 }, { variety: 1 }]);
    const compared = await cli(...ARGS(), '-o', out, '--compare', 'variety=0,1', '--compare', 'afar=0,0.4');
    expect(compared.stdout.match(/^ {2}variety [01], afar 0(?:\.4)? +about SSIM/gm)).toHaveLength(4);
  });

  test('exits with 2 on wrong usage, and names its own help', async () => {
    const wrong = await cli(...ARGS(), '-o', 'x.jpg', '--compare', 'variety=0,high');
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
    expect(wrong.stderr).toMatch(
      /Expected a number from 0 to 1 for --variety but received high\nSee `zoomosaic preview --help`/,
    );
    expect((await cli(...ARGS(), '-o', 'x.jpg', '--comprae', 'a')).stderr).toContain('did you mean --compare?');
    expect((await cli(...ARGS(), '-o', 'site')).stderr).toContain('ends in .jpg, .png or .webp');
    const help = await cli('--help');
    expect(help.stdout).toContain('--compare variety=0,0.3,0.6,1');
    for (const line of help.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });
});
