/** What is left of a simulated disk: copies, losses, devices that lie or die. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DiskFile } from "@holdfast/replica";
import { Process, SimDisk } from "@holdfast/sim";
import { bytes, Scene, stored } from "./disk-scene.ts";

describe("SimDisk copies and losses", () => {
  it("a copy is independent of the disk, and no more durable", async () => {
    const scene = new Scene();
    await scene.run(async () => {
      const file = await stored(scene.disk);
      file.write(10, bytes(5, 2));
      const old = scene.disk.copy({ process: new Process(scene.scheduler) });
      await file.sync();
      await scene.disk.remove("file");
      assert.equal(scene.disk.has("file"), false);
      assert.equal(old.bytesOf("file").length, 15);
      assert.deepEqual(old.crash({ keep: "none" }).bytesOf("file"), bytes(10, 1));
    });
  });

  it("a copied directory leaves the faults of its device behind and meets those of its new one", async () => {
    const scene = new Scene();
    const process = new Process(scene.scheduler);
    const other = new SimDisk({ random: () => 0.5, clock: scene.clock, process });
    await scene.run(async () => {
      await stored(other);
      other.faults.failNext("read", "io", 5);
      scene.faults.failNext("open", "no-space", 1);
      const copied = scene.disk.withFilesOf(other);
      await assert.rejects(copied.open("file"), { code: "no-space" });
      assert.deepEqual(await (await copied.open("file")).read(0, 10), bytes(10, 1));
    });
  });

  it("lost files are gone in both views, and those of the other kind stay", async () => {
    const scene = new Scene();
    const { disk } = scene;
    const names = ["snapshot-0000000000000009.snap", "wal-0000000000000001.log", "wal-spare.tmp"];
    await scene.run(async () => {
      for (const name of names) await disk.create(name);
      await disk.syncDirectory();
      await disk.create("wal-0000000000000002.log");
      const left = disk.kill({ process: new Process(scene.scheduler) });
      assert.deepEqual(left.lose("wal"), [names[1], "wal-0000000000000002.log"]);
      assert.deepEqual(left.lose("wal"), []);
      assert.deepEqual(await left.list(), [names[0], names[2]]);
      const after = left.crash({ keep: "all" }, { process: new Process(scene.scheduler) });
      assert.deepEqual(await after.list(), [names[0], names[2]]);
      assert.deepEqual(after.lose("snapshot"), [names[0]]);
    });
  });
});

describe("SimDisk after a power loss, by what was synced", () => {
  it("a rename that is durable before the bytes leaves an empty file, or the old bytes", async () => {
    const scene = new Scene();
    const { disk } = scene;
    await scene.run(async () => {
      await stored(disk);
      const file = await disk.create("new.tmp");
      file.write(0, bytes(700, 2));
      await disk.rename("new.tmp", "file");
      assert.deepEqual(disk.copy().crash({ keep: "none" }).bytesOf("file"), bytes(10, 1));
      await disk.syncDirectory();
      assert.equal(disk.copy().crash({ keep: "none" }).bytesOf("file").length, 0);
      await file.sync();
      assert.deepEqual(disk.crash({ keep: "none" }).bytesOf("file"), bytes(700, 2));
    });
  });

  it("names that were not synced come and go each on its own, removed ones come back", async () => {
    const scene = new Scene();
    const seen = new Set<string>();
    const { disk } = scene;
    await scene.run(async () => {
      await disk.create("old");
      await disk.syncDirectory();
      await disk.create("made");
      await disk.rename("old", "renamed");
      await disk.remove("made");
      await disk.create("last");
      for (let round = 0; round < 60; round += 1) {
        const left = disk.crash({ keep: "some" });
        seen.add(left.names().join());
      }
    });
    for (const names of [
      "old",
      "renamed",
      "made,old",
      "last,old",
      "last,renamed",
      "last,made,old",
    ]) {
      assert.ok(seen.has(names), `${names} not among ${[...seen].join(" | ")}`);
    }
  });
});

describe("a disk that lies (D9)", () => {
  /** What a lie has left behind, before anything else is synced. */
  async function liedTo(scene: Scene): Promise<DiskFile> {
    const file = await stored(scene.disk);
    const lie = scene.faults.lie();
    file.write(0, bytes(10, 2));
    await file.sync();
    await scene.disk.create("other");
    await scene.disk.syncDirectory();
    lie.lift();
    return file;
  }

  it("loses what it said was synced when the power goes, and only then", async () => {
    const scene = new Scene();
    await scene.run(async () => {
      await liedTo(scene);
      const { disk } = scene;
      const left = disk.copy().crash({ keep: "none" });
      assert.deepEqual(left.bytesOf("file"), bytes(10, 1));
      assert.deepEqual(left.names(), ["file"]);
      const killed = disk.kill();
      assert.deepEqual(killed.bytesOf("file"), bytes(10, 2));
      assert.deepEqual(killed.names(), ["file", "other"]);
    });
  });

  it("has it all once a later sync was true, also one of the next process", async () => {
    for (const dies of [false, true]) {
      const scene = new Scene();
      await scene.run(async () => {
        const file = await liedTo(scene);
        const process = new Process(scene.scheduler);
        const disk = dies ? scene.disk.kill({ process }) : scene.disk;
        const again = dies ? await disk.open("file") : file;
        await Promise.all([again.sync(), disk.syncDirectory()]);
        const left = disk.crash({ keep: "none" });
        assert.deepEqual(left.bytesOf("file"), bytes(10, 2));
        assert.deepEqual(left.names(), ["file", "other"]);
      });
    }
  });

  it("tells nobody who watches the platter", async () => {
    const scene = new Scene();
    const told: string[] = [];
    scene.disk.watcher = {
      wrote: () => {},
      synced: (_file, platter) => told.push(`synced ${platter[0]}`),
      directorySynced: () => told.push("directory"),
    };
    await scene.run(async () => {
      const file = await liedTo(scene);
      assert.deepEqual(told.sort(), ["directory", "synced 1"]);
      await file.sync();
    });
    assert.equal(told.at(-1), "synced 2");
  });
});

describe("a dead disk (D4, D17)", () => {
  it("fails every operation, those under way too, and nothing revives it", async () => {
    const scene = new Scene();
    const { disk, faults } = scene;
    await scene.run(async () => {
      const file = await stored(disk);
      faults.syncMs = 5;
      file.write(0, bytes(10, 2));
      scene.follow("sync", file.sync());
      faults.hang();
      faults.die();
      faults.heal();
      faults.hang();
      assert.equal(faults.isHung, false);
      await scene.sleep(6);
      assert.throws(() => file.write(0, bytes(10, 3)), { code: "io" });
      for (const work of [
        () => file.read(0, 1),
        () => file.sync(),
        () => disk.list(),
        () => disk.open("file"),
        () => disk.create("other"),
        () => disk.syncDirectory(),
        () => disk.kill({ process: new Process(scene.scheduler) }).list(),
      ]) {
        await assert.rejects(work(), { code: "io" });
      }
    });
    assert.deepEqual(scene.ended, ["sync failed (io) 5"]);
    assert.equal(faults.isDead, true);
  });
});
