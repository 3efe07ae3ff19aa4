/** Numbers seen, against a plain set of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SeenNumbers } from "../src/seen-numbers.ts";

test("seen numbers: in any order and with repeats, each is new exactly once", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 200 }), (numbers) => {
      const model = new Set<number>();
      const seen = new SeenNumbers();
      for (const number of numbers) {
        assert.equal(seen.add(number), !model.has(number), `number ${number}`);
        model.add(number);
      }
    }),
  );
});

test("seen numbers: large ones that come in order are each new once", () => {
  const seen = new SeenNumbers();
  const first = 2 ** 53 - 100_000;
  for (let number = first; number < first + 10_000; number++) {
    assert.equal(seen.add(number), true);
    assert.equal(seen.add(number), false);
  }
});

test("seen numbers: one that comes behind too many gaps is given up, not taken twice", () => {
  const seen = new SeenNumbers();
  for (let number = 2; number <= 2000; number += 2) assert.equal(seen.add(number), true);
  assert.equal(seen.add(2), false);
  assert.equal(seen.add(3), false);
  assert.equal(seen.add(1999), true);
  assert.equal(seen.add(1999), false);
});
