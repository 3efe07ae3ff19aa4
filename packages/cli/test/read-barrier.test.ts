/** Shared barriers: a read is served only by one that was proposed after it came. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadBarrier } from "../src/read-barrier.ts";

interface Proposed {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function scene(): { barrier: ReadBarrier; proposed: Proposed[] } {
  const proposed: Proposed[] = [];
  const barrier = new ReadBarrier(
    () => new Promise((resolve, reject) => proposed.push({ resolve, reject })),
  );
  return { barrier, proposed };
}

/** Lets all that is ready run. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test("reads that come while a barrier is under way share the next one", async () => {
  const { barrier, proposed } = scene();
  const done: string[] = [];
  void barrier.pass().then(() => done.push("first"));
  void barrier.pass().then(() => done.push("second"));
  void barrier.pass().then(() => done.push("third"));
  assert.equal(proposed.length, 1);

  proposed[0]?.resolve();
  await settle();
  assert.deepEqual(done, ["first"]);
  assert.equal(proposed.length, 2);

  void barrier.pass().then(() => done.push("late"));
  proposed[1]?.resolve();
  await settle();
  assert.deepEqual(done, ["first", "second", "third"]);
  assert.equal(proposed.length, 3);
  proposed[2]?.resolve();
  await settle();
  assert.deepEqual(done, ["first", "second", "third", "late"]);
});

test("a barrier that fails fails its own reads only", async () => {
  const { barrier, proposed } = scene();
  const first = assert.rejects(barrier.pass(), /no leader/);
  const second = barrier.pass();
  proposed[0]?.reject(new Error("no leader"));
  await first;
  await settle();
  proposed[1]?.resolve();
  await second;

  const third = barrier.pass();
  assert.equal(proposed.length, 3);
  proposed[2]?.resolve();
  await third;
});
