import { crc32 } from 'node:zlib';
import { VARIANTS } from '../tiles/variants.ts';
import type { ProxyRecord } from './proxy.ts';
import type { BrokenRecord, FileRecord, ShardIndex, SourceRecord } from './shard.ts';
import { STANDS } from './stand.ts';

/** End of a sealed JSON: the CRC-32 of all bytes before. */
const SEAL = /^,"crc32":"([0-9a-f]{8})"\}$/;
const SEAL_BYTES = ',"crc32":"00000000"}'.length;

/** Serialises a shard's index as JSON. The last field is a checksum of all bytes before it. */
export function packIndex(index: ShardIndex): Uint8Array {
  const open = Buffer.from(JSON.stringify(index).slice(0, -1));
  return Buffer.concat([open, Buffer.from(`,"crc32":"${crc32(open).toString(16).padStart(8, '0')}"}`)]);
}

/**
 * Parses the result of {@link packIndex}.
 *
 * @returns undefined if it is damaged; only the version if that is another one than `version`.
 */
export function readIndex(bytes: Uint8Array, version: number): ShardIndex | { readonly version: number } | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = text.subarray(0, Math.max(0, text.length - SEAL_BYTES));
  const sum = SEAL.exec(text.toString('latin1', body.length))?.[1];
  if (sum === undefined || Number.parseInt(sum, 16) !== crc32(body)) return undefined;
  let index: unknown;
  try {
    index = JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isObject(index) || index['format'] !== 'zoomosaic-shard' || !isNumber(index['version'])) return undefined;
  if (index['version'] !== version) return { version: index['version'] };
  return isIndex(index) ? index : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isNumber = (value: unknown): value is number => typeof value === 'number' && value >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
const isHash = (value: unknown): value is string => isText(value) && /^[0-9a-f]{64}$/.test(value);
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
/** Sides and offsets of pictures, px. */
const isLength = (value: unknown): value is number => isNumber(value) && Number.isInteger(value) && value < 2 ** 31;

function isListOf<Item>(value: unknown, is: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.every(is);
}

function isIndex(value: Fields): value is Fields & ShardIndex {
  const { decoder, bytes, header, files, sources, broken } = value;
  const facts = isText(decoder) && isNumber(bytes) && isNumber(header);
  return facts && isListOf(files, isFile) && isListOf(sources, isSource) && isListOf(broken, isBroken);
}

function isFile(value: unknown): value is FileRecord {
  if (!isObject(value)) return false;
  const { path, size, mtimeMs, ctimeMs, hash } = value;
  return isText(path) && isNumber(size) && typeof mtimeMs === 'number' && typeof ctimeMs === 'number' && isHash(hash);
}

function isSource(value: unknown): value is SourceRecord {
  if (!isObject(value)) return false;
  const { hash, variant, format, width, height, crop, enlarged, verbatim, alpha, background, partial, proxy } = value;
  if (!isObject(crop) || ![background, partial].every((text) => text === undefined || isText(text))) return false;
  const lengths = [width, height, crop['left'], crop['top'], crop['width'], crop['height']];
  if (variant !== undefined && !(isNumber(variant) && Number.isInteger(variant) && variant < VARIANTS)) return false;
  if (proxy !== undefined && !isProxy(proxy)) return false;
  return isHash(hash) && isText(format) && lengths.every(isLength) && [enlarged, verbatim, alpha].every(isFlag);
}

function isProxy(value: unknown): value is ProxyRecord {
  if (!isObject(value)) return false;
  const { across, down, orientation, recipe } = value;
  const reduces = (scale: unknown) => isNumber(scale) && scale > 0 && scale <= 1;
  return (
    isText(recipe) && reduces(across) && reduces(down) && isNumber(orientation) && STANDS[orientation] !== undefined
  );
}

function isBroken(value: unknown): value is BrokenRecord {
  if (!isObject(value)) return false;
  const { hash, reason, lenient } = value;
  return isHash(hash) && isText(reason) && (lenient === undefined || isFlag(lenient));
}
