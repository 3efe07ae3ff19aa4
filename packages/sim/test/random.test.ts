/** The generator: the same everywhere, evenly spread, and streams that don't disturb each other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "@holdfast/sim";
import fc from "fast-check";

const GOLDEN = [1800721031, 2655547351, 351, 2693344210];

test("a seed gives the same draws on every machine", () => {
  const random = new Random(42);
  const draws = [random.word(), random.word(), random.below(1000), random.fork("disk").word()];
  assert.deepEqual(draws, GOLDEN);
});

test("a fork depends on its name alone, not on what was drawn before", () => {
  const used = new Random(7);
  for (let i = 0; i < 10; i++) used.word();
  assert.equal(used.fork("net").word(), new Random(7).fork("net").word());
  assert.notEqual(new Random(7).fork("net").word(), new Random(7).fork("disk").word());
  assert.notEqual(new Random(7).fork("net").word(), new Random(8).fork("net").word());
});

test("draws stay in their range", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
      const random = new Random(seed);
      for (let i = 0; i < 20; i++) {
        const value = random.below(limit);
        assert.ok(Number.isInteger(value) && value >= 0 && value < limit);
        const fraction = random.fraction();
        assert.ok(fraction >= 0 && fraction < 1);
      }
    }),
  );
});

test("draws are spread evenly", () => {
  const random = new Random("spread");
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 16_000; i++) {
    const slot = random.below(16);
    counts[slot] = (counts[slot] ?? 0) + 1;
  }
  // 1000 each, standard deviation 31: five of them are allowed.
  assert.ok(Math.min(...counts) > 845 && Math.max(...counts) < 1155, counts.join(" "));
  let hits = 0;
  for (let i = 0; i < 10_000; i++) if (random.chance(1, 10)) hits++;
  assert.ok(hits > 850 && hits < 1150, String(hits));
  assert.equal(new Set(random.bytes(4096)).size, 256);
});
