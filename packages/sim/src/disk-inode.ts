/**
 * One simulated file: what a reader sees (the page cache) beside what a power loss leaves (the
 * platter).
 */

import { SectorRanges } from "./disk-ranges.ts";

/** Smallest unit that reaches the platter whole, in bytes. */
export const SECTOR_BYTES = 512;

/** What of the unsynced data a power loss leaves: nothing, everything, or each sector by chance. */
export type Keep = "none" | "all" | "some";

/**
 * What readers see after a failed sync: the new bytes, in pages that count as clean (`keeps`: ext4,
 * xfs), or what was on the platter (`reverts`: btrfs).
 */
export type AfterFailedSync = "keeps" | "reverts";

/** The latest write, to take it back or tear it. */
interface LastWrite {
  readonly position: number;
  readonly length: number;
  /** What the range held before, and how long the file was. */
  readonly before: Uint8Array;
  readonly sizeBefore: number;
}

/** State of a file as of the start of a sync: what that sync will make durable. */
export interface SyncPoint {
  readonly size: number;
  readonly sectors: SectorRanges;
  /** Content of each run of `sectors`, once the cache has something else there. */
  saved: readonly Uint8Array[] | undefined;
}

const NOTHING: Uint8Array = new Uint8Array(0);

export class Inode {
  /** The same for all that becomes of this file, through crashes and under other names. */
  readonly id: number;
  /** Zeros from `#size` on. */
  #cache: Uint8Array = NOTHING;
  #size = 0;
  /** Zeros from `#platterEnd` on. */
  #platter: Uint8Array = NOTHING;
  #platterSize = 0;
  /** Behind the end of the file, where a failed sync may have left something. */
  #platterEnd = 0;
  /** Sectors whose cached content is neither on the platter nor under way to it. */
  #dirty: SectorRanges = new SectorRanges();
  /** Syncs under way, oldest first. */
  #underWay: SyncPoint[] = [];
  #last: LastWrite | undefined;

  constructor(id: number) {
    this.id = id;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the latest write call as long as no sync has covered it, else 0. */
  get unsyncedWriteBytes(): number {
    return this.#last === undefined ? 0 : this.#last.length;
  }

  /** What is on the platter now: a view, valid until anything changes. */
  platter(): Uint8Array {
    return this.#platter.subarray(0, this.#platterSize);
  }

  read(position: number, length: number): Uint8Array {
    return this.#cache.slice(position, Math.max(position, Math.min(position + length, this.#size)));
  }

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    const sizeBefore = this.#size;
    this.#touch(Math.min(position, sizeBefore), end);
    const isInside = position < sizeBefore;
    const before = isInside ? this.#cache.slice(position, Math.min(end, sizeBefore)) : NOTHING;
    this.#last = { position, length: bytes.length, before, sizeBefore };
    this.#cache = grown(this.#cache, end);
    this.#cache.set(bytes, position);
    if (end > sizeBefore) this.#size = end;
  }

  truncate(size: number): void {
    this.#last = undefined;
    if (size > this.#size) {
      this.#touch(this.#size, size);
      this.#cache = grown(this.#cache, size);
    } else if (size < this.#size) {
      this.#saveUnderWay(Math.floor(size / SECTOR_BYTES), Number.POSITIVE_INFINITY);
      this.#cache.fill(0, size, this.#size);
      this.#dirty.cutAt(Math.ceil(size / SECTOR_BYTES));
      if (size % SECTOR_BYTES > 0) this.#touch(size - 1, size);
    }
    this.#size = size;
  }

  /** What a sync that starts now will put on the platter. */
  beginSync(): SyncPoint {
    const point: SyncPoint = { size: this.#size, sectors: this.#dirty, saved: undefined };
    this.#dirty = new SectorRanges();
    this.#underWay.push(point);
    return point;
  }

  endSync(point: SyncPoint): void {
    const at = this.#underWay.indexOf(point);
    // Nothing when a later sync has ended before: it waited for these sectors too.
    for (const earlier of this.#underWay.splice(0, at + 1)) this.#arrive(earlier);
    if (this.#dirty.isEmpty && this.#underWay.length === 0) this.#last = undefined;
  }

  /**
   * The sync fails: nothing of it counts as dirty any more, so a later sync succeeds and writes
   * none of it. Where readers keep seeing the new bytes, any part of them may have reached the
   * platter.
   */
  failSync(point: SyncPoint, after: AfterFailedSync, random: () => number): void {
    const at = this.#underWay.indexOf(point);
    if (at >= 0) this.#underWay.splice(at, 1);
    this.#last = undefined;
    if (at < 0) return;
    if (after === "keeps") this.#keepAfterFailure(point, random);
    else this.#revert(point);
  }

  /**
   * What a power loss leaves of this file. `torn`: just that many bytes of the latest unsynced
   * write arrive.
   */
  afterPowerLoss(keep: Keep, random: () => number, torn: number | undefined): Inode {
    const last = torn === undefined ? undefined : this.#last;
    if (last !== undefined && torn !== undefined) return this.#afterTear(last, torn, keep, random);
    const left = new Inode(this.id);
    left.#platter = this.#platter.slice(0, this.#platterEnd);
    left.#platterEnd = this.#platterEnd;
    if (keep !== "none") {
      for (const point of this.#underWay) this.#survive(left, point, keep, random);
      this.#survive(
        left,
        { size: this.#size, sectors: this.#dirty, saved: undefined },
        keep,
        random,
      );
    }
    left.#settle(sizeAfter(keep, this.#platterSize, this.#size, random));
    return left;
  }

  /** The same file for a new process: nothing is lost, and nothing more is durable than before. */
  afterKill(): Inode {
    const left = new Inode(this.id);
    left.#cache = this.#cache.slice(0, this.#size);
    left.#size = this.#size;
    left.#platter = this.#platter.slice(0, this.#platterEnd);
    left.#platterSize = this.#platterSize;
    left.#platterEnd = this.#platterEnd;
    left.#dirty = this.#unsynced();
    left.#last = this.#last;
    return left;
  }

  /** Flips one bit under the file system: both views change, nobody is told. */
  flipBit(offset: number, bit: number): void {
    for (const view of [this.#cache, this.#platter]) {
      const byte = view[offset];
      if (byte !== undefined) view[offset] = byte ^ (1 << bit);
    }
  }

  /** Puts other bytes under the file system: both views change as far as they reach. */
  overwrite(offset: number, bytes: Uint8Array): void {
    for (const [view, size] of [
      [this.#cache, this.#size],
      [this.#platter, this.#platterSize],
    ] as const) {
      if (offset < size) view.set(bytes.subarray(0, size - offset), offset);
    }
  }

  /** Cuts both views, which nobody is told. */
  cut(size: number): void {
    this.truncate(Math.min(size, this.#size));
    this.#platterSize = Math.min(this.#platterSize, size);
    this.#platter.fill(0, this.#platterSize);
    this.#platterEnd = this.#platterSize;
  }

  #afterTear(last: LastWrite, torn: number, keep: Keep, random: () => number): Inode {
    const { position, length } = last;
    const part = this.#cache.slice(position, position + Math.min(torn, length));
    const before = this.afterKill();
    before.#cache.fill(0, position, position + length);
    before.#cache.set(last.before, position);
    before.#size = last.sizeBefore;
    before.#last = undefined;
    const left = before.afterPowerLoss(keep, random, undefined);
    const size = part.length === 0 ? left.#size : Math.max(left.#size, position + part.length);
    left.#platter = grown(left.#platter, size);
    left.#platter.set(part, position);
    left.#settle(size);
    return left;
  }

  /** Everything that a crash now may take back. */
  #unsynced(): SectorRanges {
    const all = this.#dirty.copy();
    for (const { sectors } of this.#underWay) {
      for (let run = 0; run < sectors.count; run += 1)
        all.add(sectors.startOf(run), sectors.endOf(run));
    }
    all.cutAt(Math.ceil(this.#size / SECTOR_BYTES));
    return all;
  }

  /** The bytes in [from, end) will differ from those on the platter. */
  #touch(from: number, end: number): void {
    if (end <= from) return;
    const start = Math.floor(from / SECTOR_BYTES);
    const after = Math.ceil(end / SECTOR_BYTES);
    this.#saveUnderWay(start, after);
    this.#dirty.add(start, after);
  }

  /** What is under way to the platter stays as it is when the cache changes in these sectors. */
  #saveUnderWay(start: number, end: number): void {
    for (const point of this.#underWay) {
      if (point.saved === undefined && point.sectors.overlaps(start, end)) {
        point.saved = this.#contentsOf(point);
      }
    }
  }

  #contentsOf({ sectors, size }: SyncPoint): readonly Uint8Array[] {
    const contents: Uint8Array[] = [];
    for (let run = 0; run < sectors.count; run += 1) {
      const end = Math.min(sectors.endOf(run) * SECTOR_BYTES, size);
      contents.push(this.#cache.slice(sectors.startOf(run) * SECTOR_BYTES, end));
    }
    return contents;
  }

  /** All that `point` covers is on the platter now. */
  #arrive(point: SyncPoint): void {
    const { sectors, size, saved } = point;
    this.#platter = grown(this.#platter, size);
    for (let run = 0; run < sectors.count; run += 1) {
      const start = sectors.startOf(run) * SECTOR_BYTES;
      const end = Math.min(sectors.endOf(run) * SECTOR_BYTES, size);
      if (end <= start) continue;
      this.#platter.set(saved?.[run] ?? this.#cache.subarray(start, end), start);
    }
    if (size < this.#platterEnd) this.#platter.fill(0, size, this.#platterEnd);
    this.#platterSize = size;
    this.#platterEnd = size;
  }

  #keepAfterFailure(point: SyncPoint, random: () => number): void {
    this.#eachSector(point, (sector, content) => {
      if (random() < 0.5) this.#store(sector, content);
    });
    if (random() < 0.5) this.#platterSize = Math.max(this.#platterSize, point.size);
    this.#platter = grown(this.#platter, this.#platterSize);
    this.#platterEnd = Math.max(this.#platterEnd, this.#platterSize);
  }

  /** What was to be synced is as it was on the platter, but for what was written since. */
  #revert({ sectors }: SyncPoint): void {
    for (let run = 0; run < sectors.count; run += 1) {
      for (let sector = sectors.startOf(run); sector < sectors.endOf(run); sector += 1) {
        if (!this.#isPending(sector)) this.#revertSector(sector);
      }
    }
    if (!this.#dirty.isEmpty || this.#underWay.length > 0) return;
    const before = this.#size;
    this.#size = this.#platterSize;
    this.#cache = grown(this.#cache, this.#size);
    this.#cache.fill(0, this.#size, Math.max(before, this.#size));
    if (before < this.#size) this.#cache.set(this.#platter.subarray(before, this.#size), before);
  }

  #revertSector(sector: number): void {
    const start = sector * SECTOR_BYTES;
    const end = Math.min(start + SECTOR_BYTES, this.#size);
    if (start >= end) return;
    this.#cache.fill(0, start, end);
    const stop = Math.min(end, this.#platterSize);
    if (start < stop) this.#cache.set(this.#platter.subarray(start, stop), start);
  }

  /** Written again since the sync in question began. */
  #isPending(sector: number): boolean {
    return this.#dirty.has(sector) || this.#underWay.some(({ sectors }) => sectors.has(sector));
  }

  /** Part of `point` reaches the platter of `left` before the power is gone. */
  #survive(left: Inode, point: SyncPoint, keep: Keep, random: () => number): void {
    this.#eachSector(point, (sector, content) => {
      if (keep === "all" || random() < 0.5) left.#store(sector, content);
      else if (this.#isNew(sector) && random() < 0.25) left.#store(sector, noise(random));
    });
  }

  #eachSector(point: SyncPoint, visit: (sector: number, content: Uint8Array) => void): void {
    const contents = point.saved ?? this.#contentsOf(point);
    for (let run = 0; run < point.sectors.count; run += 1) {
      const start = point.sectors.startOf(run);
      const content = contents[run] ?? NOTHING;
      for (let at = 0; at < content.length; at += SECTOR_BYTES) {
        visit(start + at / SECTOR_BYTES, content.subarray(at, at + SECTOR_BYTES));
      }
    }
  }

  #store(sector: number, content: Uint8Array): void {
    const end = sector * SECTOR_BYTES + content.length;
    this.#platter = grown(this.#platter, end);
    this.#platter.set(content, sector * SECTOR_BYTES);
    this.#platterEnd = Math.max(this.#platterEnd, end);
  }

  #isNew(sector: number): boolean {
    return sector * SECTOR_BYTES >= this.#platterSize;
  }

  /** Both views become the platter's first `size` bytes. */
  #settle(size: number): void {
    this.#platter = grown(this.#platter, size);
    this.#platter.fill(0, size);
    this.#platterSize = size;
    this.#platterEnd = size;
    this.#cache = this.#platter.slice();
    this.#size = size;
    this.#dirty = new SectorRanges();
  }
}

function sizeAfter(keep: Keep, old: number, now: number, random: () => number): number {
  if (keep === "none") return old;
  if (keep === "all") return now;
  const draw = random();
  if (draw < 0.4) return old;
  if (draw < 0.8) return now;
  return Math.min(old, now) + Math.floor(random() * (Math.abs(now - old) + 1));
}

function noise(random: () => number): Uint8Array {
  const bytes = new Uint8Array(SECTOR_BYTES);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Math.floor(random() * 256);
  return bytes;
}

/** At least `length` bytes: the old ones, then zeros. Grows by doubling. */
function grown(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes;
  const bigger = new Uint8Array(Math.max(length, bytes.length * 2, SECTOR_BYTES));
  bigger.set(bytes);
  return bigger;
}
