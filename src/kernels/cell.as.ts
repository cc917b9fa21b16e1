// Pixel kernels of the catalog, in AssemblyScript with SIMD. Indexing runs them over every px of every source: from 8-bit
// sRGB to linear light, resizing there, and back to sRGB.
//
// A linear px is four f32 (r, g, b, 0), so that it fits one vector; 8-bit px are packed. All images are row-major. The
// caller owns the memory and lays it out: every argument named `*At` is a byte offset.

/** Offset of two tables that the caller writes: 256 f32, sRGB to linear; then 65,536 bytes, linear (0..65535) to sRGB. */
export const TABLES: usize = 1024;
const TO_LINEAR: usize = TABLES;
const TO_SRGB: usize = TABLES + 1024;
/** First byte that the caller may use for images. */
export const FREE: usize = TABLES + 1024 + 65536;

// @ts-ignore: decorator
@inline
function linear(value: u8): f32 {
  return load<f32>(TO_LINEAR + ((<usize>value) << 2));
}

// @ts-ignore: decorator
@inline
function storePx(at: usize, r: f32, g: f32, b: f32): void {
  store<f32>(at, r);
  store<f32>(at, g, 4);
  store<f32>(at, b, 8);
  store<f32>(at, 0, 12);
}

/**
 * Converts 8-bit px of 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha) channels to linear px; composes transparent
 * ones over the linear colour (backR, backG, backB).
 */
export function linearise(
  fromAt: usize,
  count: i32,
  channels: i32,
  backR: f32,
  backG: f32,
  backB: f32,
  toAt: usize,
): void {
  const step = <usize>channels;
  const colour: usize = channels >= 3 ? 1 : 0;
  const alphaAt: usize = channels == 2 ? 1 : 3;
  if (channels == 3) {
    // The usual case, without a branch per px.
    for (const end = toAt + ((<usize>count) << 4); toAt < end; fromAt += 3, toAt += 16) {
      let px = v128.load32_zero(TO_LINEAR + ((<usize>load<u8>(fromAt)) << 2));
      px = v128.load_lane<f32>(TO_LINEAR + ((<usize>load<u8>(fromAt, 1)) << 2), px, 1);
      px = v128.load_lane<f32>(TO_LINEAR + ((<usize>load<u8>(fromAt, 2)) << 2), px, 2);
      v128.store(toAt, px);
    }
    return;
  }
  for (let i = 0; i < count; i++, fromAt += step, toAt += 16) {
    const r = linear(load<u8>(fromAt));
    const g = linear(load<u8>(fromAt + colour));
    const b = linear(load<u8>(fromAt + 2 * colour));
    if (channels == 1) {
      storePx(toAt, r, g, b);
    } else {
      const a = <f32>load<u8>(fromAt + alphaAt) * (1.0 / 255.0);
      storePx(toAt, backR + a * (r - backR), backG + a * (g - backG), backB + a * (b - backB));
    }
  }
}

/**
 * Adds one row of boxes to a summed-area table: the boxes' means, of `height` rows of linear px that are cut at the px
 * `startsAt[0..columns]` (i32). A corner of the table is four f64 (r, g, b, 0).
 *
 * @param rowAt room for one row of `width` px.
 * @param toAt the table's row of `columns` + 1 corners below the boxes; the one above is just before it.
 */
export function sumBoxes(
  fromAt: usize,
  width: i32,
  height: i32,
  startsAt: usize,
  columns: i32,
  rowAt: usize,
  toAt: usize,
): void {
  const stride = (<usize>width) << 4;
  memory.copy(rowAt, fromAt, stride);
  for (let y = 1; y < height; y++) {
    fromAt += stride;
    for (let x: usize = 0; x < stride; x += 16) {
      v128.store(rowAt + x, f32x4.add(v128.load(rowAt + x), v128.load(fromAt + x)));
    }
  }
  const above = (<usize>(columns + 1)) << 5;
  let left = f64x2.splat(0);
  let right = f64x2.splat(0);
  v128.store(toAt, left);
  v128.store(toAt, right, 16);
  for (let i = 0; i < columns; i++, startsAt += 4) {
    const first = load<i32>(startsAt);
    const end = load<i32>(startsAt, 4);
    let sum = f32x4.splat(0);
    for (let x = first; x < end; x++) sum = f32x4.add(sum, v128.load(rowAt + ((<usize>x) << 4)));
    sum = f32x4.mul(sum, f32x4.splat(<f32>1 / <f32>((end - first) * height)));
    left = f64x2.add(left, f64x2.promote_low_f32x4(sum));
    right = f64x2.add(right, f64x2.promote_low_f32x4(v128.shuffle<u64>(sum, sum, 1, 1)));
    toAt += 32;
    v128.store(toAt, f64x2.add(left, v128.load(toAt - above)));
    v128.store(toAt, f64x2.add(right, v128.load(toAt - above, 16)), 16);
  }
}

/** Converts linear px to packed 8-bit sRGB, clipped to 0..1 and rounded. */
export function encode(fromAt: usize, count: i32, toAt: usize): void {
  const scale = f32x4.splat(65535);
  const half = f32x4.splat(0.5);
  const zero = f32x4.splat(0);
  for (let i = 0; i < count; i++, fromAt += 16, toAt += 3) {
    const scaled = f32x4.add(f32x4.mul(v128.load(fromAt), scale), half);
    const index = i32x4.trunc_sat_f32x4_s(f32x4.min(f32x4.max(scaled, zero), scale));
    store<u8>(toAt, load<u8>(TO_SRGB + i32x4.extract_lane(index, 0)));
    store<u8>(toAt, load<u8>(TO_SRGB + i32x4.extract_lane(index, 1)), 1);
    store<u8>(toAt, load<u8>(TO_SRGB + i32x4.extract_lane(index, 2)), 2);
  }
}

/**
 * Resizes linear px to `columns` x `rows` 8-bit px, first down, then across. Output i is the sum of `taps` input px (or
 * rows) from `starts[i]` (i32) on, times `weights[i * taps ..]` (f32).
 *
 * @param acrossTaps even; the last weight may be 0 and its px lie past the row.
 * @param rowAt room for one row of `width` px and 4 more (four are summed at a time).
 * @param lineAt room for one row of `columns` px.
 */
export function resize(
  fromAt: usize,
  width: i32,
  columns: i32,
  rows: i32,
  downStartsAt: usize,
  downWeightsAt: usize,
  downTaps: i32,
  acrossStartsAt: usize,
  acrossWeightsAt: usize,
  acrossTaps: i32,
  rowAt: usize,
  lineAt: usize,
  toAt: usize,
): void {
  const stride = (<usize>width) << 4;
  const downBytes = (<usize>downTaps) << 2;
  const acrossBytes = (<usize>acrossTaps) << 2;
  for (let y: usize = 0; y < <usize>rows; y++) {
    const top = fromAt + <usize>load<i32>(downStartsAt + (y << 2)) * stride;
    const firstDown = downWeightsAt + y * downBytes;
    const lastDown = firstDown + downBytes;
    for (let x: usize = 0; x <= stride; x += 64) {
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      let c = f32x4.splat(0);
      let d = f32x4.splat(0);
      let at = top + x;
      for (let weight = firstDown; weight < lastDown; weight += 4, at += stride) {
        const w = v128.load32_splat(weight);
        a = f32x4.add(a, f32x4.mul(w, v128.load(at)));
        b = f32x4.add(b, f32x4.mul(w, v128.load(at, 16)));
        c = f32x4.add(c, f32x4.mul(w, v128.load(at, 32)));
        d = f32x4.add(d, f32x4.mul(w, v128.load(at, 48)));
      }
      v128.store(rowAt + x, a);
      v128.store(rowAt + x, b, 16);
      v128.store(rowAt + x, c, 32);
      v128.store(rowAt + x, d, 48);
    }
    let weight = acrossWeightsAt;
    for (let x: usize = 0; x < <usize>columns; x++) {
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      let at = rowAt + ((<usize>load<i32>(acrossStartsAt + (x << 2))) << 4);
      const last = weight + acrossBytes;
      for (; weight < last; weight += 8, at += 32) {
        a = f32x4.add(a, f32x4.mul(v128.load32_splat(weight), v128.load(at)));
        b = f32x4.add(b, f32x4.mul(v128.load32_splat(weight, 4), v128.load(at, 16)));
      }
      v128.store(lineAt + (x << 4), f32x4.add(a, b));
    }
    encode(lineAt, columns, toAt);
    toAt += <usize>columns * 3;
  }
}

/** Halves packed 8-bit px into linear ones; each is the mean of 2 x 2. Both sides have to be even. */
export function halveBytes(fromAt: usize, width: i32, height: i32, toAt: usize): void {
  const row = <usize>width * 3;
  for (let y = 0; y < height; y += 2, fromAt += row) {
    for (let x = 0; x < width; x += 2, fromAt += 6, toAt += 16) {
      const below = fromAt + row;
      storePx(
        toAt,
        0.25 * (linear(load<u8>(fromAt)) + linear(load<u8>(fromAt, 3)) + linear(load<u8>(below)) + linear(load<u8>(below, 3))),
        0.25 * (linear(load<u8>(fromAt, 1)) + linear(load<u8>(fromAt, 4)) + linear(load<u8>(below, 1)) + linear(load<u8>(below, 4))),
        0.25 * (linear(load<u8>(fromAt, 2)) + linear(load<u8>(fromAt, 5)) + linear(load<u8>(below, 2)) + linear(load<u8>(below, 5))),
      );
    }
  }
}

/** Halves linear px; each is the mean of 2 x 2. Both sides have to be even. */
export function halve(fromAt: usize, width: i32, height: i32, toAt: usize): void {
  const row = (<usize>width) << 4;
  const quarter = f32x4.splat(0.25);
  for (let y = 0; y < height; y += 2, fromAt += row) {
    for (let x = 0; x < width; x += 2, fromAt += 32, toAt += 16) {
      const top = f32x4.add(v128.load(fromAt), v128.load(fromAt, 16));
      const bottom = f32x4.add(v128.load(fromAt + row), v128.load(fromAt + row, 16));
      v128.store(toAt, f32x4.mul(f32x4.add(top, bottom), quarter));
    }
  }
}
