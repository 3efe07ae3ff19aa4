/** The order of durable work: group commit without snapshots, strict turns around one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SnapshotMeta, Write } from "@holdfast/raft";
import { write } from "@holdfast/testkit";
import { DiskQueue } from "../src/disk-queue.ts";

const META: SnapshotMeta = { index: 9, term: 2, members: { voters: [1] } };

function numbered(seq: number, snapshot?: SnapshotMeta): Write {
  return write({ seq, snapshot });
}

/** A disk whose every step ends when the test says so. */
function slowDisk() {
  const log: string[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const begin = (what: string): Promise<void> => {
    log.push(what);
    return new Promise((resolve, reject) => ends.push({ resolve, reject }));
  };
  const queue = new DiskQueue(
    {
      wal: { append: ({ seq }) => begin(`append ${seq}`) },
      snapshots: { install: ({ index }) => begin(`install ${index}`) },
    },
    {
      durable: ({ seq }) => log.push(`durable ${seq}`),
      failed: (doing, cause) => log.push(`failed ${doing}: ${(cause as Error).message}`),
    },
  );
  const next = (): { resolve: () => void; reject: (error: Error) => void } => {
    const end = ends.shift();
    assert(end !== undefined, "nothing is under way");
    return end;
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    log,
    queue,
    end: async () => {
      next().resolve();
      await settle();
    },
    fail: async () => {
      next().reject(new Error("EIO"));
      await settle();
    },
  };
}

test("DiskQueue: writes without a snapshot are handed on at once, so that they share a sync", async () => {
  const { queue, log, end } = slowDisk();
  queue.push(numbered(1));
  queue.push(numbered(2));
  assert.deepEqual(log, ["append 1", "append 2"]);
  assert.equal(queue.pending, 2);
  await end();
  await end();
  assert.deepEqual(log.slice(2), ["durable 1", "durable 2"]);
  assert.equal(queue.pending, 0);
});

test("DiskQueue: an install waits for all before it, and all behind it wait for the install", async () => {
  const { queue, log, end } = slowDisk();
  queue.push(numbered(1));
  queue.push(numbered(2, META));
  queue.push(numbered(3));
  assert.deepEqual(log, ["append 1"]);
  await end();
  assert.deepEqual(log.slice(1), ["durable 1", "install 9"]);
  await end();
  assert.deepEqual(log.slice(3), ["append 2", "append 3"]);
  await end();
  await end();
  assert.deepEqual(log.slice(5), ["durable 2", "durable 3"]);
});

test("DiskQueue: installed() resolves when that snapshot is in force, at once when none is due", async () => {
  const { queue, end } = slowDisk();
  await queue.installed(9);
  queue.push(numbered(1, META));
  let isInForce = false;
  void queue.installed(9).then(() => {
    isInForce = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isInForce, false);
  await end();
  assert.equal(isInForce, true);
});

for (const [what, snapshot] of [
  ["append", undefined],
  ["install", META],
] as const) {
  test(`H11 DiskQueue: after a failed ${what} nothing is written and nothing becomes durable`, async () => {
    const { queue, log, fail } = slowDisk();
    queue.push(numbered(1, snapshot));
    queue.push(numbered(2, META));
    await new Promise((resolve) => setImmediate(resolve));
    const before = log.length;
    await fail();
    queue.push(numbered(3));
    await queue.idle();
    assert.equal(log.length, before + 1);
    assert.match(log[before] ?? "", /^failed (writing the log|installing a snapshot): EIO$/);
  });
}

test("DiskQueue: a failure is told once, however many writes were under way", async () => {
  const { queue, log, fail } = slowDisk();
  queue.push(numbered(1));
  queue.push(numbered(2));
  await fail();
  await fail();
  assert.equal(log.filter((line) => line.startsWith("failed")).length, 1);
});

test("DiskQueue: idle() resolves only when nothing is pending", async () => {
  const { queue, end } = slowDisk();
  queue.push(numbered(1));
  queue.push(numbered(2, META));
  let isIdle = false;
  void queue.idle().then(() => {
    isIdle = true;
  });
  await end();
  await end();
  assert.equal(isIdle, false);
  await end();
  assert.equal(isIdle, true);
});

test("DiskQueue: a sequence that goes back is a bug", () => {
  const { queue } = slowDisk();
  queue.push(numbered(2));
  assert.throws(() => queue.push(numbered(2)), { code: "RAFT_INVARIANT" });
});
