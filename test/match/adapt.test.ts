import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { FEATURE_LENGTH } from '../../src/colour/features.ts';
import { adapt, type Adaptation, adaptationOf } from '../../src/match/adapt.ts';
import { cutTarget } from '../../src/match/target.ts';
import { writeCellFeatures } from '../../src/match/target-cells.ts';
import { openTarget } from '../../src/image/target.ts';
import { writeWaves } from '../helpers/images.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { seeded } from '../helpers/random.ts';

let root: string;
beforeAll(async () => {
  root = await temporaryFolder();
});

/** Feature vectors of plain cells. */
function plain(colours: readonly (readonly [number, number, number])[]): Float32Array {
  const all = new Float32Array(colours.length * FEATURE_LENGTH);
  for (const [i, lab] of colours.entries())
    all.set(
      lab.map((value) => value * 4),
      i * FEATURE_LENGTH,
    );
  return all;
}

function moved(adaptation: Adaptation, lab: readonly number[]): number[] {
  const out = Float64Array.from([9, ...lab, 9]);
  adapt(adaptation, out, 1);
  expect([out[0], out[4]]).toEqual([9, 9]);
  return [...out.subarray(1, 4)];
}

const meanOf = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values: number[]) => Math.sqrt(meanOf(values.map((value) => (value - meanOf(values)) ** 2)));

describe('adaptation', () => {
  const random = seeded(11);
  // Light and colourful cells; dark sources, greener, of less a and more b.
  const cells = Array.from(
    { length: 700 },
    () => [0.3 + 0.35 * (random() + random()), random() * 0.2, random() * 0.02] as const,
  );
  const sources = Array.from(
    { length: 450 },
    () => [0.1 + 0.5 * random(), random() * 0.1 - 0.1, random() * 0.2] as const,
  );
  const [from, to] = [plain(cells), plain(sources)];
  const column = (colours: readonly (readonly number[])[], channel: number) => colours.map((lab) => lab[channel]!);

  test('of all the way gives cells the lightness and the mean colour of sources', () => {
    const whole = adaptationOf(from, to, 1);
    const seen = cells.map((lab) => moved(whole, lab));
    const [light, wanted] = [column(seen, 0), column(sources, 0)].map((values) => values.toSorted((a, b) => a - b)) as [
      number[],
      number[],
    ];
    for (let part = 0; part <= 1; part += 0.05) {
      const at = (values: number[]) => values[Math.round(part * (values.length - 1))]!;
      expect(Math.abs(at(light) - at(wanted)), `quantile ${part}`).toBeLessThan(0.01);
    }
    for (const channel of [1, 2]) {
      expect(meanOf(column(seen, channel))).toBeCloseTo(meanOf(column(sources, channel)), 5);
    }
    // What varies less in sources is made to; what varies more is left.
    expect(deviationOf(column(seen, 1))).toBeCloseTo(deviationOf(column(sources, 1)), 5);
    expect(deviationOf(column(seen, 2))).toBeCloseTo(deviationOf(column(cells, 2)), 5);
  });

  test('goes by ranks, and evenly between them', () => {
    const grey = (values: readonly number[]) => plain(values.map((value) => [value, 0, 0] as const));
    const three = adaptationOf(grey([0.75, 0.25, 0.5]), grey([0.1, 0.9, 0.5]), 1);
    const pairs = [0, 0.1, 0.25, 0.1, 0.375, 0.3, 0.5, 0.5, 0.625, 0.7, 0.75, 0.9, 1, 0.9];
    for (let i = 0; i < pairs.length; i += 2) expect(moved(three, [pairs[i]!, 0, 0])[0]).toBeCloseTo(pairs[i + 1]!, 5);
  });

  test('of no part changes nothing; of half goes half the way', () => {
    const [none, half, whole] = [0, 0.5, 1].map((part) => adaptationOf(from, to, part)) as [
      Adaptation,
      Adaptation,
      Adaptation,
    ];
    for (const lab of cells) {
      const [still, between, there] = [none, half, whole].map((adaptation) => moved(adaptation, lab)) as [
        number[],
        number[],
        number[],
      ];
      for (const [i, value] of lab.entries()) {
        expect(still[i]).toBeCloseTo(value, 6);
        expect(between[i]).toBeCloseTo((value + there[i]!) / 2, 5);
      }
    }
    expect(Math.abs(moved(whole, cells[0]!)[0]! - cells[0]![0])).toBeGreaterThan(0.1);
  });

  test.each([0.3, 1])('of part %d never makes what is lighter darker', (part) => {
    const { lightness } = adaptationOf(from, to, part);
    for (const [step, value] of lightness.entries())
      if (step > 0) expect(value).toBeGreaterThanOrEqual(lightness[step - 1]!);
    const adaptation = adaptationOf(from, to, part);
    let before = -Infinity;
    for (let l = -0.1; l < 1.1; l += 0.003) {
      const [now] = moved(adaptation, [l, 0, 0]);
      expect(now).toBeGreaterThanOrEqual(before);
      before = now!;
    }
  });

  test('holds with few or equal colours', () => {
    for (const few of [plain([[0.5, 0, 0]]), plain([0, 1, 2].map(() => [0.5, 0, 0] as const))]) {
      for (const lab of [
        moved(adaptationOf(few, to, 1), [0.5, 0, 0]),
        moved(adaptationOf(from, few, 1), [0.7, 0.1, 0]),
      ]) {
        for (const value of lab) expect(Number.isFinite(value)).toBe(true);
      }
      expect(moved(adaptationOf(from, few, 1), [0.7, 0.1, 0.01])[0]).toBeCloseTo(0.5, 5);
    }
  });

  test('reaches what a target’s cells are compared by', async () => {
    const path = join(root, 'target.png');
    await writeWaves(path, 120, 80, 12);
    const target = await openTarget(path);
    const meanAt = async (part: number) => {
      const cut = await cutTarget(
        target,
        { grid: { columns: 30, rows: 20 }, cell: { width: 1, height: 1 } },
        { features: to, part },
      );
      const features = new Float32Array(FEATURE_LENGTH);
      const all = Array.from({ length: 600 }, (_, cell) => {
        writeCellFeatures(cut, cell, features);
        return [...features.subarray(0, 3)].map((value) => value / 4);
      });
      return [0, 1, 2].map((channel) => meanOf(column(all, channel)));
    };
    const [still, whole] = [await meanAt(0), await meanAt(1)];
    for (const channel of [0, 1, 2]) {
      expect(Math.abs(whole[channel]! - meanOf(column(sources, channel)))).toBeLessThan(0.005);
      expect(Math.abs(still[channel]! - whole[channel]!)).toBeGreaterThan(0.02);
    }
  });
});
