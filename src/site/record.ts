/**
 * The record of a build, part of its report. With it, a site can be repaired, and images removed, later:
 *
 *     record.json  mosaic, rules, sources, pictures and placement
 *     target.jpg   the target at 4 x 4 px per cell, as matching saw it
 *
 * Neither is published. Images are named by the SHA-256 of their files; the catalog knows their paths.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { sharp } from '../image/sharp.ts';
import { FEATURE_SIDE } from '../colour/features.ts';
import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';
import type { MosaicJson } from '../format/mosaic-json.ts';
import { explain } from '../image/reasons.ts';
import type { Caption } from '../format/directory.ts';
import { isSoundRecord } from './sound-record.ts';
import type { SourceTable } from './source-table.ts';
import type { Grid, NearDuplicates, Placement, Recipe, Source, Turn } from '../types.ts';

const VERSION = 3;
/** JPEG quality of `target.jpg`. It is high because the colours are compared; nobody looks at the image. */
const QUALITY = 95;

/** Rules of the matching. */
export interface RecordedRules {
  /** Most uses of a source; null for no limit. */
  readonly maxUses: number | null;
  readonly minDistance: number;
  readonly variety: number;
  readonly useAll: boolean;
  readonly nearDuplicates: NearDuplicates;
  readonly adapt: number;
  readonly turns: readonly Turn[];
  /** Number of crops that a source may be shown in. */
  readonly crops: number;
}

/** A picture: source id and variant. `spare` is 1 if no cell shows the picture any more; the site still has its files. */
export type RecordedPicture = readonly [source: number, variant: number, spare?: 1];

/** `record.json`. */
export interface SiteRecord {
  readonly format: 'zoomosaic-record';
  readonly version: typeof VERSION;
  readonly mosaic: MosaicJson;
  readonly recipe: Recipe;
  readonly rules: RecordedRules;
  readonly credit?: string;
  readonly rights?: string;
  /** CRC-32 of `target.jpg`. */
  readonly target: number;
  /** SHA-256 and names of all usable sources, by id. */
  readonly sources: readonly string[];
  readonly names: readonly string[];
  /** Sizes and looks of these, as in `SourceTable`: base64 of u32, little endian, and of bytes; and captions by id. */
  readonly sizes: string;
  readonly looks: string;
  readonly captions: Readonly<Record<string, Caption>>;
  /** By picture number. */
  readonly pictures: readonly RecordedPicture[];
  /** Picture number and cost of each cell: base64 of u32 and of f32, little endian. */
  readonly cells: string;
  readonly costs: string;
  /** Weight of each cell, if `--weights` was given: base64 of f32, little endian. */
  readonly weights?: string;
}

/** Parts of a record. */
export interface RecordParts extends Omit<
  SiteRecord,
  'format' | 'version' | 'credit' | 'rights' | 'names' | 'sizes' | 'looks' | 'captions' | 'cells' | 'costs' | 'weights'
> {
  readonly table: SourceTable;
  readonly credit: string | undefined;
  readonly rights: string | undefined;
  readonly placement: Pick<Placement, 'cells' | 'costs'>;
  readonly weights: Float32Array | undefined;
}

/** Makes the text of `record.json`. */
export function recordText({ placement, weights, ...parts }: RecordParts): string {
  const { mosaic, recipe, rules, credit, rights, target, sources, pictures, table } = parts;
  const { names } = table;
  const [sizes, looks] = [base64Of(table.sizes), base64Of(table.looks)];
  const captions = Object.fromEntries(table.captions);
  const [cells, costs] = [base64Of(placement.cells), base64Of(placement.costs)];
  const format = 'zoomosaic-record';
  const record = { format, version: VERSION, mosaic, recipe, rules, credit, rights, target };
  const weighed = weights && { weights: base64Of(weights) };
  return `${JSON.stringify({ ...record, sources, names, sizes, looks, captions, pictures, cells, costs, ...weighed })}\n`;
}

function base64Of({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array | Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** Facts that a build makes its record from. */
export interface BuildFacts extends Omit<RecordParts, 'target' | 'sources' | 'pictures'> {
  /** All usable sources, by id. */
  readonly sources: readonly Source[];
  /** Source id and variant of each picture, by number. */
  readonly pictures: { readonly origins: Uint32Array; readonly variants: readonly number[] };
  /** See {@link targetJpeg}. */
  readonly targetJpg: Buffer;
}

/** Makes the files of a build's record: name -> blocks. */
export function recordsOf({ sources, pictures, targetJpg, ...parts }: BuildFacts): Map<string, Iterable<Buffer>> {
  const text = recordText({
    ...parts,
    target: crc32(targetJpg),
    sources: sources.map(({ hash }) => hash),
    pictures: pictures.variants.map((variant, number) => [pictures.origins[number]!, variant] as const),
  });
  return new Map([
    ['record.json', [Buffer.from(text)]],
    ['target.jpg', [targetJpg]],
  ]);
}

/** Makes the bytes of `target.jpg`. `px` are the target's cells, RGB, 4 x 4 px each. */
export async function targetJpeg(px: Uint8Array, grid: Grid): Promise<Buffer> {
  const raw = { width: grid.columns * FEATURE_SIDE, height: grid.rows * FEATURE_SIDE, channels: 3 } as const;
  return await sharp(px, { raw }).jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
}

/** Longest side of the target that a site shows, px, and its JPEG quality. */
const [COMPARED_SIDE, COMPARED_QUALITY] = [2048, 82];

/**
 * Makes the target that a site shows, of the report's `target.jpg`, so that it can be made again later.
 *
 * @throws the decoder's error for a file that is damaged.
 */
export async function comparedTarget(targetJpg: Uint8Array): Promise<Uint8Array> {
  return await sharp(targetJpg, { failOn: 'error' })
    .resize(COMPARED_SIDE, COMPARED_SIDE, { fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: COMPARED_QUALITY })
    .toBuffer();
}

/** Decodes the picture number and cost of each cell. */
export function recordedCells({ cells, costs }: SiteRecord): Pick<Placement, 'cells' | 'costs'> {
  return { cells: new Uint32Array(fromBase64(cells)), costs: new Float32Array(fromBase64(costs)) };
}

/** Decodes the weight of each cell; undefined if all weights are equal. */
export function recordedWeights({ weights }: SiteRecord): Float32Array | undefined {
  return weights === undefined ? undefined : new Float32Array(fromBase64(weights));
}

/** Decodes the table of sources. */
export function recordedTable({ names, sizes, looks, captions }: SiteRecord): SourceTable {
  return {
    names,
    sizes: new Uint32Array(fromBase64(sizes)),
    looks: new Uint8Array(fromBase64(looks)),
    captions: new Map(Object.entries(captions).map(([id, caption]) => [Number(id), caption])),
  };
}

function fromBase64(text: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text, 'base64')).buffer;
}

/**
 * Reads and checks a report's `record.json`.
 *
 * @param report folder of the reports.
 * @throws {UserError} `site` if it is missing, damaged, or of another version.
 */
export async function readRecord(report: string): Promise<SiteRecord> {
  let record: unknown;
  try {
    record = JSON.parse(await readFile(join(report, 'record.json'), 'utf8'));
  } catch (error) {
    throw unusable(report, error instanceof SyntaxError ? 'record.json is damaged' : explain(error), error);
  }
  const { format, version } = (record ?? {}) as Partial<Record<keyof SiteRecord, unknown>>;
  if (format !== 'zoomosaic-record' || version !== VERSION) {
    throw unusable(report, `expected version ${VERSION} of record.json but received ${shown(version)}`);
  }
  if (!isSoundRecord(record)) throw unusable(report, 'record.json is damaged');
  return record;
}

/**
 * Reads the bytes of a report's `target.jpg`.
 *
 * @throws {UserError} `site` if it is missing, or not the file that the record belongs to.
 */
export async function readTargetFile(report: string, { target }: Pick<SiteRecord, 'target'>): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(report, 'target.jpg'));
  } catch (error) {
    throw unusable(report, `target.jpg: ${explain(error)}`, error);
  }
  if (crc32(bytes) !== target) throw unusable(report, 'target.jpg is another than it was');
  return bytes;
}

/**
 * Reads a report's `target.jpg`: RGB, 4 x 4 px per cell.
 *
 * @throws {UserError} `site` as {@link readTargetFile}, and if it is of another size.
 */
export async function readTarget(report: string, record: SiteRecord): Promise<Uint8Array> {
  const { grid } = record.mosaic;
  const { data, info } = await sharp(await readTargetFile(report, record))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const fits = info.width === grid.columns * FEATURE_SIDE && info.height === grid.rows * FEATURE_SIDE;
  if (!fits || info.channels !== 3) throw unusable(report, 'target.jpg is of another size');
  return data;
}

function unusable(report: string, why: string, cause?: unknown): UserError {
  return new UserError(
    'site',
    `The report ${report} does not tell what is needed: ${why}`,
    'Name the report of that site with --report, or build the site again.',
    { cause },
  );
}
