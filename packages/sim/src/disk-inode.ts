/**
 * One simulated file: what a reader sees (the page cache) beside what a power loss leaves (the
 * platter).
 */

/** Smallest unit that reaches the platter whole, in bytes. */
export const SECTOR_BYTES = 512;

/** What of the unsynced data a power loss leaves: nothing, everything, or each sector by chance. */
export type Keep = "none" | "all" | "some";

interface LastWrite {
  readonly position: number;
  readonly bytes: Uint8Array;
  /** What the range held before, and how long the file was. */
  readonly before: Uint8Array;
  readonly sizeBefore: number;
}

/** State of a file as of the start of a sync: what that sync will make durable. */
export interface SyncPoint {
  readonly size: number;
  readonly sectors: ReadonlyMap<number, { readonly version: number; readonly content: Uint8Array }>;
}

export class Inode {
  #cache: Uint8Array = new Uint8Array(0);
  #size = 0;
  #platter: Uint8Array = new Uint8Array(0);
  #platterSize = 0;
  /**
   * Sectors whose cached content is not on the platter, with the version of the write that made
   * them so.
   */
  #dirty: Map<number, number> = new Map();
  #version = 0;
  #last: LastWrite | undefined;

  get size(): number {
    return this.#size;
  }

  /** Bytes of the latest write call as long as no sync has covered it, else 0. */
  get unsyncedWriteBytes(): number {
    return this.#last === undefined ? 0 : this.#last.bytes.length;
  }

  read(position: number, length: number): Uint8Array {
    return this.#cache.slice(position, Math.max(position, Math.min(position + length, this.#size)));
  }

  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.length;
    const before = this.#cache.slice(position, Math.min(end, this.#size));
    this.#last = { position, bytes: bytes.slice(), before, sizeBefore: this.#size };
    const from = Math.min(position, this.#size);
    this.#cache = grown(this.#cache, end);
    this.#cache.set(bytes, position);
    this.#size = Math.max(this.#size, end);
    if (end > from) this.#touch(from, end);
  }

  truncate(size: number): void {
    this.#last = undefined;
    if (size > this.#size) {
      this.#cache = grown(this.#cache, size);
      this.#touch(this.#size, size);
    } else {
      this.#cache.fill(0, size, this.#size);
      for (const sector of this.#dirty.keys()) {
        if (sector * SECTOR_BYTES >= size) this.#dirty.delete(sector);
      }
      if (size < this.#size && size % SECTOR_BYTES > 0) this.#touch(size - 1, size);
    }
    this.#size = size;
  }

  /** What a sync that starts now will put on the platter. */
  beginSync(): SyncPoint {
    const sectors = new Map<number, { version: number; content: Uint8Array }>();
    for (const [sector, version] of this.#dirty) {
      sectors.set(sector, { version, content: this.#sector(sector) });
    }
    return { size: this.#size, sectors };
  }

  endSync(point: SyncPoint): void {
    for (const [sector, { version, content }] of point.sectors) {
      this.#store(sector, content);
      if (this.#dirty.get(sector) === version) this.#dirty.delete(sector);
    }
    this.#platter = grown(this.#platter, point.size);
    this.#platter.fill(0, point.size);
    this.#platterSize = point.size;
    if (this.#dirty.size === 0) this.#last = undefined;
  }

  /**
   * The sync fails as on common file systems: readers keep seeing the new bytes, the pages count as
   * clean, and any part of them may or may not have reached the platter. A later sync succeeds and
   * writes none of them.
   */
  failSync(point: SyncPoint, random: () => number): void {
    for (const [sector, { version, content }] of point.sectors) {
      if (random() < 0.5) this.#store(sector, content);
      if (this.#dirty.get(sector) === version) this.#dirty.delete(sector);
    }
    if (random() < 0.5) this.#platterSize = Math.max(this.#platterSize, point.size);
    this.#platter = grown(this.#platter, this.#platterSize);
    this.#last = undefined;
  }

  /**
   * What a power loss leaves of this file. `torn`: just that many bytes of the latest unsynced
   * write arrive.
   */
  afterPowerLoss(keep: Keep, random: () => number, torn: number | undefined): Inode {
    const last = torn === undefined ? undefined : this.#last;
    if (last !== undefined && torn !== undefined) return this.#afterTear(last, torn, keep, random);
    const left = new Inode();
    left.#platter = this.#platter.slice();
    for (const sector of this.#dirty.keys()) {
      if (survives(keep, random)) left.#store(sector, this.#sector(sector));
      else if (keep === "some" && this.#isNew(sector) && random() < 0.25) {
        left.#store(sector, noise(random));
      }
    }
    left.#settle(sizeAfter(keep, this.#platterSize, this.#size, random));
    return left;
  }

  /** The same file for a new process: nothing is lost, and nothing more is durable than before. */
  afterKill(): Inode {
    const left = new Inode();
    left.#cache = this.#cache.slice();
    left.#size = this.#size;
    left.#platter = this.#platter.slice();
    left.#platterSize = this.#platterSize;
    left.#dirty = new Map(this.#dirty);
    left.#version = this.#version;
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

  #afterTear(last: LastWrite, torn: number, keep: Keep, random: () => number): Inode {
    const before = this.afterKill();
    before.#cache.fill(0, last.position, last.position + last.bytes.length);
    before.#cache.set(last.before, last.position);
    before.#size = last.sizeBefore;
    before.#last = undefined;
    const left = before.afterPowerLoss(keep, random, undefined);
    const part = last.bytes.subarray(0, torn);
    const size = part.length === 0 ? left.#size : Math.max(left.#size, last.position + part.length);
    left.#platter = grown(left.#platter, size);
    left.#platter.set(part, last.position);
    left.#settle(size);
    return left;
  }

  #touch(from: number, end: number): void {
    this.#version += 1;
    const last = Math.floor((end - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(from / SECTOR_BYTES); sector <= last; sector += 1) {
      this.#dirty.set(sector, this.#version);
    }
  }

  #sector(sector: number): Uint8Array {
    return this.#cache.slice(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
  }

  #store(sector: number, content: Uint8Array): void {
    this.#platter = grown(this.#platter, sector * SECTOR_BYTES + content.length);
    this.#platter.set(content, sector * SECTOR_BYTES);
  }

  #isNew(sector: number): boolean {
    return sector * SECTOR_BYTES >= this.#platterSize;
  }

  /** Both views become the platter's first `size` bytes. */
  #settle(size: number): void {
    this.#platter = grown(this.#platter, size);
    this.#platter.fill(0, size);
    this.#platterSize = size;
    this.#cache = this.#platter.slice();
    this.#size = size;
    this.#dirty = new Map();
  }
}

function survives(keep: Keep, random: () => number): boolean {
  if (keep === "some") return random() < 0.5;
  return keep === "all";
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
  const bigger = new Uint8Array(Math.max(length, bytes.length * 2));
  bigger.set(bytes);
  return bigger;
}
