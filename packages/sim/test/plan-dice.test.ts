/** The choices that plans are drawn with: within their range, as often as they should be. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Dice, Random } from "@holdfast/sim";
import fc from "fast-check";

test("spread stays between its ends and makes each doubling as likely as the next", () => {
  const dice = new Dice(new Random("spread"));
  const octaves = new Array<number>(4).fill(0);
  for (let i = 0; i < 4000; i++) {
    const value = dice.spread(1, 16);
    assert.ok(value >= 1 && value <= 16);
    const octave = Math.floor(Math.log2(Math.min(value, 15.99)));
    octaves[octave] = (octaves[octave] ?? 0) + 1;
  }
  // 1000 each, standard deviation 27: five of them are allowed.
  assert.ok(Math.min(...octaves) > 865 && Math.max(...octaves) < 1135, octaves.join(" "));
});

test("draws stay in their range, also where it is empty or narrow", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 1000 }),
      fc.nat({ max: 100_000 }),
      (seed, low, more) => {
        const dice = new Dice(new Random(seed));
        const high = low + more;
        const whole = dice.between(low, high);
        assert.ok(Number.isInteger(whole) && whole >= low && whole <= high);
        const ms = dice.spreadMs(low, high);
        assert.ok(ms >= low && ms <= high);
        assert.equal(dice.spread(high, low), high);
      },
    ),
  );
});

test("weighted choices come as often as their weights say, and never with weight 0", () => {
  const dice = new Dice(new Random("weights"));
  const counts = { often: 0, seldom: 0, never: 0 };
  for (let i = 0; i < 4000; i++) {
    counts[
      dice.weighted([
        [0, "never"],
        [3, "often"],
        [1, "seldom"],
      ] as const)
    ]++;
  }
  assert.equal(counts.never, 0);
  assert.ok(counts.seldom > 860 && counts.seldom < 1140, String(counts.seldom));
});

test("some and shuffled take each element once", () => {
  fc.assert(
    fc.property(fc.nat(), fc.uniqueArray(fc.nat()), fc.nat({ max: 12 }), (seed, list, count) => {
      const dice = new Dice(new Random(seed));
      const byPlace = (a: number, b: number): number => list.indexOf(a) - list.indexOf(b);
      assert.deepEqual(dice.shuffled(list).sort(byPlace), list);
      const some = dice.some(list, count);
      assert.equal(some.length, Math.min(count, list.length));
      assert.deepEqual([...new Set(some)].sort(byPlace), some);
    }),
  );
});
