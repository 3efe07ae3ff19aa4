/** What counts as durable, and what does not although it looks like it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Raft } from "@holdfast/raft";
import { type DiskFile, openSnapshots } from "@holdfast/replica";
import { DiskFaults, DurableLog, Random, Readings, type SimDisk } from "@holdfast/sim";
import { IDENTITY, write } from "@holdfast/testkit";
import {
  entries,
  foundBy,
  makeDisk,
  openLog,
  type Setting,
  saidBy,
  startedFrom,
} from "./durable-scenes.ts";

const FIRST = "wal-0000000000000001.log";
const SECOND = "wal-0000000000000002.log";

function watch(disk: SimDisk): DurableLog {
  return new DurableLog(disk, { identity: IDENTITY });
}

async function put(disk: SimDisk, name: string, bytes: Uint8Array): Promise<DiskFile> {
  const file = await disk.create(name);
  file.write(0, bytes);
  return file;
}

/** Lets the log write until nothing is left to do. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** Three batches in one segment, entry k in batch k, and the disk as it was before the third. */
async function threeBatches(): Promise<{ disk: SimDisk; durable: DurableLog; early: SimDisk }> {
  const disk = makeDisk();
  const durable = watch(disk);
  const { wal } = await openLog(disk);
  await wal.append(write({ hardState: { term: 1, vote: 2 }, entries: entries(1, 1, 1) }));
  await wal.append(write({ entries: entries(2, 1, 1) }));
  const early = disk.copy();
  await wal.append(write({ entries: entries(3, 1, 1) }));
  return { disk, durable, early };
}

describe("durable log", () => {
  it("an empty disk promises nothing", () => {
    const durable = watch(makeDisk());
    assert.equal(saidBy(durable), "term 0 vote 0 after 0");
    assert.equal(durable.snapshotIndex, 0);
    assert.equal(durable.entryAt(1), undefined);
  });

  it("an entry counts from the end of the sync, not from the write", async () => {
    let isHung = false;
    const faults = new DiskFaults();
    const disk = makeDisk({ faults });
    const durable = watch(disk);
    const { wal } = await openLog(disk);
    const hang = faults.hang();
    const append = wal.append(
      write({ hardState: { term: 4, vote: 1 }, entries: entries(1, 2, 4) }),
    );
    void append.then(() => {
      isHung = true;
    });
    await settle();
    assert.equal(saidBy(durable), "term 0 vote 0 after 0");
    hang.lift();
    await append;
    assert.equal(isHung, true);
    assert.deepEqual(durable.hardState, { term: 4, vote: 1 });
    assert.deepEqual(durable.entryAt(2), entries(1, 2, 4)[1]);
    assert.equal(durable.entryAt(3), undefined);
  });

  it("records in a new segment count only when its name is durable", async () => {
    const { disk, early } = await threeBatches();
    // A restart puts the newest batch into a second segment: carry that over by hand.
    const { wal } = await openLog(early);
    await wal.append(write({ entries: entries(3, 2, 7) }));
    const fresh = watch(disk);
    const file = await put(disk, "wal-new.tmp", early.bytesOf(SECOND));
    await file.sync();
    await disk.rename("wal-new.tmp", SECOND);
    assert.equal(fresh.entryAt(3)?.term, 1);
    await disk.syncDirectory();
    assert.equal(fresh.entryAt(3)?.term, 7);
    assert.equal(fresh.lastIndex, 4);
  });

  it("a name that is durable before the bytes says nothing until they are", async () => {
    const { early } = await threeBatches();
    await openLog(early);
    const disk = makeDisk();
    const durable = watch(disk);
    const file = await put(disk, FIRST, early.bytesOf(FIRST));
    const next = await put(disk, SECOND, early.bytesOf(SECOND));
    await disk.syncDirectory();
    assert.equal(durable.lastIndex, 0);
    await next.sync();
    assert.equal(durable.lastIndex, 0);
    await file.sync();
    assert.equal(durable.lastIndex, 2);
  });

  it("a segment that continues before the last batch takes that batch away", async () => {
    const disk = makeDisk();
    const durable = watch(disk);
    const { wal } = await openLog(disk);
    await wal.append(write({ entries: entries(1, 2, 1) }));
    await wal.append(write({ hardState: { term: 2, vote: 3 } }));
    const early = disk.copy();
    await wal.append(write({ entries: entries(3, 1, 2) }));
    await openLog(early);
    assert.equal(durable.lastIndex, 3);
    const file = await put(disk, SECOND, early.bytesOf(SECOND));
    await file.sync();
    await disk.syncDirectory();
    assert.equal(durable.lastIndex, 2);
    assert.deepEqual(durable.hardState, { term: 2, vote: 3 });
  });

  it("what only a removed segment held is gone", async () => {
    const disk = makeDisk();
    const durable = watch(disk);
    const { wal } = await openLog(disk, { segmentBytes: 120, preallocate: false });
    for (let index = 1; index <= 12; index += 1) {
      await wal.append(write({ entries: entries(index, 1, 1, 20) }));
    }
    assert.ok((await disk.list()).length > 2);
    assert.equal(durable.entryAt(1)?.index, 1);
    await disk.remove(FIRST);
    assert.equal(durable.entryAt(1)?.index, 1, "a removal has to be synced, too");
    await disk.syncDirectory();
    assert.equal(durable.entryAt(1), undefined);
    assert.equal(durable.entryAt(12)?.index, 12);
  });

  it("what is cut off, or written over, and synced is gone", async () => {
    const { disk, durable } = await threeBatches();
    const spare = disk.copy();
    const file = await disk.open(FIRST);
    await file.truncate(file.size - 5);
    assert.equal(durable.lastIndex, 3);
    await file.sync();
    assert.equal(durable.lastIndex, 2);

    const other = watch(spare);
    const again = await spare.open(FIRST);
    again.write(again.size - 9, new Uint8Array(9));
    assert.equal(other.lastIndex, 3);
    await again.sync();
    assert.equal(other.lastIndex, 2);
  });

  it("damage in a finished segment ends what can be relied on", async () => {
    const { disk, early } = await threeBatches();
    const left = disk.crash({ keep: "none" });
    await openLog(left);
    // In the second batch.
    left.flipBit(FIRST, early.bytesOf(FIRST).length - 9, 1);
    const durable = watch(left.copy());
    assert.equal(durable.lastIndex, 1);
    await assert.rejects(openLog(left.copy()), { code: "WAL_DAMAGED" });
  });

  it("segments that were lost silently count no more from the next sync on", async () => {
    const { disk, durable } = await threeBatches();
    assert.equal(durable.lastIndex, 3);
    assert.deepEqual(disk.lose("wal"), [FIRST]);
    await disk.syncDirectory();
    assert.equal(saidBy(durable), "term 0 vote 0 after 0");
    const { wal } = await openLog(disk);
    await wal.append(write({ hardState: { term: 5, vote: 1 }, entries: entries(1, 2, 5) }));
    assert.deepEqual(durable.hardState, { term: 5, vote: 1 });
    assert.equal(durable.lastIndex, 2);
  });

  it("files of another node count for nothing", async () => {
    const { disk } = await threeBatches();
    const stranger = new DurableLog(disk.copy(), { identity: { clusterId: 7, nodeId: 4 } });
    assert.equal(stranger.lastIndex, 0);
    assert.deepEqual(stranger.hardState, { term: 0, vote: 0 });
  });

  it("what a failed sync has left does not count, nor what a later one seems to bring", async () => {
    const { disk, durable } = await threeBatches();
    const file = await disk.open(FIRST);
    const bytes = disk.bytesOf(FIRST);
    // The third batch is written once more as a fourth would be, but its sync fails.
    disk.faults.failNext("sync", "io", 1);
    file.write(bytes.length, bytes.subarray(bytes.length - 30));
    await assert.rejects(file.sync(), { code: "io" });
    await file.sync();
    assert.equal(durable.lastIndex, 3);
    assert.equal(saidBy(durable), foundBy((await openLog(disk.crash({ keep: "none" }))).recovered));
  });

  it("stays right over thousands of entries, compactions and used segments", async () => {
    for (const setting of [
      { segmentBytes: 2000, preallocate: true },
      { segmentBytes: 700, preallocate: false },
    ]) {
      await longRun(setting);
    }
  });

  it("keeps the entries that it is given in their place", async () => {
    const disk = makeDisk();
    const one = entries(1, 1, 1)[0];
    assert.ok(one !== undefined);
    const durable = new DurableLog(disk, { identity: IDENTITY, keep: () => one });
    const { wal } = await openLog(disk);
    await wal.append(write({ entries: entries(1, 1, 1) }));
    assert.equal(durable.entryAt(1), one);
  });

  it("what was read before a crash is read again only where the platter has changed", async () => {
    const disk = makeDisk();
    const readings = new Readings();
    let copied = 0;
    const follow = (one: SimDisk): DurableLog =>
      new DurableLog(one, {
        identity: IDENTITY,
        readings,
        keep: (entry) => {
          copied += 1;
          return { ...entry, data: entry.data.slice() };
        },
      });
    const durable = follow(disk);
    const { wal } = await openLog(disk, { segmentBytes: 300, preallocate: false });
    for (let last = 1; last <= 30; last += 1) {
      await wal.append(write({ entries: entries(last, 1, 1) }));
    }
    assert.ok(disk.has(FIRST) && disk.has(SECOND));
    const said = saidBy(durable);
    const whole = copied;
    const left = disk.crash({ keep: "none" });
    assert.equal(saidBy(follow(left)), said);
    assert.equal(copied, whole, "nothing has changed");
    left.flipBit(FIRST, left.bytesOf(FIRST).length >> 1, 0);
    const harmed = follow(left.kill());
    assert.ok(copied > whole, "a bit has");
    assert.notEqual(saidBy(harmed), said);
    assert.equal(saidBy(harmed), saidBy(watch(left.kill())));
  });
});

async function longRun(setting: Setting): Promise<void> {
  const disk = makeDisk();
  const durable = watch(disk);
  const { wal } = await openLog(disk, setting);
  for (let last = 3; last <= 3000; last += 3) {
    const compactTo = last % 30 === 0 ? last - 10 : 0;
    const more = entries(last - 2, 3, 1);
    await wal.append(write({ entries: more, compactTo, compactTerm: 1 }));
    assert.equal(durable.lastIndex, last);
    assert.deepEqual(durable.entryAt(last - 1), more[1]);
    assert.equal(durable.entryAt(durable.startIndex), undefined);
    assert.equal(durable.entryAt(durable.startIndex + 1)?.index, durable.startIndex + 1);
  }
  await settle();
  assert.ok(disk.usedBytes() < 20_000, "old segments have gone");
  const said = saidBy(durable);
  const left = disk.crash({ keep: "none" });
  assert.equal(saidBy(watch(left)), said);
  assert.equal(foundBy((await openLog(left, setting)).recovered), said);
}

describe("durable snapshots", () => {
  const meta = { index: 9, term: 2, members: { voters: [1, 2, 3] } };
  const open = (disk: SimDisk): ReturnType<typeof openSnapshots> =>
    openSnapshots(disk, { identity: IDENTITY, chunkBytes: 64 });

  it("a snapshot counts when its bytes and its name are durable", async () => {
    const disk = makeDisk();
    const durable = watch(disk);
    const store = await open(disk);
    await store.save(meta, [new Uint8Array(900).fill(7)]);
    assert.deepEqual(durable.snapshot, meta);
    await store.save({ ...meta, index: 12 }, [new Uint8Array(10)]);
    assert.equal(durable.snapshotIndex, 12);
    assert.equal(watch(disk.crash({ keep: "none" })).snapshotIndex, 12);
  });

  it("a durable name over bytes that were never synced is no snapshot", async () => {
    const source = makeDisk();
    const store = await open(source);
    await store.save(meta, [new Uint8Array(900).fill(7)]);
    const [name] = await source.list();
    assert.ok(name !== undefined);
    const disk = makeDisk();
    const durable = watch(disk);
    const file = await put(disk, "snapshot-saving.tmp", source.bytesOf(name));
    await disk.rename("snapshot-saving.tmp", name);
    await disk.syncDirectory();
    assert.equal(durable.snapshotIndex, 0);
    await file.sync();
    assert.equal(durable.snapshotIndex, 9);
  });

  it("a log that begins behind the newest snapshot has a gap before it", async () => {
    const disk = makeDisk();
    const durable = watch(disk);
    const store = await open(disk);
    const { wal } = await openLog(disk);
    await wal.append(write({ hardState: { term: 2, vote: 0 }, entries: entries(1, 12, 2) }));
    assert.equal(durable.isGapless, true);
    await store.save(meta, [new Uint8Array(10)]);
    await wal.append(write({ compactTo: 9, compactTerm: 2 }));
    assert.equal(durable.isGapless, true);
    await wal.append(write({ compactTo: 10, compactTerm: 2 }));
    assert.equal(durable.isGapless, false);
    await store.save({ ...meta, index: 11 }, [new Uint8Array(10)]);
    assert.equal(durable.isGapless, true);
  });

  it("a damaged one does not count, the one before it does", async () => {
    const disk = makeDisk();
    const store = await open(disk);
    await store.save(meta, [new Uint8Array(900).fill(7)]);
    await store.save({ ...meta, index: 12 }, [new Uint8Array(900).fill(8)]);
    const left = disk.crash({ keep: "none" });
    const done = left.damage("snapshot", "middle", "zero-sector", new Random(2));
    assert.ok(done !== undefined);
    const index = watch(left).snapshotIndex;
    assert.equal(index, done.name.endsWith("c.snap") ? 9 : 12);
    left.lose("snapshot");
    assert.equal(watch(left).snapshotIndex, 0);
  });
});

describe("durable log after a restart", () => {
  it("finds nothing missing in what the production log recovers", async () => {
    const { disk, durable } = await threeBatches();
    for (const keep of ["none", "all", "some"] as const) {
      const { recovered } = await openLog(disk.crash({ keep }));
      assert.equal(durable.missingIn(startedFrom(recovered)), undefined);
    }
    const killed = (await openLog(disk.kill())).recovered;
    assert.equal(durable.missingIn(startedFrom(killed)), undefined);
  });

  it("names a lost term, a lost vote, a lost entry and a lost snapshot", async () => {
    const { disk, durable, early } = await threeBatches();
    const { recovered } = await openLog(disk.crash({ keep: "none" }));
    const lacks = (raft: Raft): string => durable.missingIn(raft) ?? "nothing";
    assert.match(lacks(startedFrom({ ...recovered, entries: [] }, { term: 0 })), /older term/);
    assert.match(lacks(startedFrom(recovered, { vote: 0 })), /forgets a vote/);
    assert.match(lacks(startedFrom(recovered, { vote: 1 })), /forgets a vote/);
    assert.match(lacks(startedFrom((await openLog(early)).recovered)), /lacks an entry/);

    const saved = makeDisk();
    const store = await openSnapshots(saved, { identity: IDENTITY, chunkBytes: 64 });
    await store.save({ index: 9, term: 1, members: { voters: [1] } }, [new Uint8Array(3)]);
    const empty = startedFrom((await openLog(makeDisk())).recovered);
    assert.match(watch(saved).missingIn(empty) ?? "", /lacks a snapshot/);
  });

  it("what a cut takes back may be gone when the cut was written, though not yet durable", async () => {
    const { disk, durable } = await threeBatches();
    const { wal } = await openLog(disk);
    const before = durable.lastIndex;
    const hang = disk.faults.hang();
    const cut = wal.append(write({ truncateFrom: 3, entries: entries(3, 1, 2) }));
    await settle();
    assert.equal(durable.lastIndex, before);
    const left = disk.kill();
    hang.lift();
    await assert.rejects(cut);
    const raft = startedFrom((await openLog(left)).recovered);
    assert.equal(raft.log.termAt(3), 2);
    assert.equal(durable.missingIn(raft), undefined);
    raft.log.truncateFrom(2);
    assert.match(durable.missingIn(raft) ?? "", /lacks an entry/);
    raft.log.truncateFrom(1);
    assert.match(durable.missingIn(raft) ?? "", /lacks an entry/);
  });

  it("a log that a newer snapshot replaces may go", async () => {
    const { disk } = await threeBatches();
    const store = await openSnapshots(disk, { identity: IDENTITY, chunkBytes: 64 });
    await store.save({ index: 9, term: 2, members: { voters: [1, 2, 3] } }, [new Uint8Array(3)]);
    const durable = watch(disk);
    const start = { index: 9, term: 2 };
    const hardState = { term: 2, vote: 0 };
    const raft = startedFrom({ hardState, start, entries: [], tornBytes: 0 });
    assert.equal(durable.missingIn(raft), undefined);
  });
});
