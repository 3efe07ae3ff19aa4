/** Damage is where it was asked for, changes something, and is such that a store can see it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  openSnapshots,
  readSegmentHeader,
  recordAt,
  StoreVersionError,
  WalDamagedError,
} from "@holdfast/replica";
import { type Damage, type DiskPlace, Random, type SimDisk } from "@holdfast/sim";
import { IDENTITY, write } from "@holdfast/testkit";
import { entries, foundBy, makeDisk, openLog, type Setting } from "./durable-scenes.ts";

const PLACES: readonly DiskPlace[] = ["head", "middle", "tail"];
const DAMAGES: readonly Damage[] = [
  "flip-bit",
  "zero-sector",
  "noise-sector",
  "truncate",
  "misdirected-write",
];

/** A log of several segments that was begun anew twice, and goes on. */
async function logged(setting: Setting): Promise<SimDisk> {
  let disk = makeDisk();
  for (let life = 0; life < 3; life += 1) {
    const { wal, recovered } = await openLog(disk, setting);
    const first = recovered.entries.length + 1;
    await wal.append(write({ hardState: { term: life + 1, vote: 3 } }));
    for (let index = first; index < first + 20; index += 1) {
      await wal.append(write({ entries: entries(index, 1, life + 1, 40) }));
    }
    if (life < 2) disk = disk.crash({ keep: "none" });
  }
  return disk.crash({ keep: "none" });
}

/** Where each record begins and ends. */
function recordsIn(name: string, bytes: Uint8Array): readonly { start: number; end: number }[] {
  const { crc, end: first } = readSegmentHeader(name, bytes, IDENTITY);
  const found: { start: number; end: number }[] = [];
  for (let start = first; ; ) {
    const record = recordAt(bytes, start, crc);
    if (record === undefined) return found;
    found.push({ start, end: record.end });
    start = record.end;
  }
}

/** A damaged version byte looks like a log of another release. */
function isRefusal(error: unknown): boolean {
  return error instanceof WalDamagedError || error instanceof StoreVersionError;
}

function openImages(disk: SimDisk): ReturnType<typeof openSnapshots> {
  return openSnapshots(disk, { identity: IDENTITY, chunkBytes: 256 });
}

async function withSnapshots(): Promise<SimDisk> {
  const disk = makeDisk();
  const store = await openImages(disk);
  for (const index of [5, 9]) {
    const meta = { index, term: 1, members: { voters: [1, 2, 3] } };
    await store.save(meta, [new Random(index).bytes(3000)]);
  }
  return disk.crash({ keep: "none" });
}

describe("damage to a log", () => {
  for (const setting of [
    { segmentBytes: 500, preallocate: false },
    { segmentBytes: 500, preallocate: true },
    { segmentBytes: 1 << 20, preallocate: false },
  ]) {
    const name = `segments of ${setting.segmentBytes} bytes${setting.preallocate ? ", preallocated" : ""}`;
    it(`is refused by the production log, whatever and wherever it is: ${name}`, async () => {
      const disk = await logged(setting);
      for (const place of PLACES) {
        for (const damage of DAMAGES) {
          for (let seed = 0; seed < 25; seed += 1) {
            const left = disk.copy();
            const done = left.damage("wal", place, damage, new Random(seed));
            assert.ok(done !== undefined);
            assert.ok(done.line.startsWith(done.name));
            assert.equal(done.passesForTorn, false);
            await assert.rejects(openLog(left, setting), isRefusal, done.line);
          }
        }
      }
    });
  }

  it("that may pass for a torn write says so, and such damage is what the log cuts off", async () => {
    const setting = { segmentBytes: 1 << 20, preallocate: false };
    const disk = await logged(setting);
    const whole = foundBy((await openLog(disk.copy(), setting)).recovered);
    let torn = 0;
    for (let seed = 0; seed < 60; seed += 1) {
      const left = disk.copy();
      const damage = DAMAGES[seed % DAMAGES.length] ?? "flip-bit";
      const done = left.damage("wal", "tail", damage, new Random(seed), { mayPassForTorn: true });
      assert.ok(done !== undefined);
      if (!done.passesForTorn) {
        await assert.rejects(openLog(left, setting), isRefusal, done.line);
        continue;
      }
      torn += 1;
      const found = foundBy((await openLog(left, setting)).recovered);
      assert.ok(whole.startsWith(found) && found.length < whole.length, done.line);
    }
    assert.ok(torn > 20, `only ${torn} of 60`);
  });

  it("hits the beginning, the end and what is between", async () => {
    const disk = await logged({ segmentBytes: 500, preallocate: false });
    const placesOf = (place: DiskPlace): ReadonlySet<string> => {
      const names = new Set<string>();
      for (let seed = 0; seed < 40; seed += 1) {
        names.add(disk.copy().damage("wal", place, "flip-bit", new Random(seed))?.name ?? "none");
      }
      return names;
    };
    const names = disk.names();
    assert.deepEqual([...placesOf("head")], names.slice(0, 1));
    assert.deepEqual([...placesOf("tail")], names.slice(-1));
    assert.ok(placesOf("middle").size > 3);
  });

  it("needs a log", () => {
    assert.equal(makeDisk().damage("wal", "head", "flip-bit", new Random(1)), undefined);
  });
});

describe("a misdirected write", () => {
  const setting = { segmentBytes: 700, preallocate: true };

  it("is refused or leaves all as it was, wherever good bytes of the node come to lie", async () => {
    const disk = await logged(setting);
    const whole = foundBy((await openLog(disk.copy(), setting)).recovered);
    let opened = 0;
    for (let seed = 0; seed < 1500; seed += 1) {
      const random = new Random(seed);
      const left = disk.copy();
      const names = left.names().filter((name) => name.startsWith("wal-"));
      const [from, to] = [names, names].map((all) => all[random.below(all.length)] ?? "");
      const source = left.bytesOf(from ?? "");
      const start = random.below(source.length);
      const bytes = source.subarray(start, start + 1 + random.below(600));
      const position = random.below(left.bytesOf(to ?? "").length);
      left.state.find(to ?? "")?.overwrite(position, bytes);
      try {
        // Free space, a spare, or the last batch: that may be gone, and nothing else takes its
        // place.
        const found = foundBy((await openLog(left, setting)).recovered);
        assert.ok(whole.startsWith(found), `seed ${seed}: ${found}`);
        opened += 1;
      } catch (error) {
        assert.ok(isRefusal(error), `seed ${seed}: ${String(error)}`);
      }
    }
    assert.ok(opened > 100 && opened < 1400, `${opened} of 1500`);
  });

  it("of a whole record, header or snapshot is told from the one that belongs there", async () => {
    const disk = await logged(setting);
    let whole = 0;
    for (let seed = 0; seed < 400; seed += 1) {
      const left = disk.copy();
      const place = PLACES[seed % PLACES.length] ?? "head";
      const done = left.damage("wal", place, "misdirected-write", new Random(seed));
      assert.ok(done !== undefined, `seed ${seed}`);
      const [, from = "", at = ""] = /are those of (\S+) at (\d+)$/.exec(done.line) ?? [];
      const moved = disk.bytesOf(from).subarray(Number(at), Number(at) + done.length);
      assert.deepEqual(
        left.bytesOf(done.name).slice(done.position, done.position + done.length),
        moved,
      );
      if (Number(at) % 512 !== 0 && done.position % 512 !== 0) whole += 1;
      await assert.rejects(openLog(left, setting), isRefusal, done.line);
    }
    assert.ok(whole > 50, `${whole} records`);
  });

  it("of any record over any other one never gives back an older vote, nor any other past", async () => {
    const roomy = { segmentBytes: 1 << 20, preallocate: false };
    const disk = makeDisk();
    const { wal } = await openLog(disk, roomy);
    for (let term = 1; term <= 6; term += 1) {
      await wal.append(write({ hardState: { term, vote: 0 } }));
      await wal.append(write({ hardState: { term, vote: 1 + (term % 3) } }));
      await wal.append(write({ entries: entries(term, 1, term) }));
    }
    await wal.append(write({ entries: entries(7, 1, 6) }));
    const [name = ""] = disk.names();
    const whole = foundBy((await openLog(disk.copy(), roomy)).recovered);
    const records = recordsIn(name, disk.bytesOf(name));
    assert.equal(records.length, 20);
    for (const [at, over] of records.entries()) {
      for (const { start, end } of records) {
        const left = disk.copy();
        left.state.find(name)?.overwrite(over.start, disk.bytesOf(name).subarray(start, end));
        if (start === over.start) continue;
        try {
          const found = foundBy((await openLog(left, roomy)).recovered);
          // The last batch may have been torn.
          assert.ok(
            at === records.length - 1 && whole.startsWith(found),
            `${start} at ${over.start}`,
          );
        } catch (error) {
          assert.ok(
            error instanceof WalDamagedError,
            `${start} at ${over.start}: ${String(error)}`,
          );
        }
      }
    }
  });

  it("of one snapshot over another of the same length is found, though it is whole", async () => {
    const disk = await withSnapshots();
    const [older = "", newer = ""] = disk.names();
    const left = disk.copy();
    left.state.find(newer)?.overwrite(0, disk.bytesOf(older));

    const store = await openImages(left);
    assert.match(String(store.damaged[0]?.error), /header belongs to another snapshot/);
    assert.equal(store.newest()?.index, 5);
  });

  it("does nothing where no other bytes are to be had", async () => {
    const disk = makeDisk();
    const file = await disk.create("snapshot-0000000000000001.snap");
    file.write(0, new Uint8Array(64));
    await file.sync();
    await disk.syncDirectory();
    const done = disk.damage("snapshot", "head", "misdirected-write", new Random(1));
    assert.equal(done, undefined);
  });
});

describe("damage to a snapshot", () => {
  it("is found by the production store, whatever and wherever it is", async () => {
    const disk = await withSnapshots();
    const hit = new Set<string>();
    for (const place of PLACES) {
      for (const damage of DAMAGES) {
        for (let seed = 0; seed < 25; seed += 1) {
          const left = disk.copy();
          const done = left.damage("snapshot", place, damage, new Random(seed));
          assert.ok(done !== undefined);
          hit.add(done.name);
          const store = await openImages(left);
          assert.deepEqual(
            store.damaged.map(({ name }) => name),
            [done.name],
            done.line,
          );
        }
      }
    }
    assert.equal(hit.size, 2);
  });

  it("outlives a power loss as well as a restart, and nothing else changes", async () => {
    const disk = await withSnapshots();
    const left = disk.copy();
    const done = left.damage("snapshot", "middle", "noise-sector", new Random(4));
    assert.ok(done !== undefined);
    for (const after of [left.copy(), left.crash({ keep: "none" })]) {
      for (const name of disk.names()) {
        const [before, now] = [disk.bytesOf(name), after.bytesOf(name)];
        const differing = [...before.keys()].filter((at) => before[at] !== now[at]);
        assert.equal(now.length, before.length);
        assert.equal(differing.length > 0, name === done.name);
        for (const at of differing) {
          assert.ok(at >= done.position && at < done.position + done.length);
        }
      }
    }
  });

  it("needs a snapshot", () => {
    assert.equal(makeDisk().damage("snapshot", "tail", "truncate", new Random(1)), undefined);
  });
});
