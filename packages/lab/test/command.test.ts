/** Commands and service snapshots as bytes and back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Command, decodeCommand, encodeCommand } from "../src/command.ts";
import { decodeCourseSnapshot, encodeCourseSnapshot } from "../src/course-snapshot.ts";

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.maxSafeNat(),
  fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  fc.string({ maxLength: 60 }),
);

test("every command comes back as it was", () => {
  fc.assert(
    fc.property(anyCommand, (command) =>
      assert.equal(decodeCommand(encodeCommand(command)), command),
    ),
  );
});

test("commands are compact", () => {
  assert.equal(encodeCommand(0).length, 1);
  assert.equal(encodeCommand(104).length, 2);
  assert.equal(encodeCommand(2 ** 31 - 1).length, 5);
  assert.equal(encodeCommand(2n ** 63n - 1n).length, 9);
  assert.equal(encodeCommand("x".repeat(5000)).length, 5001);
});

test("bytes that are no command are refused", () => {
  for (const bytes of [[], [9], [1, 2, 3]]) {
    assert.throws(() => decodeCommand(Uint8Array.from(bytes)), RangeError);
  }
  assert.throws(() => encodeCommand(-1), RangeError);
});

test("a snapshot comes back as it was, and no cut of it is accepted", () => {
  fc.assert(
    fc.property(fc.array(anyCommand, { maxLength: 12 }), (list) => {
      const commands = new Map(list.map((command, at) => [at + 1, command]));
      const bytes = encodeCourseSnapshot(list.length, commands);
      assert.deepEqual(decodeCourseSnapshot(bytes), { index: list.length, commands });
      for (let length = 0; length < bytes.length; length++) {
        assert.equal(decodeCourseSnapshot(bytes.subarray(0, length)), undefined);
      }
    }),
    { numRuns: 50 },
  );
});
