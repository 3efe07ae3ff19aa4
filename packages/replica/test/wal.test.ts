/**
 * The write-ahead log on a healthy disk: what goes in comes back, in few writes and syncs, and
 * space is given back.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError, InvariantError, type Write } from "@holdfast/raft";
import { openWal, type Recovered, type Wal, WalClosedError } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { IDENTITY, write } from "@holdfast/testkit";
import { hasWal } from "../src/wal/open-wal.ts";
import { makeDisk } from "./crashes.ts";
import { entries, entry, model, snapshotMeta, summary } from "./writes.ts";

describe("wal", () => {
  it("a new log is empty", async () => {
    const disk = makeDisk();
    assert.equal(await hasWal(disk), false);
    const { wal, recovered } = await open(disk);
    assert.equal(summary(recovered), "term 0 vote 0 start 0^0");
    assert.equal(recovered.tornBytes, 0);
    assert.equal(await hasWal(disk), true);
    assert.equal(wal.lastIndex, 0);
    await wal.close();
  });

  it("gives back hard state and entries in the order they were written", async () => {
    const disk = makeDisk();
    const writes = [
      write({ hardState: { term: 1, vote: 3 } }),
      write({ entries: entries(1, 3, 1) }),
      write({ hardState: { term: 2, vote: 0 }, truncateFrom: 3, entries: entries(3, 4, 2) }),
    ];
    const { wal } = await open(disk);
    for (const one of writes) await wal.append(one);
    assert.equal(wal.lastIndex, 4);
    await wal.close();

    const { recovered } = await open(disk);

    assert.equal(summary(recovered), model(writes));
    assert.equal(recovered.tornBytes, 0);
  });

  it("keeps kinds, large numbers and empty and large payloads", async () => {
    const disk = makeDisk();
    const large = 2 ** 52;
    const first = write({
      hardState: { term: large, vote: large - 1 },
      snapshot: snapshotMeta(large, large),
    });
    const big = new Uint8Array(300_000).fill(5);
    const second = write({
      entries: [
        { index: large + 1, term: large, kind: "noop", data: new Uint8Array(0) },
        { index: large + 2, term: large, kind: "members", data: Uint8Array.of(1, 2) },
        { index: large + 3, term: large + 1, kind: "command", data: big },
      ],
    });
    const { wal } = await open(disk);
    await Promise.all([wal.append(first), wal.append(second)]);
    await wal.close();

    const { recovered } = await open(disk);

    assert.deepEqual(recovered.hardState, first.hardState);
    assert.deepEqual(recovered.start, { index: large, term: large });
    assert.deepEqual(recovered.entries, second.entries);
  });

  it("a recovered payload doesn't hold on to the whole segment", async () => {
    const disk = makeDisk();
    await (await open(disk)).wal.append(write({ entries: entries(1, 2, 1) }));
    const { recovered } = await open(disk.kill());
    for (const { data } of recovered.entries) assert.equal(data.buffer.byteLength, data.length);
  });

  it("what comes in one turn shares a write and a sync", async () => {
    const { wal, seen } = await openWatched();
    await Promise.all(entries(1, 50, 1).map((one) => wal.append(write({ entries: [one] }))));
    assert.deepEqual(seen, ["write", "sync"]);
    await wal.close();
  });

  it("what comes while a sync is under way shares the next write and sync", async () => {
    const [first, ...others] = entries(1, 50, 1);
    assert.ok(first !== undefined);
    const late: Promise<void>[] = [];
    const { wal, seen } = await openWatched((operation) => {
      if (operation !== "sync" || late.length > 0) return;
      for (const one of others) late.push(wal.append(write({ entries: [one] })));
    });
    await wal.append(write({ entries: [first] }));
    await Promise.all(late);
    assert.equal(wal.lastIndex, 50);
    assert.deepEqual(seen, ["write", "sync", "write", "sync"]);
    await wal.close();
  });

  it("those whom a sync has woken and who append again share the next one", async () => {
    const { wal, seen } = await openWatched();
    let index = 0;
    const writeThrice = async () => {
      for (let round = 1; round <= 3; round++) {
        index += 1;
        await wal.append(write({ entries: [entry(index, 1)] }));
      }
    };
    await Promise.all(Array.from({ length: 20 }, writeThrice));
    assert.equal(wal.lastIndex, 60);
    assert.deepEqual(seen, ["write", "sync", "write", "sync", "write", "sync"]);
    await wal.close();
  });

  it("appends resolve in the order of the calls", async () => {
    const { wal } = await open(makeDisk(), { segmentBytes: 100 });
    const order: number[] = [];
    const all = entries(1, 20, 1).map((one) =>
      wal.append(write({ entries: [one] })).then(() => order.push(one.index)),
    );
    await Promise.all(all);
    assert.deepEqual(
      order,
      entries(1, 20, 1).map((one) => one.index),
    );
    await wal.close();
  });

  it("an empty write is a barrier: it resolves after what went before, without I/O of its own", async () => {
    const disk = makeDisk();
    const { wal } = await open(disk);
    const order: string[] = [];
    const first = wal.append(write({ entries: [entry(1, 1)] })).then(() => order.push("entry"));
    const second = wal.append(write()).then(() => order.push("barrier"));
    await Promise.all([first, second]);
    assert.deepEqual(order, ["entry", "barrier"]);
    const operations = disk.operations;
    await wal.append(write());
    assert.equal(disk.operations, operations);
    await wal.close();
  });

  it("a log of many segments comes back whole", async () => {
    const disk = makeDisk();
    const writes = entries(1, 100, 1).map((one) => write({ entries: [one] }));
    const { wal } = await open(disk, { segmentBytes: 200 });
    for (const one of writes) await wal.append(one);
    assert.ok(wal.segmentCount > 10, `${wal.segmentCount} segments`);
    await wal.close();
    const { recovered } = await open(disk, { segmentBytes: 200 });
    assert.equal(summary(recovered), model(writes));
  });

  it("compaction lets old segments go, from disk too, and the log still comes back", async () => {
    const disk = makeDisk();
    const { wal } = await open(disk, { segmentBytes: 200 });
    const writes: Write[] = [];
    const append = async (one: Write): Promise<void> => {
      writes.push(one);
      await wal.append(one);
    };
    await append(write({ hardState: { term: 1, vote: 2 } }));
    for (const one of entries(1, 100, 1)) await append(write({ entries: [one] }));
    const before = wal.usedBytes;
    await append(write({ compactTo: 95, compactTerm: 1 }));
    assert.ok(wal.usedBytes < before / 5, `${before} to ${wal.usedBytes} bytes`);
    await wal.close();
    assert.equal(disk.usedBytes(), wal.usedBytes);
    const { recovered } = await open(disk, { segmentBytes: 200 });
    assert.equal(summary(recovered), model(writes));
  });

  it("segments are removed oldest first, each removal made durable before the next", async () => {
    const seen: string[] = [];
    const disk = makeDisk({
      onOperation: (_count, operation, name) => {
        if (operation === "remove" || operation === "sync-directory") {
          seen.push(operation === "remove" ? name : "sync");
        }
        return undefined;
      },
    });
    const { wal } = await open(disk, { segmentBytes: 200 });
    for (const one of entries(1, 30, 1)) await wal.append(write({ entries: [one] }));
    seen.length = 0;
    await wal.append(write({ compactTo: 30, compactTerm: 1 }));
    await wal.close();
    const removed = seen.filter((one) => one !== "sync");
    assert.ok(removed.length > 3, `${removed.length} removed`);
    assert.deepEqual(removed, [...removed].sort());
    for (const name of removed) assert.equal(seen[seen.indexOf(name) + 1], "sync");
  });

  it("a snapshot in force empties the log and lets all older segments go", async () => {
    const disk = makeDisk();
    const { wal } = await open(disk, { segmentBytes: 200 });
    for (const one of entries(1, 50, 1)) await wal.append(write({ entries: [one] }));
    await wal.append(write({ snapshot: snapshotMeta(80, 3), hardState: { term: 3, vote: 0 } }));
    await wal.append(write({ entries: entries(81, 82, 3) }));
    await wal.close();
    const { wal: again, recovered } = await open(disk, { segmentBytes: 200 });
    const expected = "term 3 vote 0 start 80^3 81^3c:entry-81-3 82^3c:entry-82-3";
    assert.equal(summary(recovered), expected);
    assert.ok(again.segmentCount <= 3, `${again.segmentCount} segments`);
    await again.close();
  });

  it("a state as small as the course asks for: 30 short entries take less than 2,000 bytes", async () => {
    const { wal } = await open(makeDisk(), { segmentBytes: 512 });
    let most = 0;
    for (let index = 1; index <= 600; index += 1) {
      const term = Math.ceil(index / 60);
      await wal.append(
        write({ hardState: { term, vote: 1 }, entries: [entry(index, term, "123456789")] }),
      );
      if (index % 10 === 0 && index > 30) {
        await wal.append(
          write({ compactTo: index - 30, compactTerm: Math.ceil((index - 30) / 60) }),
        );
      }
      most = Math.max(most, wal.usedBytes);
    }
    assert.ok(most < 2000, `${most} bytes`);
    await wal.close();
  });

  it("an entry in a batch costs at most 12 bytes over its payload", async () => {
    const { wal } = await open(makeDisk());
    const before = wal.usedBytes;
    await wal.append(write({ entries: entries(1, 100, 1) }));
    const payload = entries(1, 100, 1).reduce((sum, one) => sum + one.data.length, 0);
    const overhead = (wal.usedBytes - before - payload) / 100;
    assert.ok(overhead < 2, `${overhead} bytes per entry`);
    await wal.append(write({ entries: [entry(101, 1, "x")] }));
    const single = wal.usedBytes - before - payload - overhead * 100 - 1;
    assert.ok(single <= 16, `${single} bytes for a single one`);
    await wal.close();
  });

  it("restarting again and again without new writes takes no more space", async () => {
    let disk = makeDisk();
    const { wal } = await open(disk);
    await wal.append(write({ entries: entries(1, 5, 1) }));
    await wal.close();
    let used = 0;
    for (let round = 0; round < 10; round += 1) {
      disk = disk.kill();
      const { wal: again, recovered } = await open(disk);
      assert.equal(recovered.entries.length, 5);
      if (round > 0) assert.equal(again.usedBytes, used);
      used = again.usedBytes;
    }
  });
});

describe("wal with preallocated segments", () => {
  it("writes into space that is allocated, and uses old segments again", async () => {
    const seen = new Set<string>();
    const disk = makeDisk({
      onOperation: (_count, operation, name) => {
        seen.add(`${operation} ${name.startsWith("wal-0") ? "segment" : name}`);
        return undefined;
      },
    });
    const options = { segmentBytes: 2000, preallocate: true };
    const { wal } = await open(disk, options);
    const writes: Write[] = [];
    for (let index = 1; index <= 600; index += 1) {
      writes.push(write({ entries: [entry(index, 1)] }));
      if (index % 100 === 0) writes.push(write({ compactTo: index - 10, compactTerm: 1 }));
    }
    for (const one of writes) await wal.append(one);
    await wal.close();
    assert.ok(seen.has("rename segment"), "a segment became the spare");
    assert.ok(seen.has("rename wal-spare.tmp"), "the spare became a segment");
    const { recovered } = await open(disk, options);
    assert.equal(summary(recovered), model(writes));
  });

  it("old records in a recycled segment are never taken for new ones", async () => {
    const options = { segmentBytes: 1000, preallocate: true };
    let disk = makeDisk();
    const writes: Write[] = [];
    for (let round = 0; round < 30; round += 1) {
      const { wal, recovered } = await open(disk, options);
      assert.equal(summary(recovered), model(writes), `round ${round}`);
      assert.equal(recovered.tornBytes, 0, `round ${round}`);
      for (let count = 0; count < 17; count += 1) {
        const index = round * 17 + count + 1;
        const one = write({ entries: [entry(index, 1)], compactTo: index, compactTerm: 1 });
        writes.push(one);
        await wal.append(one);
      }
      disk = disk.kill();
    }
  });

  it("a disk with room for the log but not for a spare is no failure", async () => {
    const disk = makeDisk({ capacityBytes: 3000 });
    const { wal } = await open(disk, { segmentBytes: 2500, preallocate: true });
    for (const one of entries(1, 60, 1)) await wal.append(write({ entries: [one] }));
    await wal.close();
    assert.equal(wal.failure, undefined);
    const { recovered } = await open(disk, { segmentBytes: 2500, preallocate: false });
    assert.equal(recovered.entries.length, 60);
  });
});

describe("wal refuses", () => {
  it("an append after close", async () => {
    const { wal } = await open(makeDisk());
    await wal.close();
    await wal.close();
    await assert.rejects(wal.append(write()), WalClosedError);
  });

  it("segmentBytes that make no sense", async () => {
    for (const segmentBytes of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(open(makeDisk(), { segmentBytes }), ConfigError);
    }
  });

  const contradictions: readonly [string, Write][] = [
    ["a gap between entries", write({ entries: [entry(7, 1)] })],
    ["a truncation before the start", write({ truncateFrom: 2 })],
    ["a compaction past the end", write({ compactTo: 9, compactTerm: 1 })],
    ["a compaction that goes back", write({ compactTo: 1, compactTerm: 1 })],
    ["a snapshot that goes back", write({ snapshot: snapshotMeta(1, 1) })],
    ["a term that goes back", write({ hardState: { term: 1, vote: 0 } })],
    ["a second vote in a term", write({ hardState: { term: 2, vote: 1 } })],
  ];
  for (const [what, bad] of contradictions) {
    it(`${what}, and nothing of it is kept`, async () => {
      const disk = makeDisk();
      const { wal } = await open(disk);
      const good = [
        write({ hardState: { term: 2, vote: 3 }, entries: entries(1, 5, 1) }),
        write({ compactTo: 2, compactTerm: 1 }),
      ];
      for (const one of good) await wal.append(one);
      await assert.rejects(wal.append(bad), InvariantError);
      await wal.close();
      assert.equal(summary((await open(disk)).recovered), model(good));
    });
  }
});

/** A log together with the operations on its disk from now on; `hook` is told of each. */
async function openWatched(
  hook: (operation: string) => void = () => {},
): Promise<{ wal: Wal; seen: string[] }> {
  const seen: string[] = [];
  let isOpen = false;
  const onOperation = (_count: number, operation: string): undefined => {
    if (!isOpen) return;
    seen.push(operation);
    hook(operation);
  };
  const { wal } = await open(makeDisk({ onOperation }));
  isOpen = true;
  return { wal, seen };
}

function open(
  disk: SimDisk,
  options: { segmentBytes?: number; preallocate?: boolean } = {},
): Promise<{ wal: Wal; recovered: Recovered }> {
  return openWal(disk, { identity: IDENTITY, segmentBytes: 4096, preallocate: false, ...options });
}
