/** A simulated disk in a process that pauses and dies, and faults that come and go in use. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type DiskOperation, Process, type SimDisk } from "@holdfast/sim";
import { bytes, Scene, stored } from "./disk-scene.ts";

describe("SimDisk in a process", () => {
  it("tells a paused process at the end of the pause, though the platter has the bytes before", async () => {
    const scene = new Scene();
    scene.faults.syncMs = 5;
    await scene.run(async () => {
      const file = await scene.disk.create("file");
      file.write(0, bytes(4, 1));
      scene.follow("sync", Promise.all([file.sync(), scene.disk.syncDirectory()]));
      scene.process.pause();
      await scene.sleep(20);
      assert.deepEqual(scene.ended, []);
      assert.deepEqual(scene.disk.copy().crash({ keep: "none" }).bytesOf("file"), bytes(4, 1));
      scene.process.resume();
      await scene.sleep(1);
    });
    assert.deepEqual(scene.ended, ["sync done 20"]);
  });

  it("tells a dead process nothing, takes nothing more from it, and does not throw", async () => {
    const scene = new Scene();
    await scene.run(async () => {
      const file = await stored(scene.disk);
      scene.faults.syncMs = 5;
      file.write(0, bytes(10, 2));
      scene.follow("sync before", file.sync());
      scene.process.kill();
      assert.equal(scene.disk.isAlive, false);
      file.write(0, bytes(10, 3));
      const { disk } = scene;
      scene.follow("sync", file.sync());
      scene.follow("read", file.read(0, 1));
      scene.follow("close", file.close());
      scene.follow("list", disk.list());
      scene.follow("open", disk.open("absent"));
      scene.follow("create", disk.create("other"));
      scene.follow("sync-directory", disk.syncDirectory());
      await scene.sleep(100);
      const left = disk.crash({ keep: "none" }, { process: new Process(scene.scheduler) });
      assert.deepEqual(await left.list(), ["file"]);
      assert.deepEqual(left.bytesOf("file"), bytes(10, 1), "the sync was not over");
      assert.deepEqual(disk.kill().bytesOf("file"), bytes(10, 2));
    });
    assert.deepEqual(scene.ended, []);
  });

  it("a crash before an operation leaves no effect, one after it leaves the effect", async () => {
    const operations: readonly DiskOperation[] = ["create", "write", "sync", "sync-directory"];
    const found: Record<string, string> = {};
    for (const operation of operations) {
      for (const side of ["before", "after"] as const) {
        const scene = new Scene();
        const die = (now: DiskOperation): undefined => {
          if (now === operation) scene.process.kill();
        };
        if (side === "before") scene.disk.beforeOperation = (_count, now) => die(now);
        else scene.disk.afterOperation = die;
        await scene.run(async () => {
          scene.follow("all", stored(scene.disk));
          await scene.sleep(1);
        });
        assert.deepEqual(scene.ended, [], "the process hears of nothing");
        const visible = scene.disk.kill();
        const durable = scene.disk.crash({ keep: "none" });
        const inspect = (disk: SimDisk): number =>
          disk.has("file") ? disk.bytesOf("file").length : -1;
        found[`${side} ${operation}`] = `${inspect(visible)} ${inspect(durable)}`;
      }
    }
    assert.deepEqual(found, {
      "before create": "-1 -1",
      "after create": "0 -1",
      "before write": "0 -1",
      "after write": "10 -1",
      "before sync": "10 -1",
      "after sync": "10 -1",
      // Both syncs were under way: that of the file has got there before.
      "before sync-directory": "10 -1",
      "after sync-directory": "10 10",
    });
  });

  it("counts operations and successful syncs", async () => {
    const scene = new Scene();
    await scene.run(() => stored(scene.disk));
    assert.equal(scene.disk.operations, 4);
    assert.equal(scene.disk.syncs, 2);
  });
});

describe("DiskFaults", () => {
  it("syncs take their time and jitter, other operations theirs", async () => {
    const scene = new Scene();
    await scene.run(async () => {
      const file = await stored(scene.disk);
      scene.faults.syncMs = 8;
      scene.faults.otherMs = 2;
      scene.follow("sync", file.sync());
      scene.follow("read", file.read(0, 1));
      scene.follow("open", scene.disk.open("absent"));
      await scene.sleep(10);
      assert.deepEqual(scene.ended.sort(), [
        "open failed (not-found) 2",
        "read done 2",
        "sync done 8",
      ]);
      scene.faults.syncJitterMs = 4;
      const ends = new Set<number>();
      for (let round = 0; round < 20; round += 1) {
        const begin = scene.scheduler.now;
        await file.sync();
        ends.add(scene.scheduler.now - begin);
      }
      assert.ok(Math.min(...ends) >= 8 && Math.max(...ends) <= 12.001 && ends.size > 10);
    });
  });

  it("a disk that hangs ends no sync and begins none until that is lifted", async () => {
    const scene = new Scene();
    await scene.run(async () => {
      const file = await stored(scene.disk);
      scene.faults.syncMs = 5;
      file.write(0, bytes(10, 2));
      scene.follow("begun", file.sync());
      const hang = scene.faults.hang();
      assert.equal(scene.faults.isHung, true);
      scene.follow("asked", scene.disk.syncDirectory());
      scene.follow("read", file.read(0, 10));
      await scene.sleep(50);
      assert.deepEqual(scene.ended, ["read done 0"]);
      assert.deepEqual(scene.disk.copy().crash({ keep: "none" }).bytesOf("file"), bytes(10, 1));
      hang.lift();
      await scene.sleep(50);
    });
    assert.deepEqual(scene.ended, ["read done 0", "begun done 50", "asked done 55"]);
  });

  it("a device that hangs still hangs for the next process", async () => {
    const scene = new Scene();
    await scene.run(async () => {
      await stored(scene.disk);
      const hang = scene.faults.hang();
      scene.process.kill();
      const left = scene.disk.crash({ keep: "none" }, { process: new Process(scene.scheduler) });
      const file = await left.open("file");
      scene.follow("sync", file.sync());
      await scene.sleep(5);
      assert.deepEqual(scene.ended, []);
      hang.lift();
      await scene.sleep(5);
    });
    assert.deepEqual(scene.ended, ["sync done 5"]);
  });

  it("the next so many operations of a kind fail, and no others", async () => {
    const scene = new Scene();
    const { disk, faults } = scene;
    await scene.run(async () => {
      const file = await stored(disk);
      faults.failNext("read", "io", 2);
      faults.failNext("create", "no-space", 1);
      await assert.rejects(file.read(0, 1), { code: "io" });
      await assert.rejects(disk.create("other"), { code: "no-space" });
      await assert.rejects(file.read(0, 1), { code: "io" });
      assert.deepEqual(await file.read(0, 1), bytes(1, 1));
      await disk.create("other");
      faults.failNext("write", "io", 1);
      assert.throws(() => file.write(0, bytes(10, 2)), { code: "io" });
      file.write(0, bytes(10, 2));
      for (const operation of ["list", "open", "rename", "remove", "truncate", "close"] as const) {
        faults.failNext(operation, "io", 1);
      }
      await assert.rejects(disk.list(), { code: "io" });
      await assert.rejects(disk.open("file"), { code: "io" });
      await assert.rejects(disk.rename("file", "new"), { code: "io" });
      await assert.rejects(disk.remove("file"), { code: "io" });
      await assert.rejects(file.truncate(0), { code: "io" });
      await assert.rejects(file.close(), { code: "io" });
      faults.failNext("sync-directory", "io", 5);
      await assert.rejects(disk.syncDirectory(), { code: "io" });
      faults.heal();
      await disk.syncDirectory();
      assert.deepEqual(await disk.list(), ["file", "other"]);
      assert.equal(file.size, 10);
    });
  });

  it("a disk that becomes full takes what fits, can be written over, and goes on when freed", async () => {
    const scene = new Scene();
    await scene.run(async () => {
      const file = await stored(scene.disk);
      scene.faults.capacityBytes = 14;
      assert.throws(() => file.write(8, bytes(10, 2)), { code: "no-space" });
      assert.equal(file.size, 14);
      scene.faults.capacityBytes = 5;
      file.write(0, bytes(14, 3));
      assert.throws(() => file.write(10, bytes(10, 4)), { code: "no-space" });
      assert.deepEqual(scene.disk.bytesOf("file"), Uint8Array.of(...bytes(10, 3), ...bytes(4, 4)));
      scene.faults.heal();
      file.write(14, bytes(10, 5));
      assert.equal(file.size, 24);
    });
  });

  it("of two times of slowness the greater counts, and each ends by itself", async () => {
    const scene = new Scene();
    const { faults } = scene;
    faults.syncMs = 2;
    await scene.run(async () => {
      const file = await stored(scene.disk);
      const took = async (): Promise<number> => {
        const begin = scene.scheduler.now;
        await file.sync();
        return scene.scheduler.now - begin;
      };
      const long = faults.slow(30);
      const short = faults.slow(10);
      assert.equal(await took(), 30);
      short.lift();
      assert.equal(await took(), 30, "the end of one is not the end of the other");
      const again = faults.slow(10);
      long.lift();
      long.lift();
      assert.equal(await took(), 10);
      again.lift();
      assert.equal(await took(), 2);
      faults.slow(1);
      assert.equal(await took(), 2, "nothing gets faster");
    });
  });

  it("a disk that hangs twice goes on when both are lifted", async () => {
    const scene = new Scene();
    const { faults } = scene;
    await scene.run(async () => {
      const file = await stored(scene.disk);
      const first = faults.hang();
      const second = faults.hang();
      scene.follow("sync", file.sync());
      await scene.sleep(10);
      first.lift();
      first.lift();
      await scene.sleep(10);
      assert.equal(faults.isHung, true);
      second.lift();
      await scene.sleep(10);
    });
    assert.deepEqual(scene.ended, ["sync done 20"]);
  });

  it("a disk that fills up twice has the least room of both", async () => {
    const scene = new Scene();
    const { faults } = scene;
    await scene.run(async () => {
      const file = await stored(scene.disk);
      const roomy = faults.fill(20);
      const tight = faults.fill(10);
      roomy.lift();
      assert.throws(() => file.write(10, bytes(1, 2)), { code: "no-space" });
      const again = faults.fill(12);
      tight.lift();
      file.write(10, bytes(2, 2));
      assert.throws(() => file.write(12, bytes(1, 2)), { code: "no-space" });
      again.lift();
      file.write(12, bytes(100, 2));
      assert.equal(file.size, 112);
    });
  });

  it("a lie that ends within another one is no end of lying", () => {
    const { faults } = new Scene();
    const long = faults.lie();
    faults.lie().lift();
    assert.equal(faults.isLying, true);
    long.lift();
    assert.equal(faults.isLying, false);
  });

  it("the healing ends all of them, and what was to end later ends nothing that came after", () => {
    const { faults } = new Scene();
    faults.syncMs = 2;
    const before = [faults.slow(30), faults.slow(10), faults.hang(), faults.fill(5), faults.lie()];
    faults.heal();
    const { currentSyncMs, currentCapacityBytes, isHung, isLying } = faults;
    assert.deepEqual(
      { currentSyncMs, currentCapacityBytes, isHung, isLying },
      {
        currentSyncMs: 2,
        currentCapacityBytes: Number.POSITIVE_INFINITY,
        isHung: false,
        isLying: false,
      },
    );
    faults.hang();
    for (const one of before) one.lift();
    assert.equal(faults.isHung, true);
  });

  it("after a failed sync readers see the new bytes, or the old ones, by the file system", async () => {
    for (const after of ["keeps", "reverts"] as const) {
      const scene = new Scene();
      scene.faults.afterFailedSync = after;
      await scene.run(async () => {
        const file = await stored(scene.disk, 600);
        file.write(500, bytes(200, 2));
        scene.faults.failNext("sync", "io", 1);
        await assert.rejects(file.sync(), { code: "io" });
        const read = await file.read(0, 1000);
        await file.sync();
        const durable = scene.disk.crash({ keep: "none" }).bytesOf("file");
        if (after === "reverts") {
          assert.deepEqual(read, bytes(600, 1));
          assert.deepEqual(durable, bytes(600, 1));
        } else {
          assert.deepEqual(read, Uint8Array.of(...bytes(500, 1), ...bytes(200, 2)));
          assert.equal(durable[0], 1);
        }
      });
    }
  });
});
