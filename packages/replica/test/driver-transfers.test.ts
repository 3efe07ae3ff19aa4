/** Incoming snapshots between the core and the store: what the store is asked for, and when. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SnapshotMeta, SnapshotPiece } from "@holdfast/raft";
import { type SnapshotTransferStore, Transfers } from "../src/driver-transfers.ts";
import { DiskError } from "../src/ports.ts";
import { makeDisk } from "./crashes.ts";
import { imageOf, open } from "./snapshot-scenes.ts";
import { snapshotMeta } from "./writes.ts";

const WAITING_BYTES_MAX = 100;

/** Transfers whose core is played by the test. */
function sceneOn(store: SnapshotTransferStore) {
  const log: string[] = [];
  let expected: SnapshotMeta | undefined;
  let answer = async (_meta: SnapshotMeta, _ok: boolean): Promise<boolean> => true;
  const transfers = new Transfers({ id: 1, waitingBytesMax: WAITING_BYTES_MAX }, store, {
    send: () => assert.fail("nothing is sent"),
    unreadable: () => assert.fail("nothing is read"),
    isExpected: (meta) => meta.index === expected?.index,
    checked: (meta, ok) => {
      log.push(`checked ${meta.index} ${ok}`);
      return answer(meta, ok);
    },
    failed: (doing, cause) => log.push(`failed ${doing}: ${(cause as Error).message}`),
  });
  return {
    log,
    transfers,
    expect: (meta: SnapshotMeta | undefined) => {
      expected = meta;
    },
    /** What the core says to a checked snapshot: whether it will be installed. */
    onChecked: (says: typeof answer) => {
      answer = says;
    },
  };
}

/** A store that takes everything and tells of it. */
function willingStore(log: string[]): SnapshotTransferStore {
  return {
    piece: async () => undefined,
    receive: async ({ offset }) => {
      log.push(`keep ${offset}`);
    },
    check: async () => true,
    discard: async ({ index }) => {
      log.push(`discard ${index}`);
    },
  };
}

function pieceOf(offset: number, bytes: number, done: boolean): SnapshotPiece {
  return { from: 2, snapshot: snapshotMeta(9, 2), offset, data: new Uint8Array(bytes), done };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("E12 a second transfer of a snapshot that the first has brought in leaves the store alone", async () => {
  const disk = makeDisk();
  const store = await open(disk);
  const { pieces, meta } = await imageOf(300);
  const { transfers, log, expect, onChecked } = sceneOn(store);
  // The sender was replaced while the first transfer was checked: the core waits for a second one,
  // and takes the result for it.
  onChecked(async () => {
    expect(undefined);
    await store.install(meta);
    return true;
  });
  expect(meta);
  for (const piece of pieces) transfers.store(piece);
  for (const piece of pieces) transfers.store(piece);
  await settle();
  assert.deepEqual(log, [`checked ${meta.index} true`]);
  assert.deepEqual(store.newest(), meta);
  assert.equal((await disk.list()).length, 1, "nothing of the second transfer stays");
});

test("E11 a transfer that ends while it is checked leaves no file, one that is awaited does", async () => {
  for (const isAwaited of [false, true]) {
    const disk = makeDisk();
    const store = await open(disk);
    const { pieces, meta } = await imageOf(300);
    const { transfers, expect, onChecked } = sceneOn(store);
    onChecked(async () => isAwaited);
    expect(meta);
    for (const piece of pieces) transfers.store(piece);
    await settle();
    assert.equal((await disk.list()).length, isAwaited ? 1 : 0);
  }
});

test("a transfer with a piece that nobody waited for begins at its first piece again", async () => {
  const kept: string[] = [];
  const { transfers, log, expect } = sceneOn(willingStore(kept));
  expect(snapshotMeta(9, 2));
  transfers.store(pieceOf(0, 5, false));
  await settle();
  expect(undefined);
  transfers.store(pieceOf(5, 5, false));
  await settle();
  expect(snapshotMeta(9, 2));
  transfers.store(pieceOf(10, 5, true));
  await settle();
  assert.deepEqual(kept, ["keep 0"]);
  assert.deepEqual(log, ["checked 9 false"]);
  for (const [offset, done] of [
    [0, false],
    [5, true],
  ] as const) {
    transfers.store(pieceOf(offset, 5, done));
  }
  await settle();
  assert.deepEqual(kept, ["keep 0", "keep 0", "keep 5"]);
  assert.deepEqual(log, ["checked 9 false", "checked 9 true"]);
});

test("no more waits behind a slow disk than is allowed", async () => {
  const ends: (() => void)[] = [];
  const store = willingStore([]);
  const slow = { ...store, receive: () => new Promise<void>((resolve) => ends.push(resolve)) };
  const { transfers, expect } = sceneOn(slow);
  expect(snapshotMeta(9, 2));
  for (const offset of [0, 60]) transfers.store(pieceOf(offset, 60, false));
  await settle();
  assert.equal(transfers.isBehind, false, "the first one is being kept, the second waits");
  transfers.store(pieceOf(120, 60, false));
  assert.equal(transfers.isBehind, true);
  ends[0]?.();
  await settle();
  assert.equal(transfers.isBehind, false);
});

test("what ends while the core is told of a check touches the disk no more", async () => {
  const kept: string[] = [];
  const { transfers, log, expect, onChecked } = sceneOn(willingStore(kept));
  let tell: (isAwaited: boolean) => void = () => assert.fail("not checked yet");
  onChecked(() => new Promise((resolve) => (tell = resolve)));
  expect(snapshotMeta(9, 2));
  transfers.store(pieceOf(0, 5, true));
  await settle();
  await transfers.stop();
  tell(false);
  await settle();
  assert.deepEqual(log, ["checked 9 true"]);
  assert.deepEqual(kept, ["keep 0"]);
});

test("a file that can't be removed is told as what it is", async () => {
  const bad = {
    ...willingStore([]),
    discard: () => Promise.reject(new DiskError("io", "Bad sector")),
  };
  const { transfers, log, expect, onChecked } = sceneOn(bad);
  onChecked(async () => false);
  expect(snapshotMeta(9, 2));
  transfers.store(pieceOf(0, 5, true));
  await settle();
  assert.deepEqual(log, ["checked 9 true", "failed removing a snapshot: Bad sector"]);
});
