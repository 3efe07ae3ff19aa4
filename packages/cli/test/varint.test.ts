/** Whole numbers as varints, there and back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { pushVarint, readVarint } from "../src/varint.ts";

test("readVarint gives back every safe integer and says where it ends", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(3), (value, before) => {
      const out = new Array<number>(before).fill(7);
      pushVarint(out, value);
      const end = out.length;
      out.push(1, 2, 3);
      assert.deepEqual(readVarint(Uint8Array.from(out), before), { value, next: end });
      assert.equal(readVarint(Uint8Array.from(out).subarray(0, end - 1), before), undefined);
    }),
    {
      examples: [
        [Number.MAX_SAFE_INTEGER, 0],
        [0, 0],
        [127, 0],
        [128, 0],
      ],
    },
  );
});

test("readVarint refuses numbers beyond the safe integers and endless ones", () => {
  assert.equal(readVarint(Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127), 0), undefined);
  assert.equal(readVarint(new Uint8Array(20).fill(0x80), 0), undefined);
});
