/**
 * What a report remembers of a build, so that the site can be mended, and images be taken out, later: `record.json`, and
 * `target.jpg`, the target at 4 x 4 px per cell as matching saw it. None of it is published. Images are named by their content
 * (SHA-256); where their files are, the catalog knows.
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
import { isSoundRecord } from './sound-record.ts';
import type { Grid, NearDuplicates, Placement, Recipe, Source, Turn } from '../types.ts';

const VERSION = 1;
/** Of the target: its colours are compared, nobody looks at it. */
const QUALITY = 95;

/** The rules that cells were filled by. */
export interface RecordedRules {
  /** Null for any number. */
  readonly maxUses: number | null;
  readonly minDistance: number;
  readonly variety: number;
  readonly useAll: boolean;
  readonly nearDuplicates: NearDuplicates;
  readonly adapt: number;
  readonly turns: readonly Turn[];
}

/** A picture: source and turn; 1 if its number is spare: the site has its files, but no cell shows it. */
export type RecordedPicture = readonly [source: number, turn: Turn, spare?: 1];

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
  /** SHA-256 of all usable sources, by id; and their names. */
  readonly sources: readonly string[];
  readonly names: readonly string[];
  /** By number. */
  readonly pictures: readonly RecordedPicture[];
  /** Picture of each cell, by number: base64 of u32, little endian; and what it costs, of f32. */
  readonly cells: string;
  readonly costs: string;
  /** How much each cell matters, if `--weights` said so: base64 of f32. */
  readonly weights?: string;
}

/** What a record is made from. */
export interface RecordParts extends Omit<
  SiteRecord,
  'format' | 'version' | 'credit' | 'rights' | 'cells' | 'costs' | 'weights'
> {
  readonly credit: string | undefined;
  readonly rights: string | undefined;
  readonly placement: Pick<Placement, 'cells' | 'costs'>;
  readonly weights: Float32Array | undefined;
}

/** The text of `record.json`. */
export function recordText({ placement, weights, ...parts }: RecordParts): string {
  const { mosaic, recipe, rules, credit, rights, target, sources, names, pictures } = parts;
  const [cells, costs] = [base64Of(placement.cells), base64Of(placement.costs)];
  const format = 'zoomosaic-record';
  const record = { format, version: VERSION, mosaic, recipe, rules, credit, rights, target };
  const weighed = weights && { weights: base64Of(weights) };
  return `${JSON.stringify({ ...record, sources, names, pictures, cells, costs, ...weighed })}\n`;
}

function base64Of({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** What a build knows when it writes its record. */
export interface BuildFacts extends Omit<RecordParts, 'target' | 'sources' | 'names' | 'pictures'> {
  /** All usable sources, by id; what the image at a path is called. */
  readonly sources: readonly Source[];
  readonly nameOf: (path: string) => string;
  /** Sources and turns of the pictures, by number. */
  readonly pictures: { readonly origins: Uint32Array; readonly turns: readonly Turn[] };
  /** See {@link targetJpeg}. */
  readonly targetJpg: Buffer;
}

/** The files that a build's record consists of, by their names. */
export function recordsOf({
  sources,
  nameOf,
  pictures,
  targetJpg,
  ...parts
}: BuildFacts): Map<string, Iterable<Buffer>> {
  const text = recordText({
    ...parts,
    target: crc32(targetJpg),
    sources: sources.map(({ hash }) => hash),
    names: sources.map(({ path }) => nameOf(path)),
    pictures: pictures.turns.map((turn, number) => [pictures.origins[number]!, turn] as const),
  });
  return new Map([
    ['record.json', [Buffer.from(text)]],
    ['target.jpg', [targetJpg]],
  ]);
}

/** The bytes of `target.jpg`; `px` are those of the target's cells, RGB. */
export async function targetJpeg(px: Uint8Array, grid: Grid): Promise<Buffer> {
  const raw = { width: grid.columns * FEATURE_SIDE, height: grid.rows * FEATURE_SIDE, channels: 3 } as const;
  return await sharp(px, { raw }).jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
}

/** Pictures of a record's cells, and what they cost. */
export function recordedCells({ cells, costs }: SiteRecord): Pick<Placement, 'cells' | 'costs'> {
  return { cells: new Uint32Array(bytesOf(cells)), costs: new Float32Array(bytesOf(costs)) };
}

/** How much a record's cells matter; undefined if all do alike. */
export function recordedWeights({ weights }: SiteRecord): Float32Array | undefined {
  return weights === undefined ? undefined : new Float32Array(bytesOf(weights));
}

function bytesOf(text: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text, 'base64')).buffer;
}

/**
 * Reads a report's record.
 *
 * @param report folder of the reports.
 * @throws {UserError} `site` if there is none, or none that we know.
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

/** Reads the target that a report remembers, RGB, 4 x 4 px per cell. */
export async function readTarget(report: string, { mosaic: { grid }, target }: SiteRecord): Promise<Uint8Array> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(report, 'target.jpg'));
  } catch (error) {
    throw unusable(report, `target.jpg: ${explain(error)}`, error);
  }
  if (crc32(bytes) !== target) throw unusable(report, 'target.jpg is another than it was');
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
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
