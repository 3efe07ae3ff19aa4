/** The snapshot store on a healthy disk, and on one that damages, fills up and fails. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvariantError, type SnapshotPiece } from "@holdfast/raft";
import {
  DiskError,
  openSnapshots,
  SnapshotDamagedError,
  SnapshotMissingError,
  type SnapshotStore,
  StoreIdentityError,
  StoreVersionError,
} from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { makeDisk } from "./crashes.ts";
import { CHUNK_BYTES, collect, imageOf, open, text } from "./snapshot-scenes.ts";
import { snapshotMeta } from "./writes.ts";

describe("snapshots.save", () => {
  it("an empty disk has no snapshot", async () => {
    const store = await open(makeDisk());
    assert.equal(store.newest(), undefined);
    assert.equal(store.bytesOf(1), 0);
    assert.equal(await store.piece(1, 0), undefined);
    await assert.rejects(collect(store.stream(1)), SnapshotMissingError);
  });

  it("gives the bytes back in pieces, now and after a restart", async () => {
    const disk = makeDisk();
    const store = await open(disk);
    const meta = snapshotMeta(2 ** 40, 2 ** 33);
    await store.save(meta, [text(10), text(200), new Uint8Array(0), text(1)]);
    const expected = Uint8Array.from([...text(10), ...text(200), ...text(1)]);
    assert.deepEqual(await collect(store.stream(meta.index)), expected);

    const again = await open(disk.crash({ keep: "none" }));

    assert.deepEqual(again.newest(), meta);
    assert.deepEqual(await collect(again.stream(meta.index)), expected);
    assert.equal(again.bytesOf(meta.index), store.bytesOf(meta.index));
  });

  it("takes an asynchronous source, and an empty one", async () => {
    const store = await open(makeDisk());
    await store.save(snapshotMeta(1, 1), []);
    assert.equal((await collect(store.stream(1))).length, 0);
    async function* source(): AsyncGenerator<Uint8Array> {
      yield text(100);
      await Promise.resolve();
      yield text(5);
    }
    await store.save(snapshotMeta(2, 1), source());
    assert.equal((await collect(store.stream(2))).length, 105);
  });

  it("keeps the two newest, on disk too, in whatever order they are saved", async () => {
    const disk = makeDisk();
    const store = await open(disk);
    for (const index of [10, 30, 20, 5, 40]) await store.save(snapshotMeta(index, 1), [text(9)]);
    assert.equal(store.newest()?.index, 40);
    assert.deepEqual(
      [5, 10, 20, 30, 40].map((index) => store.bytesOf(index) > 0),
      [false, false, false, true, true],
    );
    assert.equal((await disk.list()).length, 2);
  });

  it("E12 two saves at once queue up", async () => {
    const store = await open(makeDisk());
    await Promise.all([
      store.save(snapshotMeta(1, 1), [text(300)]),
      store.save(snapshotMeta(2, 1), [text(100)]),
    ]);
    assert.equal((await collect(store.stream(1))).length, 300);
    assert.equal((await collect(store.stream(2))).length, 100);
  });

  it("a source that throws leaves nothing behind, and the next save works", async () => {
    const disk = makeDisk();
    const store = await open(disk);
    function* broken(): Generator<Uint8Array> {
      yield text(10);
      throw new RangeError("no more");
    }
    await assert.rejects(store.save(snapshotMeta(1, 1), broken()), RangeError);
    assert.deepEqual(await disk.list(), []);
    assert.equal(store.newest(), undefined);
    await store.save(snapshotMeta(2, 1), [text(10)]);
    assert.equal(store.newest()?.index, 2);
  });

  it("H12 a full disk leaves the older snapshot in force", async () => {
    const disk = makeDisk({ capacityBytes: 400 });
    const store = await open(disk);
    await store.save(snapshotMeta(1, 1), [text(100)]);
    await assert.rejects(store.save(snapshotMeta(2, 1), [text(900)]), hasCode("no-space"));
    assert.equal(store.newest()?.index, 1);
    assert.equal((await collect(store.stream(1))).length, 100);
    assert.equal((await disk.list()).length, 1);
  });

  it("a failed sync puts nothing in force", async () => {
    const disk = makeDisk({
      onOperation: (_count, operation) => (operation === "sync" ? "io" : undefined),
    });
    const store = await open(disk);
    await assert.rejects(store.save(snapshotMeta(1, 1), [text(100)]), hasCode("io"));
    assert.equal(store.newest(), undefined);
    assert.equal((await open(disk.crash({ keep: "all" }))).newest(), undefined);
  });
});

describe("snapshots sent to a peer", () => {
  it("arrive whole piece by piece, are checked and put in force", async () => {
    const { pieces, meta } = await imageOf(1000);
    const disk = makeDisk();
    const store = await open(disk);
    assert.ok(pieces.length > 10);
    assert.ok(pieces.every((piece) => piece.data.length <= CHUNK_BYTES));
    for (const piece of pieces) await store.receive(piece);
    assert.equal(store.newest(), undefined);
    assert.equal(await store.check(meta), true);
    await store.install(meta);
    assert.deepEqual(store.newest(), meta);

    const again = await open(disk.crash({ keep: "none" }));

    assert.deepEqual(again.newest(), meta);
    assert.deepEqual(await collect(again.stream(meta.index)), text(1000));
  });

  it("E17 may come with repeats, begin anew and be installed twice", async () => {
    const { pieces, meta } = await imageOf(500);
    const store = await open(makeDisk());
    for (const piece of pieces.slice(0, 4)) await store.receive(piece);
    for (const piece of pieces) {
      await store.receive(piece);
      await store.receive(piece);
    }
    await store.receive(pieceAt(pieces, 2));
    assert.equal(await store.check(meta), true);
    for (const piece of pieces) await store.receive(piece);
    assert.equal(await store.check(meta), true);
    await store.install(meta);
    await store.install(meta);
    assert.deepEqual(await collect(store.stream(meta.index)), text(500));
  });

  it("E12 a newer one may be complete before the last is put in force", async () => {
    const first = await imageOf(200, snapshotMeta(5, 1));
    const second = await imageOf(300, snapshotMeta(9, 2));
    const store = await open(makeDisk());
    for (const piece of first.pieces) await store.receive(piece);
    assert.equal(await store.check(first.meta), true);
    for (const piece of second.pieces) await store.receive(piece);
    await store.install(first.meta);
    assert.equal(await store.check(second.meta), true);
    await store.install(second.meta);
    assert.deepEqual(store.newest(), second.meta);
    assert.equal(store.bytesOf(5) > 0, true);
  });

  it("E12 what waits to be installed is kept, however many come after it", async () => {
    const disk = makeDisk();
    const store = await open(disk);
    for (let index = 1; index <= 4; index += 1) {
      const { pieces, meta } = await imageOf(50, snapshotMeta(index, 1));
      for (const piece of pieces) await store.receive(piece);
      assert.equal(await store.check(meta), true);
    }
    for (let index = 1; index <= 4; index += 1) await store.install(snapshotMeta(index, 1));
    assert.deepEqual(store.newest(), snapshotMeta(4, 1));
  });

  it("checked ones that nobody installs are discarded", async () => {
    const disk = makeDisk();
    const store = await open(disk);
    for (let index = 1; index <= 6; index += 1) {
      const { pieces, meta } = await imageOf(50, snapshotMeta(index, 1));
      for (const piece of pieces) await store.receive(piece);
      assert.equal(await store.check(meta), true);
      if (index < 6) await store.discard(meta);
    }
    assert.equal((await disk.list()).length, 1);
    await store.install(snapshotMeta(6, 1));
    assert.equal((await disk.list()).length, 1);
  });

  it("E12 one that is given up for a newer one leaves no file behind", async () => {
    const older = await imageOf(500, snapshotMeta(5, 1));
    const newer = await imageOf(300, snapshotMeta(9, 2));
    const disk = makeDisk();
    const store = await open(disk);
    for (const piece of older.pieces.slice(0, 3)) await store.receive(piece);
    for (const piece of newer.pieces) await store.receive(piece);
    assert.equal((await disk.list()).length, 1, "while it arrives");
    assert.equal(await store.check(newer.meta), true);
    await store.install(newer.meta);
    assert.equal((await disk.list()).length, 1, "when it is in force");
    assert.deepEqual(await collect(store.stream(9)), text(300));
  });

  it("H12 one that finds no room gives back what it has taken of it", async () => {
    const large = await imageOf(2000, snapshotMeta(5, 1));
    const small = await imageOf(500, snapshotMeta(9, 2));
    const disk = makeDisk({ capacityBytes: 1000 });
    const store = await open(disk);
    const receiveAll = async (pieces: readonly SnapshotPiece[]): Promise<void> => {
      for (const piece of pieces) await store.receive(piece);
    };
    await assert.rejects(receiveAll(large.pieces), hasCode("no-space"));
    assert.deepEqual(await disk.list(), []);
    await receiveAll(small.pieces);
    assert.equal(await store.check(small.meta), true);
    await store.install(small.meta);
    assert.deepEqual(store.newest(), small.meta);
  });

  it("E16 any flipped bit is found before the snapshot is put in force", async () => {
    const { pieces, meta } = await imageOf(80);
    let cases = 0;
    for (const [at, piece] of pieces.entries()) {
      for (let byte = 0; byte < piece.data.length; byte += 1) {
        const store = await open(makeDisk());
        const data = piece.data.slice();
        data[byte] = (data[byte] ?? 0) ^ (1 << (byte % 8));
        for (const [other, good] of pieces.entries()) {
          await store.receive(other === at ? { ...good, data } : good);
        }
        assert.equal(await store.check(meta), false, `piece ${at} byte ${byte}`);
        await assert.rejects(store.install(meta), InvariantError);
        cases += 1;
      }
    }
    assert.ok(cases > 100, `${cases} cases`);
  });

  it("an incomplete one, or another than announced, fails the check", async () => {
    const { pieces, meta } = await imageOf(200);
    const store = await open(makeDisk());
    assert.equal(await store.check(meta), false);
    for (const piece of pieces.slice(0, -1)) await store.receive(piece);
    assert.equal(await store.check(meta), false);
    const wrong = snapshotMeta(meta.index, meta.term + 1);
    for (const piece of pieces) await store.receive({ ...piece, snapshot: wrong });
    assert.equal(await store.check(wrong), false);
    assert.equal(await store.check(meta), false);
  });

  it("D12 E7 one of another cluster fails the check", async () => {
    const { pieces, meta } = await imageOf(200);
    const other = { clusterId: 99, nodeId: 3 };
    const store = await openSnapshots(makeDisk(), { identity: other, chunkBytes: CHUNK_BYTES });
    for (const piece of pieces) await store.receive(piece);
    assert.equal(await store.check(meta), false);
  });

  it("a gap, or a piece without its beginning, is a bug of the caller", async () => {
    const { pieces } = await imageOf(200);
    const store = await open(makeDisk());
    await assert.rejects(store.receive(pieceAt(pieces, 1)), InvariantError);
    await store.receive(pieceAt(pieces, 0));
    await assert.rejects(store.receive(pieceAt(pieces, 2)), InvariantError);
    const other = { ...pieceAt(pieces, 1), snapshot: snapshotMeta(999, 9) };
    await assert.rejects(store.receive(other), InvariantError);
  });

  it("a snapshot that is gone, or a disk that can't read it, gives no piece", async () => {
    let failing = false;
    const disk = makeDisk({
      onOperation: (_count, operation) => (failing && operation === "read" ? "io" : undefined),
    });
    const store = await open(disk);
    for (const index of [1, 2, 3]) await store.save(snapshotMeta(index, 1), [text(50)]);
    assert.equal(await store.piece(1, 0), undefined);
    assert.equal((await store.piece(3, 0))?.data.length, CHUNK_BYTES);
    failing = true;
    assert.equal(await store.piece(3, 0), undefined);
  });

  it("close lets go of what was arriving", async () => {
    const { pieces } = await imageOf(200);
    const disk = makeDisk();
    const store = await open(disk);
    await store.receive(pieceAt(pieces, 0));
    await store.close();
    await store.close();
    assert.equal((await open(disk)).newest(), undefined);
    assert.deepEqual(await disk.list(), []);
  });
});

describe("openSnapshots", () => {
  it("E16 falls back to the older one when a bit of the newest has flipped, and says so", async () => {
    const { disk, newest } = await twoSaved();
    const length = disk.bytesOf(newest).length;
    let cases = 0;
    for (let offset = 0; offset < length; offset += 1) {
      const copy = disk.kill();
      copy.flipBit(newest, offset, offset % 8);
      const store = await open(copy);
      assert.equal(store.newest()?.index, 10, `offset ${offset}`);
      assert.equal(store.damaged[0]?.name, newest);
      const { error } = store.damaged[0] ?? {};
      assert.ok(error instanceof SnapshotDamagedError || error instanceof StoreVersionError);
      assert.deepEqual(await collect(store.stream(10)), text(60));
      cases += 1;
    }
    assert.ok(cases > 80, `${cases} cases`);
  });

  it("falls back when the newest is cut short, lengthened or unreadable", async () => {
    const { disk, newest } = await twoSaved();
    for (let size = 0; size < disk.bytesOf(newest).length; size += 1) {
      const copy = disk.kill();
      await (await copy.open(newest)).truncate(size);
      assert.equal((await open(copy)).newest()?.index, 10, `cut to ${size}`);
    }
    const longer = disk.kill();
    (await longer.open(newest)).write(longer.bytesOf(newest).length, Uint8Array.of(0));
    assert.equal((await open(longer)).newest()?.index, 10);
    const unreadable = disk.kill({
      onOperation: (_count, operation, name) =>
        operation === "read" && name === newest ? "io" : undefined,
    });
    const store = await open(unreadable);
    assert.equal(store.newest()?.index, 10);
    assert.equal(store.damaged.length, 1);
  });

  it("H14 keeps a damaged file until two newer ones are good", async () => {
    const { disk, newest } = await twoSaved();
    disk.flipBit(newest, 60, 1);
    const store = await open(disk);
    await store.save(snapshotMeta(30, 2), [text(1)]);
    assert.ok((await disk.list()).includes(newest));
    await store.save(snapshotMeta(40, 2), [text(1)]);
    assert.ok(!(await disk.list()).includes(newest));
  });

  it("a damaged snapshot that is read anyway ends in a typed error", async () => {
    const { disk, store, newest } = await twoSaved();
    disk.flipBit(newest, disk.bytesOf(newest).length - 1, 0);
    await assert.rejects(collect(store.stream(20)), SnapshotDamagedError);
  });

  it("refuses the snapshots of another cluster", async () => {
    const { disk } = await twoSaved();
    const options = { identity: { clusterId: 8, nodeId: 3 }, chunkBytes: CHUNK_BYTES };
    await assert.rejects(openSnapshots(disk, options), StoreIdentityError);
  });

  it("a snapshot under another one's name is not used", async () => {
    const { disk, newest } = await twoSaved();
    await disk.rename(newest, "snapshot-00000000000000ff.snap");
    assert.equal((await open(disk)).newest()?.index, 10);
  });
});

function pieceAt(pieces: readonly SnapshotPiece[], at: number): SnapshotPiece {
  const piece = pieces[at];
  assert.ok(piece !== undefined);
  return piece;
}

async function twoSaved(): Promise<{ disk: SimDisk; store: SnapshotStore; newest: string }> {
  const disk = makeDisk();
  const store = await open(disk);
  await store.save(snapshotMeta(10, 1), [text(60)]);
  await store.save(snapshotMeta(20, 2), [text(60)]);
  return { disk, store, newest: "snapshot-0000000000000014.snap" };
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DiskError && error.code === code;
}
