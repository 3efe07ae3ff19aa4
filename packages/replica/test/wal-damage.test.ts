/**
 * Damage that no crash explains: it is reported, or it hit nothing that counts; wrong data is never
 * given out.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openWal, StoreIdentityError, StoreVersionError, WalDamagedError } from "@holdfast/replica";
import { SECTOR_BYTES, type SimDisk } from "@holdfast/sim";
import { IDENTITY, write } from "@holdfast/testkit";
import { contents, makeDisk } from "./crashes.ts";
import { HISTORIES, type History, open, SETTINGS, type Setting } from "./wal-scenes.ts";
import { entries, entry, model, summary } from "./writes.ts";

interface Scene {
  readonly disk: SimDisk;
  /** The whole log. */
  readonly all: string;
  /** The log after each number of writes but the last. */
  readonly prefixes: readonly string[];
  /** Those that leave out nothing but writes of the last batch. */
  readonly withoutLastBatch: readonly string[];
}

/** Runs a history to its end: all of it is acknowledged and durable. */
async function stage(setting: Setting, history: History, isClosed: boolean): Promise<Scene> {
  const disk = makeDisk();
  const { wal } = await open(disk, setting);
  for (const group of history.groups) await Promise.all(group.map((one) => wal.append(one)));
  // The first write of a group goes alone, what comes during its sync forms the next batch.
  const writes = history.groups.flat();
  const lastBatch = Math.max(1, (history.groups.at(-1)?.length ?? 1) - 1);
  const prefixes = writes.map((_, count) => model(writes.slice(0, count)));
  if (isClosed) await wal.close();
  return {
    disk: disk.kill(),
    all: model(writes),
    prefixes,
    withoutLastBatch: prefixes.slice(-lastBatch),
  };
}

type Verdict = "reported" | "harmless" | "tear";

async function verdict(
  damaged: SimDisk,
  setting: Setting,
  scene: Scene,
  tears: readonly string[],
): Promise<Verdict> {
  const result = await open(damaged, setting).then(
    ({ recovered }) => summary(recovered),
    (error: unknown) => error,
  );
  if (typeof result !== "string") {
    const isTyped = result instanceof WalDamagedError || result instanceof StoreVersionError;
    assert.ok(isTyped, `unexpected ${String(result)}`);
    return "reported";
  }
  if (result === scene.all) return "harmless";
  assert.ok(tears.includes(result), `wrong data: ${result}`);
  return "tear";
}

function walFiles(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.endsWith(".log"));
}

/** Counts the verdicts over copies of the scene's disk, each damaged in another way. */
async function judge(
  scene: Scene,
  setting: Setting,
  damages: Iterable<(copy: SimDisk) => void>,
  tears: readonly string[],
): Promise<Record<Verdict, number>> {
  const counts = { reported: 0, harmless: 0, tear: 0 };
  for (const damage of damages) {
    const copy = scene.disk.kill();
    damage(copy);
    counts[await verdict(copy, setting, scene, tears)] += 1;
  }
  return counts;
}

async function overAll(
  isClosed: boolean,
  damagesOf: (scene: Scene, names: readonly string[]) => Iterable<(copy: SimDisk) => void>,
  tearsOf: (scene: Scene) => readonly string[] = (scene) => scene.withoutLastBatch,
): Promise<Record<Verdict, number>> {
  const sum = { reported: 0, harmless: 0, tear: 0 };
  for (const history of HISTORIES) {
    for (const setting of SETTINGS) {
      const scene = await stage(setting, history, isClosed);
      const names = walFiles(await scene.disk.kill().list());
      const tears = tearsOf(scene);
      const counts = await judge(scene, setting, damagesOf(scene, names), tears);
      sum.reported += counts.reported;
      sum.harmless += counts.harmless;
      sum.tear += counts.tear;
    }
  }
  return sum;
}

function* flips(scene: Scene, names: readonly string[]): Generator<(copy: SimDisk) => void> {
  for (const name of names) {
    const length = scene.disk.bytesOf(name).length;
    for (let offset = 0; offset < length; offset += 1) {
      yield (copy) => copy.flipBit(name, offset, (offset * 5) % 8);
    }
  }
}

const RUN_BYTES = 16;

function* zeroedRuns(scene: Scene, names: readonly string[]): Generator<(copy: SimDisk) => void> {
  for (const name of names) {
    const length = scene.disk.bytesOf(name).length;
    for (let offset = 0; offset < length; offset += RUN_BYTES) {
      yield (copy) => zero(copy, name, offset, RUN_BYTES);
    }
    for (let offset = 0; offset < length; offset += SECTOR_BYTES) {
      yield (copy) => zero(copy, name, offset, SECTOR_BYTES);
    }
  }
}

function zero(copy: SimDisk, name: string, from: number, length: number): void {
  for (const [at, byte] of copy.bytesOf(name).entries()) {
    if (at < from || at >= from + length) continue;
    for (let bit = 0; bit < 8; bit += 1) if ((byte & (1 << bit)) !== 0) copy.flipBit(name, at, bit);
  }
}

describe("wal with a flipped bit at each byte", () => {
  it("H9 after a clean close every damage to acknowledged data is reported", async (t) => {
    const counts = await overAll(true, flips);
    t.diagnostic(JSON.stringify(counts));
    assert.equal(counts.tear, 0);
    assert.ok(counts.reported > 1500, `${counts.reported} reported`);
  });

  it("H9 after a kill only the last batch, with nothing behind it, can pass for a tear", async (t) => {
    const counts = await overAll(false, flips);
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.reported > 1000, `${counts.reported} reported`);
    assert.ok(counts.tear > 50, `${counts.tear} tears`);
  });

  it("H9 a zeroed run or sector is reported, or took all that would have shown it", async (t) => {
    const counts = await overAll(true, zeroedRuns, (scene) => scene.prefixes);
    t.diagnostic(JSON.stringify(counts));
    assert.ok(counts.reported > 150, `${counts.reported} reported`);
  });

  it("H9 H14 damage changes nothing on disk: a second look says the same", async () => {
    const setting = { segmentBytes: 150, preallocate: false };
    const history = HISTORIES[1];
    assert.ok(history !== undefined);
    const scene = await stage(setting, history, true);
    const [first] = walFiles(await scene.disk.kill().list());
    assert.ok(first !== undefined);
    const copy = scene.disk.kill();
    copy.flipBit(first, 60, 2);
    const before = await contents(copy);
    const error = await open(copy, setting).catch((caught: unknown) => caught);
    assert.ok(error instanceof WalDamagedError);
    assert.equal(error.code, "WAL_DAMAGED");
    assert.equal(error.file, first);
    assert.ok(error.offset > 0 && error.offset <= 60, `offset ${error.offset}`);
    assert.match(error.message, new RegExp(`${first}:${error.offset}`));
    assert.deepEqual(await contents(copy), before);
    await assert.rejects(open(copy, setting), WalDamagedError);
  });
});

describe("wal with files missing or cut", () => {
  const setting = { segmentBytes: 150, preallocate: false };

  it("H9 a missing segment that is needed is reported, wherever it was", async () => {
    const disk = makeDisk();
    const { wal } = await open(disk, setting);
    for (const one of entries(1, 40, 1)) await wal.append(write({ entries: [one] }));
    await wal.close();
    const names = walFiles(await disk.list());
    assert.ok(names.length > 5);
    for (const name of names.slice(0, -1)) {
      const copy = disk.kill();
      await copy.remove(name);
      await assert.rejects(open(copy, setting), WalDamagedError, name);
    }
  });

  it("H5 an old segment that comes back after its removal is ignored and removed again", async () => {
    const disk = makeDisk();
    const { wal } = await open(disk, setting);
    const writes = entries(1, 40, 1).map((one) => write({ entries: [one] }));
    for (const one of writes) await wal.append(one);
    const early = disk.kill();
    const names = walFiles(await early.list());
    const { wal: again } = await open(early, setting);
    const last = write({ compactTo: 38, compactTerm: 1 });
    await again.append(last);
    await again.close();
    const first = names[0];
    assert.ok(first !== undefined && !(await early.list()).includes(first));
    const back = await early.create(first);
    back.write(0, disk.bytesOf(first));
    await back.close();

    const { wal: third, recovered } = await open(early, setting);

    assert.equal(summary(recovered), model([...writes, last]));
    assert.ok(!(await early.list()).includes(first));
    await third.close();
  });

  it("a finished segment that was cut at any byte is reported", async () => {
    const disk = makeDisk();
    const { wal } = await open(disk, setting);
    for (const one of entries(1, 12, 1)) await wal.append(write({ entries: [one] }));
    await wal.close();
    const [first] = walFiles(await disk.list());
    assert.ok(first !== undefined);
    for (let size = 0; size < disk.bytesOf(first).length; size += 1) {
      const copy = disk.kill();
      await (await copy.open(first)).truncate(size);
      await assert.rejects(open(copy, setting), WalDamagedError, `cut to ${size}`);
    }
  });

  it("a segment under another one's name is reported", async () => {
    const disk = makeDisk();
    const { wal } = await open(disk, setting);
    for (const one of entries(1, 12, 1)) await wal.append(write({ entries: [one] }));
    await wal.close();
    const names = walFiles(await disk.list());
    const [first, second] = names;
    assert.ok(first !== undefined && second !== undefined);
    const bytes = disk.bytesOf(first);
    const file = await disk.create(second);
    file.write(0, bytes);
    await file.close();
    await assert.rejects(open(disk, setting), WalDamagedError);
  });
});

describe("wal with a segment from a copy of the directory", () => {
  it("a finished segment with the same header, place and length but another content is reported", async () => {
    const setting = { segmentBytes: 150, preallocate: false };
    const base = makeDisk();
    await (await open(base, setting)).wal.close();
    const [ours, theirs] = [base.kill(), base.kill()];
    for (const [disk, letter] of [
      [ours, "a"],
      [theirs, "b"],
    ] as const) {
      const { wal } = await open(disk, setting);
      for (const index of [1, 2, 3, 4, 5, 6, 7, 8]) {
        await wal.append(write({ entries: [entry(index, 1, letter.repeat(20))] }));
      }
      await wal.close();
    }
    const [first] = walFiles(await ours.list());
    assert.ok(first !== undefined);
    assert.equal(ours.bytesOf(first).length, theirs.bytesOf(first).length);
    const file = await ours.create(first);
    file.write(0, theirs.bytesOf(first));
    await file.close();
    await assert.rejects(open(ours, setting), WalDamagedError);
  });
});

describe("wal in the wrong directory", () => {
  it("refuses another cluster's or node's log, and a later format, and touches nothing", async () => {
    const disk = makeDisk();
    const setting = { segmentBytes: 4096, preallocate: false };
    const { wal } = await open(disk, setting);
    await wal.append(write({ entries: [entry(1, 1)] }));
    await wal.close();
    const before = await contents(disk);
    const strangers = [
      { ...IDENTITY, clusterId: 8 },
      { ...IDENTITY, nodeId: 4 },
    ];
    for (const identity of strangers) {
      await assert.rejects(openWal(disk, { ...setting, identity }), (error) => {
        assert.ok(error instanceof StoreIdentityError);
        return error.code === "STORE_IDENTITY";
      });
    }
    assert.deepEqual(await contents(disk), before);
    const later = disk.kill();
    later.flipBit("wal-0000000000000001.log", 4, 1);
    await assert.rejects(open(later, setting), (error) => {
      assert.ok(error instanceof StoreVersionError);
      return error.code === "STORE_VERSION" && error.version === 3;
    });
  });
});
