/** The content of simulated files, in both views, against a model that copies everything. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Clock, DiskError, type DiskFile } from "@holdfast/replica";
import { type AfterFailedSync, DiskFaults, SECTOR_BYTES, SimDisk } from "@holdfast/sim";
import fc from "fast-check";

type Step =
  | { readonly kind: "write"; readonly position: number; readonly length: number }
  | { readonly kind: "truncate"; readonly size: number }
  | { readonly kind: "sync"; readonly fails: boolean }
  /** The sync under way with this number (modulo how many there are) ends. */
  | { readonly kind: "end"; readonly which: number };

const SECTORS = 12;
const SIZE_MAX = SECTORS * SECTOR_BYTES;

const place: fc.Arbitrary<number> = fc.oneof(
  fc.nat(SIZE_MAX),
  fc.nat(SECTORS).map((sector) => sector * SECTOR_BYTES),
);
const extent: fc.Arbitrary<number> = fc.oneof(fc.nat(SECTOR_BYTES), place);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("write"), position: place, length: extent }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("truncate"), size: place }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("sync"), fails: fc.nat(4).map((n) => n === 0) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("end"), which: fc.nat(3) }) },
);

interface ModelSync {
  readonly sectors: Map<number, Uint8Array>;
  readonly size: number;
  readonly fails: boolean;
  hasArrived: boolean;
}

/** A file as the port describes it, without any cleverness. */
class Model {
  cache: Uint8Array = new Uint8Array(0);
  platter: Uint8Array = new Uint8Array(0);
  dirty: Set<number> = new Set();
  underWay: ModelSync[] = [];

  write(position: number, bytes: Uint8Array): void {
    const size = this.cache.length;
    const end = position + bytes.length;
    if (bytes.length === 0) return;
    this.cache = resized(this.cache, Math.max(size, end));
    this.cache.set(bytes, position);
    this.#touch(Math.min(size, position), end);
  }

  truncate(size: number): void {
    const before = this.cache.length;
    this.cache = resized(this.cache, size);
    if (size > before) this.#touch(before, size);
    for (const sector of this.dirty) if (sector * SECTOR_BYTES >= size) this.dirty.delete(sector);
    if (size < before && size % SECTOR_BYTES > 0) this.#touch(size - 1, size);
  }

  begin(fails: boolean): void {
    const sectors = new Map([...this.dirty].map((sector) => [sector, this.#sector(sector)]));
    this.underWay.push({ sectors, size: this.cache.length, fails, hasArrived: false });
    this.dirty = new Set();
  }

  end(sync: ModelSync, after: AfterFailedSync): void {
    if (sync.fails) {
      this.underWay = this.underWay.filter((other) => other !== sync);
      if (!sync.hasArrived && after === "reverts") this.#revert(sync);
      return;
    }
    // What was handed to the device before has got there before.
    const upTo = this.underWay.indexOf(sync);
    for (const earlier of this.underWay.slice(0, upTo + 1)) {
      if (!earlier.hasArrived) this.#arrive(earlier);
    }
    this.underWay = this.underWay.filter((other) => other !== sync);
  }

  #arrive(sync: ModelSync): void {
    sync.hasArrived = true;
    this.platter = resized(this.platter, Math.max(this.platter.length, sync.size));
    for (const [sector, content] of sync.sectors) {
      this.platter.set(
        content.subarray(0, this.platter.length - sector * SECTOR_BYTES),
        sector * SECTOR_BYTES,
      );
    }
    this.platter = resized(this.platter, sync.size);
  }

  #revert(sync: ModelSync): void {
    const isPending = (sector: number): boolean =>
      this.dirty.has(sector) ||
      this.underWay.some((other) => !other.hasArrived && other.sectors.has(sector));
    for (const sector of sync.sectors.keys()) {
      if (isPending(sector)) continue;
      for (let k = 0; k < SECTOR_BYTES; k += 1) {
        const at = sector * SECTOR_BYTES + k;
        if (at < this.cache.length) this.cache[at] = this.platter[at] ?? 0;
      }
    }
    const isQuiet = this.dirty.size === 0 && this.underWay.every((other) => other.hasArrived);
    if (isQuiet) {
      const tail = this.platter.slice(this.cache.length);
      const size = this.cache.length;
      this.cache = resized(this.cache, this.platter.length);
      if (tail.length > 0) this.cache.set(tail, size);
    }
  }

  /** After a crash that keeps all that is under way, and then all that waits. */
  keptInPlace(): Uint8Array {
    const kept = resized(this.platter, SIZE_MAX * 2);
    for (const sync of this.underWay) {
      if (sync.hasArrived) continue;
      for (const [sector, content] of sync.sectors) kept.set(content, sector * SECTOR_BYTES);
    }
    for (const sector of this.dirty) kept.set(this.#sector(sector), sector * SECTOR_BYTES);
    return resized(kept, this.cache.length);
  }

  /** To a new process what was under way counts as not begun. */
  keptInCopy(): Uint8Array {
    const kept = resized(this.platter, SIZE_MAX * 2);
    const waiting = new Set(this.dirty);
    for (const sync of this.underWay) {
      if (!sync.hasArrived) for (const sector of sync.sectors.keys()) waiting.add(sector);
    }
    for (const sector of waiting) kept.set(this.#sector(sector), sector * SECTOR_BYTES);
    return resized(kept, this.cache.length);
  }

  #sector(sector: number): Uint8Array {
    return this.cache.slice(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
  }

  #touch(from: number, end: number): void {
    for (let sector = Math.floor(from / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector += 1) {
      this.dirty.add(sector);
    }
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const made = new Uint8Array(length);
  made.set(bytes.subarray(0, length));
  return made;
}

/** Runs `steps` on a disk and on the model, and compares them after each. */
class Run {
  readonly #disk: SimDisk;
  readonly #faults = new DiskFaults();
  readonly #timers: (() => void)[] = [];
  readonly #model = new Model();
  #file: DiskFile | undefined;
  #written = 0;
  #failing = false;

  constructor(after: AfterFailedSync) {
    this.#faults.afterFailedSync = after;
    this.#disk = new SimDisk({
      // Of a failed sync nothing reaches the platter.
      random: () => 0.9,
      clock: this.#clock(),
      syncMs: () => 1,
      faults: this.#faults,
      onOperation: (_count, operation) =>
        operation === "sync" && this.#failing ? "io" : undefined,
    });
  }

  async run(steps: readonly Step[]): Promise<void> {
    this.#file = await this.#disk.create("file");
    const named = this.#disk.syncDirectory();
    this.#timers.shift()?.();
    await named;
    for (const one of steps) {
      await this.#take(this.#file, one);
      await this.#compare(this.#file);
    }
    this.#crash(this.#disk, this.#model.keptInPlace());
  }

  async #take(file: DiskFile, one: Step): Promise<void> {
    if (one.kind === "write") {
      this.#written += 1;
      const bytes = new Uint8Array(one.length).fill(this.#written);
      file.write(one.position, bytes);
      this.#model.write(one.position, bytes);
    } else if (one.kind === "truncate") {
      await file.truncate(one.size);
      this.#model.truncate(one.size);
    } else if (one.kind === "sync") {
      this.#failing = one.fails;
      file.sync().catch((error: unknown) => assert.ok(error instanceof DiskError));
      this.#model.begin(one.fails);
    } else {
      const which = one.which % Math.max(1, this.#timers.length);
      const sync = this.#model.underWay[which];
      this.#timers.splice(which, 1)[0]?.();
      if (sync !== undefined) this.#model.end(sync, this.#faults.afterFailedSync);
    }
  }

  async #compare(file: DiskFile): Promise<void> {
    assert.equal(file.size, this.#model.cache.length);
    assert.deepEqual(await file.read(0, SIZE_MAX * 2), this.#model.cache);
    const copy = this.#disk.copy();
    assert.deepEqual(copy.bytesOf("file"), this.#model.cache, "a killed process loses nothing");
    this.#crash(copy, this.#model.keptInCopy());
  }

  #crash(disk: SimDisk, allKept: Uint8Array): void {
    assert.deepEqual(disk.crash({ keep: "none" }).bytesOf("file"), this.#model.platter);
    assert.deepEqual(disk.crash({ keep: "all" }).bytesOf("file"), allKept);
  }

  #clock(): Clock {
    return {
      now: () => 0,
      setTimer: (_delayMs, run) => {
        this.#timers.push(run);
        return { cancel: () => undefined };
      },
      soon: (run) => run(),
    };
  }
}

describe("content of simulated files against a model", () => {
  for (const after of ["keeps", "reverts"] as const) {
    it(`both views are right after every step, a failed sync ${after} what was written`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          await new Run(after).run(steps);
        }),
        { numRuns: 500 },
      );
    });
  }
});
