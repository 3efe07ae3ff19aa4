/**
 * One simulated file: what a reader sees (the page cache) beside what a power loss leaves (the
 * platter).
 */

import { SectorRanges } from "./disk-ranges.ts";
import { FileView } from "./disk-view.ts";

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
  /** Nothing but zeros behind its end. */
  #cache: FileView = new FileView();
  /** Behind its end there may be what a failed sync has left. */
  #platter: FileView = new FileView();
  /** Sectors whose cached content is neither on the platter nor under way to it. */
  #dirty: SectorRanges = new SectorRanges();
  /** Syncs under way, oldest first. */
  #underWay: SyncPoint[] = [];
  #last: LastWrite | undefined;

  constructor(id: number) {
    this.id = id;
  }

  get size(): number {
    return this.#cache.size;
  }

  /** Bytes of the latest write call as long as no sync has covered it, else 0. */
  get unsyncedWriteBytes(): number {
    return this.#last === undefined ? 0 : this.#last.length;
  }

  /** What is on the platter now: a view, valid until anything changes. */
  platter(): Uint8Array {
    return this.#platter.part(0, this.#platter.size);
  }

  /** Stands for what is on the platter now, also through crashes: another one, other bytes. */
  get platterStamp(): object {
    return this.#platter.stamp;
  }

  read(position: number, length: number): Uint8Array {
    return this.#cache.slice(position, position + length);
  }

  write(position: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const end = position + bytes.length;
    const sizeBefore = this.size;
    this.#touch(Math.min(position, sizeBefore), end);
    const before = position < sizeBefore ? this.#cache.slice(position, end) : NOTHING;
    this.#last = { position, length: bytes.length, before, sizeBefore };
    this.#cache.put(position, bytes);
    this.#cache.extend(end);
  }

  truncate(size: number): void {
    this.#last = undefined;
    const before = this.size;
    if (size > before) {
      this.#touch(before, size);
    } else if (size < before) {
      this.#saveUnderWay(Math.floor(size / SECTOR_BYTES), Number.POSITIVE_INFINITY);
      this.#dirty.cutAt(Math.ceil(size / SECTOR_BYTES));
      if (size % SECTOR_BYTES > 0) this.#touch(size - 1, size);
    }
    this.#cache.resize(size);
  }

  /** What a sync that starts now will put on the platter. */
  beginSync(): SyncPoint {
    const point: SyncPoint = { size: this.size, sectors: this.#dirty, saved: undefined };
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
    left.#platter = this.#platter.copy();
    if (keep !== "none") {
      const waiting = { size: this.size, sectors: this.#dirty, saved: undefined };
      for (const point of [...this.#underWay, waiting]) this.#survive(left, point, keep, random);
    }
    left.#settle(sizeAfter(keep, this.#platter.size, this.size, random));
    return left;
  }

  /** The same file for a new process: nothing is lost, and nothing more is durable than before. */
  afterKill(): Inode {
    const left = new Inode(this.id);
    left.#cache = this.#cache.copy();
    left.#platter = this.#platter.copy();
    left.#dirty = this.#unsynced();
    left.#last = this.#last;
    return left;
  }

  /** Flips one bit under the file system: both views change, nobody is told. */
  flipBit(offset: number, bit: number): void {
    for (const view of [this.#cache, this.#platter]) {
      const byte = view.part(offset, offset + 1)[0];
      if (byte !== undefined) view.put(offset, Uint8Array.of(byte ^ (1 << bit)));
    }
  }

  /** Puts other bytes under the file system: both views change as far as they reach. */
  overwrite(offset: number, bytes: Uint8Array): void {
    for (const view of [this.#cache, this.#platter]) {
      view.put(offset, bytes.subarray(0, Math.max(0, view.size - offset)));
    }
  }

  /** Cuts both views, which nobody is told. */
  cut(size: number): void {
    this.truncate(Math.min(size, this.size));
    this.#platter.resize(Math.min(size, this.#platter.size));
  }

  #afterTear(last: LastWrite, torn: number, keep: Keep, random: () => number): Inode {
    const { position, length } = last;
    const part = this.#cache.slice(position, position + Math.min(torn, length));
    const before = this.afterKill();
    before.#cache.resize(last.sizeBefore);
    before.#cache.put(position, last.before);
    before.#last = undefined;
    const left = before.afterPowerLoss(keep, random, undefined);
    const size = part.length === 0 ? left.size : Math.max(left.size, position + part.length);
    left.#platter.put(position, part);
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
    all.cutAt(Math.ceil(this.size / SECTOR_BYTES));
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
    for (let run = 0; run < sectors.count; run += 1) {
      const start = sectors.startOf(run) * SECTOR_BYTES;
      const end = Math.min(sectors.endOf(run) * SECTOR_BYTES, size);
      this.#platter.put(start, saved?.[run] ?? this.#cache.part(start, end));
    }
    this.#platter.resize(size);
  }

  #keepAfterFailure(point: SyncPoint, random: () => number): void {
    this.#eachSector(point, (sector, content) => {
      if (random() < 0.5) this.#platter.put(sector * SECTOR_BYTES, content);
    });
    if (random() < 0.5) this.#platter.extend(point.size);
  }

  /** What was to be synced is as it was on the platter, but for what was written since. */
  #revert({ sectors }: SyncPoint): void {
    for (let run = 0; run < sectors.count; run += 1) {
      for (let sector = sectors.startOf(run); sector < sectors.endOf(run); sector += 1) {
        if (!this.#isPending(sector)) this.#revertSector(sector);
      }
    }
    if (!this.#dirty.isEmpty || this.#underWay.length > 0) return;
    const before = this.size;
    this.#cache.resize(this.#platter.size);
    this.#cache.put(before, this.#platter.part(before, this.#platter.size));
  }

  #revertSector(sector: number): void {
    const start = sector * SECTOR_BYTES;
    const end = Math.min(start + SECTOR_BYTES, this.size);
    if (start >= end) return;
    this.#cache.put(start, new Uint8Array(end - start));
    this.#cache.put(start, this.#platter.part(start, end));
  }

  /** Written again since the sync in question began. */
  #isPending(sector: number): boolean {
    return this.#dirty.has(sector) || this.#underWay.some(({ sectors }) => sectors.has(sector));
  }

  /** Part of `point` reaches the platter of `left` before the power is gone. */
  #survive(left: Inode, point: SyncPoint, keep: Keep, random: () => number): void {
    this.#eachSector(point, (sector, content) => {
      const start = sector * SECTOR_BYTES;
      if (keep === "all" || random() < 0.5) left.#platter.put(start, content);
      else if (start >= this.#platter.size && random() < 0.25) {
        left.#platter.put(start, noise(random));
      }
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

  /** Both views become the platter's first `size` bytes. */
  #settle(size: number): void {
    this.#platter.extend(size);
    this.#platter.resize(size);
    this.#cache = this.#platter.copy();
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
