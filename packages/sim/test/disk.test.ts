/**
 * The simulated disk: it keeps the port's promises, and breaks everything that the port does not
 * promise.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Clock, DiskError } from "@holdfast/replica";
import { Random, SECTOR_BYTES, SimDisk, type SimDiskOptions } from "@holdfast/sim";
import { diskSuite } from "@holdfast/testkit";

diskSuite("SimDisk", async () => ({ disk: makeDisk() }));

describe("SimDisk after a power loss", () => {
  it("keeps exactly what was synced when nothing else survives", async () => {
    const disk = makeDisk();
    const file = await disk.create("file");
    file.write(0, bytes(600, 1));
    await file.sync();
    await disk.syncDirectory();
    file.write(100, bytes(600, 2));
    await disk.create("unsynced-name");

    const left = disk.crash({ keep: "none" });

    assert.deepEqual(await left.list(), ["file"]);
    assert.deepEqual(left.bytesOf("file"), bytes(600, 1));
  });

  it("keeps everything written when all of it happens to survive", async () => {
    const disk = makeDisk();
    const file = await disk.create("file");
    file.write(0, bytes(700, 3));
    const left = disk.crash({ keep: "all" });
    assert.deepEqual(left.bytesOf("file"), bytes(700, 3));
  });

  it("keeps or loses each unsynced sector on its own", async () => {
    const disk = makeDisk();
    const file = await disk.create("file");
    file.write(0, bytes(8 * SECTOR_BYTES, 1));
    await file.sync();
    await disk.syncDirectory();
    file.write(0, bytes(8 * SECTOR_BYTES, 2));

    const patterns = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      const after = disk.crash({ keep: "some" }).bytesOf("file");
      const pattern = Array.from({ length: 8 }, (_, k) => {
        const sector = after.subarray(k * SECTOR_BYTES, (k + 1) * SECTOR_BYTES);
        assert.ok(
          sector.every((byte) => byte === sector[0]),
          "a sector is old or new, never mixed",
        );
        return sector[0];
      });
      patterns.add(pattern.join(""));
    }
    assert.ok(patterns.size > 30, `only ${patterns.size} different outcomes`);
  });

  it("loses a rename that no directory sync covered, and keeps one that was covered", async () => {
    const disk = makeDisk();
    const file = await disk.create("old");
    file.write(0, bytes(3, 1));
    await file.sync();
    await disk.syncDirectory();
    await disk.rename("old", "new");
    assert.deepEqual(await disk.crash({ keep: "none" }).list(), ["old"]);

    const second = disk.kill();
    await second.syncDirectory();
    assert.deepEqual(await second.crash({ keep: "none" }).list(), ["new"]);
  });

  it("can leave a durable name with no bytes in it", async () => {
    const disk = makeDisk();
    const file = await disk.create("file");
    file.write(0, bytes(10, 1));
    await disk.syncDirectory();
    assert.equal(disk.crash({ keep: "none" }).bytesOf("file").length, 0);
  });

  it("tears the last write at any byte", async () => {
    const disk = makeDisk();
    const file = await disk.create("file");
    file.write(0, bytes(10, 1));
    await file.sync();
    await disk.syncDirectory();
    file.write(5, bytes(10, 2));
    assert.equal(disk.unsyncedWriteBytes, 10);
    for (let torn = 0; torn <= 10; torn += 1) {
      const after = disk.crash({ keep: "none", tornBytes: torn }).bytesOf("file");
      const expected = new Uint8Array(Math.max(10, torn === 0 ? 0 : 5 + torn));
      expected.set(bytes(10, 1));
      expected.set(bytes(torn, 2), 5);
      assert.deepEqual(after, expected);
    }
  });

  it("is repeatable from the seed", async () => {
    const run = async (): Promise<string> => {
      const disk = makeDisk();
      const file = await disk.create("file");
      file.write(0, bytes(4000, 1));
      await disk.syncDirectory();
      return disk.crash({ keep: "some" }).bytesOf("file").join();
    };
    assert.equal(await run(), await run());
  });

  it("a sync that was reported is durable, at whatever moment the disk dies", async () => {
    let resolved = 0;
    for (let turns = 0; turns < 12; turns += 1) {
      if (await syncAndCrash(turns)) resolved += 1;
    }
    assert.ok(resolved > 0 && resolved < 12, `${resolved} of 12 syncs ended in time`);
  });

  it("rejects everything on the dead disk with closed, also what was under way", async () => {
    const timers: (() => void)[] = [];
    const disk = makeDisk({ clock: clockOf(timers), syncMs: () => 5 });
    const file = await disk.create("file");
    const sync = file.sync();
    disk.crash({ keep: "none" });
    for (const run of timers) run();
    await assert.rejects(sync, isClosed);
    await assert.rejects(disk.list(), isClosed);
    await assert.rejects(file.read(0, 1), isClosed);
    assert.throws(() => file.write(0, bytes(1, 1)), isClosed);
  });
});

describe("SimDisk faults", () => {
  it("kill keeps unsynced bytes readable but no more durable than before", async () => {
    const disk = makeDisk();
    const file = await disk.create("file");
    await disk.syncDirectory();
    file.write(0, bytes(10, 1));
    const second = disk.kill();
    assert.deepEqual(second.bytesOf("file"), bytes(10, 1));
    assert.equal(second.crash({ keep: "none" }).bytesOf("file").length, 0);
  });

  it("a failed sync leaves pages that look right, count as clean and may be gone", async () => {
    let failing = true;
    const disk = makeDisk({
      random: () => 0.9,
      onOperation: (_count, operation) => (operation === "sync" && failing ? "io" : undefined),
    });
    const file = await disk.create("file");
    await disk.syncDirectory();
    file.write(0, bytes(10, 1));
    await assert.rejects(file.sync(), (error) => error instanceof DiskError && error.code === "io");
    failing = false;
    await file.sync();
    assert.deepEqual([...(await file.read(0, 10))], [...bytes(10, 1)]);
    assert.deepEqual(disk.crash({ keep: "all" }).bytesOf("file"), new Uint8Array(10));
  });

  it("a write made during a sync is not covered by it", async () => {
    const timers: (() => void)[] = [];
    const disk = makeDisk({ clock: clockOf(timers), syncMs: () => 5 });
    const file = await disk.create("file");
    file.write(0, bytes(10, 1));
    const both = Promise.all([file.sync(), disk.syncDirectory()]);
    file.write(0, bytes(10, 2));
    for (const run of timers) run();
    await both;
    assert.deepEqual(disk.crash({ keep: "none" }).bytesOf("file"), bytes(10, 1));
  });

  it("a full disk takes what fits and says no-space", async () => {
    const disk = makeDisk({ capacityBytes: 100 });
    const file = await disk.create("file");
    file.write(0, bytes(90, 1));
    assert.throws(
      () => file.write(90, bytes(20, 2)),
      (error) => error instanceof DiskError && error.code === "no-space",
    );
    assert.equal(disk.usedBytes(), 100);
    file.write(0, bytes(90, 3));
    await disk.remove("file");
    assert.equal(disk.usedBytes(), 0);
  });

  it("counts operations and fails the one that the hook names", async () => {
    const seen: string[] = [];
    const disk = makeDisk({
      onOperation: (count, operation, name) => {
        seen.push(`${count} ${operation} ${name}`);
        return count === 3 ? "no-space" : undefined;
      },
    });
    const file = await disk.create("file");
    file.write(0, bytes(1, 1));
    assert.throws(() => file.write(1, bytes(1, 1)), DiskError);
    assert.deepEqual(seen, ["1 create file", "2 write file", "3 write file"]);
    assert.equal(disk.operations, 3);
  });

  it("a flipped bit changes what is read and nothing else", async () => {
    const disk = makeDisk();
    const file = await disk.create("file");
    file.write(0, bytes(4, 0));
    await file.sync();
    await disk.syncDirectory();
    disk.flipBit("file", 2, 3);
    assert.deepEqual([...(await file.read(0, 4))], [0, 0, 8, 0]);
    assert.deepEqual([...disk.crash({ keep: "none" }).bytesOf("file")], [0, 0, 8, 0]);
  });
});

/**
 * Crashes that many microtasks after the start of two syncs; true when that of the bytes was
 * reported.
 */
async function syncAndCrash(turns: number): Promise<boolean> {
  const disk = makeDisk();
  const file = await disk.create("file");
  file.write(0, bytes(10, 1));
  const both = Promise.allSettled([file.sync(), disk.syncDirectory()]);
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
  const left = disk.crash({ keep: "none" });
  const [data, name] = await both;
  const isThere = (await left.list()).includes("file");
  if (name.status === "fulfilled") assert.ok(isThere, `name lost after ${turns} turns`);
  if (data.status === "fulfilled" && isThere) assert.equal(left.bytesOf("file").length, 10);
  return data.status === "fulfilled";
}

function makeDisk(options: Partial<SimDiskOptions> = {}): SimDisk {
  const random = new Random(1);
  return new SimDisk({ random: () => random.fraction(), ...options });
}

function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

function clockOf(timers: (() => void)[]): Clock {
  return {
    now: () => 0,
    setTimer: (_delayMs, run) => {
      timers.push(run);
      return { cancel: () => undefined };
    },
    soon: (run) => {
      timers.push(run);
    },
  };
}

function isClosed(error: unknown): boolean {
  return error instanceof DiskError && error.code === "closed";
}
