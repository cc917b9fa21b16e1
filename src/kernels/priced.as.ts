// Finds the k pictures of least cost for a cell, prices included: the inner loop of matching under rules, in AssemblyScript
// with SIMD. It is an exhaustive search that skips most pictures by lower bounds, coarse to fine: large groups, groups, then
// the head (first features) of each picture.
//
// Features are 48 i16, so that squared distances are exact whole numbers. Pictures are in blocks of four. A block has the
// pairs of features of its four pictures side by side (16 bytes per pair), so that one instruction serves four pictures. The
// first 6 pairs (the head) of all blocks precede the other pairs (the tail) of all blocks; for most blocks, the head alone
// is read.
//
// Four blocks (16 pictures) are a group, 16 groups a large group. Each has the least and greatest value of its pictures' head
// features, again in blocks of four. The caller keeps similar pictures together, so the bounds rule out most groups.
//
// The caller owns the memory: every argument named `*At` is a byte offset, a multiple of 16.

/** Number of pairs of features; number of them (the coarsest) that decide whether the others are read. */
const PAIRS: usize = 24;
const HEAD_PAIRS: usize = 6;
const HEAD_BLOCK: usize = HEAD_PAIRS << 4;
const TAIL_BLOCK: usize = (PAIRS - HEAD_PAIRS) << 4;
const GROUP_BLOCKS = 4;
/** Number of groups of a large group, in fours. */
const LARGE_FOURS = 4;

// @ts-ignore: decorator
@inline
function dot(blockAt: usize, pair: usize, query: v128): v128 {
  return i32x4.dot_i16x8_s(v128.load(blockAt + (pair << 4)), query);
}

/** Sums the products of the pairs after the head, for four pictures. */
// @ts-ignore: decorator
@inline
function tail(tailAt: usize, queryAt: usize): v128 {
  let sum = i32x4.splat(0);
  for (let pair: usize = 0; pair < PAIRS - HEAD_PAIRS; pair++) {
    sum = i32x4.add(sum, dot(tailAt, pair, v128.load(queryAt + ((HEAD_PAIRS + pair) << 4))));
  }
  return sum;
}

/** Computes the squared distance of a pair of the query from the bounds of four groups. */
// @ts-ignore: decorator
@inline
function outsidePair(leastAt: usize, greatestAt: usize, pair: usize, query: v128): v128 {
  const below = i16x8.sub_sat_s(v128.load(leastAt + (pair << 4)), query);
  const above = i16x8.sub_sat_s(query, v128.load(greatestAt + (pair << 4)));
  const by = i16x8.max_s(i16x8.max_s(below, above), i16x8.splat(0));
  return i32x4.dot_i16x8_s(by, by);
}

/** Tells which groups of the `four`th four might have a picture that costs less than `bar`; one bit each. */
// @ts-ignore: decorator
@inline
function inReach(
  leastsAt: usize,
  greatestsAt: usize,
  floorsAt: usize,
  four: i32,
  query0: v128,
  query1: v128,
  query2: v128,
  query3: v128,
  query4: v128,
  query5: v128,
  scale: v128,
  bar: f32,
): i32 {
  const leastAt = leastsAt + (<usize>four) * HEAD_BLOCK;
  const greatestAt = greatestsAt + (<usize>four) * HEAD_BLOCK;
  const off = i32x4.add(
    i32x4.add(
      i32x4.add(outsidePair(leastAt, greatestAt, 0, query0), outsidePair(leastAt, greatestAt, 1, query1)),
      outsidePair(leastAt, greatestAt, 2, query2),
    ),
    i32x4.add(
      i32x4.add(outsidePair(leastAt, greatestAt, 3, query3), outsidePair(leastAt, greatestAt, 4, query4)),
      outsidePair(leastAt, greatestAt, 5, query5),
    ),
  );
  const bound = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(off), scale), v128.load(floorsAt + ((<usize>four) << 4)));
  return i32x4.bitmask(f32x4.lt(bound, f32x4.splat(bar)));
}

/** Makes a sort key: the bits of a non-negative float rise with its value; the picture breaks ties. */
// @ts-ignore: decorator
@inline
function key(value: f32, picture: i32): u64 {
  return ((<u64>reinterpret<u32>(value)) << 32) | <u64>picture;
}

/**
 * Finds the `k` pictures of least squared distance x weight + price below `limit`.
 *
 * @param headsAt, tailsAt features of all pictures.
 * @param headNormsAt, normsAt i32, sums of squares of each picture's head, and of all its features.
 * @param leastsAt, greatestsAt bounds of each group's head features.
 * @param floorsAt f32, least price of each group.
 * @param largeLeastsAt, largeGreatestsAt, largeFloorsAt the same for large groups.
 * @param pricesAt f32, none negative; infinite beyond `count`, since blocks are read whole.
 * @param queryAt the cell's features, each pair four times; `headNorm` and `norm` are its sums of squares.
 * @param weight factor of distances, before prices are added.
 * @param known number of keys of the previous query that are still at `keysAt`. If there are `k`, they are a warm start:
 *   their greatest value for this query bounds the search.
 * @param keysAt room for 2 k + 8 u64. Receives the result: value bits above, picture below, in rising order.
 * @param costsAt room for k + 4 i32. Receives the squared distances alone.
 * @returns the number of pictures found, at most `k`.
 */
export function cheapest(
  headsAt: usize,
  tailsAt: usize,
  headNormsAt: usize,
  normsAt: usize,
  leastsAt: usize,
  greatestsAt: usize,
  floorsAt: usize,
  largeLeastsAt: usize,
  largeGreatestsAt: usize,
  largeFloorsAt: usize,
  pricesAt: usize,
  count: i32,
  queryAt: usize,
  headNorm: i32,
  norm: i32,
  weight: f32,
  k: i32,
  limit: f32,
  known: i32,
  keysAt: usize,
  costsAt: usize,
): i32 {
  let held = 0;
  let worst = limit;
  if (known >= k) {
    let most: f32 = 0;
    for (let i = 0; i < k; i++) {
      const picture = <i32>get(keysAt, i);
      const distance = norm + load<i32>(normsAt + ((<usize>picture) << 2)) - 2 * product(headsAt, tailsAt, queryAt, picture, costsAt);
      most = max(most, <f32>distance * weight + load<f32>(pricesAt + ((<usize>picture) << 2)));
    }
    // The next float, so that pictures of equal value are found, too.
    if (most < worst) worst = reinterpret<f32>(reinterpret<u32>(most) + 1);
  }
  const scale = f32x4.splat(weight);
  const query0 = v128.load(queryAt);
  const query1 = v128.load(queryAt, 16);
  const query2 = v128.load(queryAt, 32);
  const query3 = v128.load(queryAt, 48);
  const query4 = v128.load(queryAt, 64);
  const query5 = v128.load(queryAt, 80);
  const fours = (count + 16 * GROUP_BLOCKS - 1) / (16 * GROUP_BLOCKS);
  const largeFours = (fours + 4 * LARGE_FOURS - 1) / (4 * LARGE_FOURS);
  for (let largeFour = 0; largeFour < largeFours; largeFour++) {
    // prettier-ignore
    let larges = inReach(
      largeLeastsAt, largeGreatestsAt, largeFloorsAt, largeFour,
      query0, query1, query2, query3, query4, query5, scale, worst,
    );
    for (; larges != 0; larges &= larges - 1) {
      const firstFour = (largeFour * 4 + ctz(larges)) * LARGE_FOURS;
      for (let four = firstFour; four < min(fours, firstFour + LARGE_FOURS); four++) {
        // prettier-ignore
        let near = inReach(
          leastsAt, greatestsAt, floorsAt, four, query0, query1, query2, query3, query4, query5, scale, worst,
        );
        for (; near != 0; near &= near - 1) {
          const start = (four * 4 + ctz(near)) * 4 * GROUP_BLOCKS;
          const end = min(count, start + 4 * GROUP_BLOCKS);
          for (let first = start; first < end; first += 4) {
            const at = (<usize>first) << 2;
            const headAt = headsAt + (<usize>(first >> 2)) * HEAD_BLOCK;
            const bar = f32x4.splat(worst);
            const price = v128.load(pricesAt + at);
            let sum = i32x4.add(
              i32x4.add(i32x4.add(dot(headAt, 0, query0), dot(headAt, 1, query1)), dot(headAt, 2, query2)),
              i32x4.add(i32x4.add(dot(headAt, 3, query3), dot(headAt, 4, query4)), dot(headAt, 5, query5)),
            );
            const head = i32x4.sub(i32x4.add(i32x4.splat(headNorm), v128.load(headNormsAt + at)), i32x4.shl(sum, 1));
            if (!v128.any_true(f32x4.lt(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(head), scale), price), bar))) continue;
            sum = i32x4.add(sum, tail(tailsAt + (<usize>(first >> 2)) * TAIL_BLOCK, queryAt));
            const distance = i32x4.sub(i32x4.add(i32x4.splat(norm), v128.load(normsAt + at)), i32x4.shl(sum, 1));
            const value = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(distance), scale), price);
            let lanes = i32x4.bitmask(f32x4.lt(value, bar));
            if (lanes == 0) continue;
            v128.store(costsAt, value);
            for (; lanes != 0; lanes &= lanes - 1) {
              const lane = ctz(lanes);
              store<u64>(keysAt + ((<usize>held) << 3), key(load<f32>(costsAt + ((<usize>lane) << 2)), first + lane));
              held++;
            }
            if (held > 2 * k) {
              select(keysAt, held, k);
              held = k;
              worst = reinterpret<f32>(<u32>(load<u64>(keysAt + ((<usize>(k - 1)) << 3)) >> 32));
            }
          }
        }
      }
    }
  }
  if (held > k) {
    select(keysAt, held, k);
    held = k;
  }
  sort(keysAt, 0, held - 1);
  for (let i: usize = 0; i < <usize>held; i++) {
    const picture = <i32>load<u64>(keysAt + (i << 3));
    const dotted = product(headsAt, tailsAt, queryAt, picture, costsAt + (i << 2));
    store<i32>(costsAt + (i << 2), norm + load<i32>(normsAt + ((<usize>picture) << 2)) - 2 * dotted);
  }
  return held;
}

/** Computes the dot product of a picture and the query; `scratchAt` has room for four i32. */
// @ts-ignore: decorator
@inline
function product(headsAt: usize, tailsAt: usize, queryAt: usize, picture: i32, scratchAt: usize): i32 {
  const headAt = headsAt + (<usize>(picture >> 2)) * HEAD_BLOCK;
  let sum = tail(tailsAt + (<usize>(picture >> 2)) * TAIL_BLOCK, queryAt);
  for (let pair: usize = 0; pair < HEAD_PAIRS; pair++) {
    sum = i32x4.add(sum, dot(headAt, pair, v128.load(queryAt + (pair << 4))));
  }
  v128.store(scratchAt, sum);
  return load<i32>(scratchAt + ((<usize>(picture & 3)) << 2));
}

// @ts-ignore: decorator
@inline
function get(keysAt: usize, i: i32): u64 {
  return load<u64>(keysAt + ((<usize>i) << 3));
}

// @ts-ignore: decorator
@inline
function set(keysAt: usize, i: i32, value: u64): void {
  store<u64>(keysAt + ((<usize>i) << 3), value);
}

/** Partitions low..high (Hoare): keys that do not exceed a pivot come first. Returns the index of the last of them. */
function partition(keysAt: usize, low: i32, high: i32): i32 {
  const a = get(keysAt, low);
  const b = get(keysAt, (low + high) >> 1);
  const c = get(keysAt, high);
  const pivot = max(min(a, b), min(max(a, b), c));
  let i = low - 1;
  let j = high + 1;
  while (true) {
    do i++; while (get(keysAt, i) < pivot);
    do j--; while (get(keysAt, j) > pivot);
    if (i >= j) return j;
    const swapped = get(keysAt, i);
    set(keysAt, i, get(keysAt, j));
    set(keysAt, j, swapped);
  }
}

/** Moves the k least of `count` keys to the front, the greatest of them to k - 1. */
function select(keysAt: usize, count: i32, k: i32): void {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = partition(keysAt, low, high);
    if (k - 1 <= middle) high = middle;
    else low = middle + 1;
  }
}

function sort(keysAt: usize, low: i32, high: i32): void {
  while (high - low > 12) {
    const middle = partition(keysAt, low, high);
    sort(keysAt, low, middle);
    low = middle + 1;
  }
  for (let i = low + 1; i <= high; i++) {
    const value = get(keysAt, i);
    let j = i - 1;
    for (; j >= low && get(keysAt, j) > value; j--) set(keysAt, j + 1, get(keysAt, j));
    set(keysAt, j + 1, value);
  }
}
