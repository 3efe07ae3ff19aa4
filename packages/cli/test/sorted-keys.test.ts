/** The ordered key set against a sorted array. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SortedKeys } from "../src/sorted-keys.ts";

const key = fc.string({
  minLength: 0,
  maxLength: 3,
  unit: fc.constantFrom("a", "b", "\0", "\xff"),
});
const operation = fc.record({ add: fc.boolean(), key });
const interval = fc.record({ from: key, to: fc.option(key, { nil: undefined }) });

test("SortedKeys answers every range and count as a sorted array does", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), interval, (operations, { from, to }) => {
      const keys = new SortedKeys();
      const model = new Set<string>();
      for (const { add, key: name } of operations) {
        const changed = add ? keys.add(name) : keys.remove(name);
        assert.equal(changed, add ? !model.has(name) : model.has(name));
        if (add) model.add(name);
        else model.delete(name);
      }
      const wanted = [...model]
        .sort()
        .filter((name) => name >= from && (to === undefined || name < to));
      assert.deepEqual([...keys.range(from, to)], wanted);
      assert.equal(keys.count(from, to), wanted.length);
      assert.equal(keys.size, model.size);
    }),
  );
});

test("SortedKeys keeps order over many blocks, filled forwards, backwards and emptied again", () => {
  const keys = new SortedKeys();
  const name = (i: number): string => String(i).padStart(5, "0");
  for (let i = 0; i < 3000; i++) keys.add(name(i));
  for (let i = 5999; i >= 3000; i--) keys.add(name(i));

  assert.equal(keys.size, 6000);
  assert.deepEqual(
    [...keys.range("", undefined)],
    Array.from({ length: 6000 }, (_, i) => name(i)),
  );
  assert.equal(keys.count(name(1000), name(4500)), 3500);

  for (let i = 0; i < 6000; i += 2) keys.remove(name(i));
  assert.equal(keys.count("", undefined), 3000);
  assert.deepEqual([...keys.range(name(10), name(15))], [name(11), name(13)]);
  for (let i = 1; i < 6000; i += 2) keys.remove(name(i));
  assert.deepEqual([...keys.range("", undefined)], []);
});
