/**
 * What a node's disk holds for certain: hard state, log and snapshots as a power loss at this
 * moment would leave them, read from the platter itself and not from what the store says of it.
 */

import {
  assert,
  type Entry,
  type HardState,
  type Index,
  NOBODY,
  type Raft,
  type SnapshotMeta,
} from "@holdfast/raft";
import {
  type PlacedHeader,
  readImage,
  readSegmentHeader,
  recordAt,
  type StoreIdentity,
  snapshotIndexOf,
  type WalRecord,
} from "@holdfast/replica";
import type { DurableState } from "./cluster-invariants.ts";
import type { SimDisk } from "./disk.ts";
import type { Inode } from "./disk-inode.ts";
import type { DiskWatcher } from "./disk-operation.ts";
import { headerOn, newestRun, type SegmentFile, SegmentNames } from "./disk-segments.ts";
import { DurableFold } from "./durable-fold.ts";
import { entryCopier, type KeepEntry, type Reading, Readings } from "./durable-reading.ts";
import { readable } from "./readable.ts";

/** What `missingIn` says when all that is gone is a snapshot. */
export const LACKS_SNAPSHOT = "durable: a restart lacks a snapshot";

/** Whose log it is, and how what is read is kept. */
export interface DurableLogOptions {
  /** Files of others count for nothing. */
  readonly identity: StoreIdentity;
  /**
   * The entry to keep for one whose payload is only a view: by default a copy. To give one object
   * for equal entries saves memory, and comparing them.
   */
  readonly keep?: KeepEntry;
  /** What was read from the disk that this one comes of by a crash; see {@link Readings}. */
  readonly readings?: Readings;
}

/** The newest segment: how far it was read. */
interface Tail {
  readonly sequence: number;
  readonly inode: Inode;
  readonly reading: Reading;
  offset: number;
}

/**
 * Follows one disk from its creation to its crash, and is afterwards what must have survived. Each
 * record is read once. The disk after a crash gets a `DurableLog` of its own, which may share what
 * was read: it reads again what isn't byte for byte as it was.
 */
export class DurableLog implements DurableState, DiskWatcher {
  readonly #disk: SimDisk;
  readonly #identity: StoreIdentity;
  readonly #keep: KeepEntry;
  readonly #readings: Readings;
  #fold: DurableFold = new DurableFold();
  /** Undefined as long as the newest segment can't be read to its end. */
  #tail: Tail | undefined;
  readonly #names = new SegmentNames();
  /** The segments that make up the log. */
  #run: readonly SegmentFile[] = [];
  /** Something was written over records that were read already. */
  #isStale = false;
  /** Durable snapshots that are whole, by file. */
  #snapshots: Map<number, SnapshotMeta> = new Map();
  #snapshot: SnapshotMeta | undefined;
  /** Files that are named as snapshots, durably, and are none. */
  #unfinished: Set<number> = new Set();
  readonly #visit = (record: WalRecord): void => this.#fold.apply(record);

  /** Reads what `disk` holds and watches it from here on. */
  constructor(disk: SimDisk, options: DurableLogOptions) {
    this.#disk = disk;
    this.#identity = options.identity;
    this.#keep = options.keep ?? entryCopier();
    this.#readings = options.readings ?? new Readings();
    disk.watcher = this;
    this.directorySynced([...disk.state.durableNames().keys()]);
  }

  get hardState(): HardState {
    return this.#fold.hardState;
  }

  /** The newest durable snapshot that is whole. */
  get snapshot(): SnapshotMeta | undefined {
    return this.#snapshot;
  }

  get snapshotIndex(): Index {
    return this.#snapshot?.index ?? 0;
  }

  /** The log on disk begins behind this index. */
  get startIndex(): Index {
    return this.#fold.start.index;
  }

  /** False when entries are missing between the newest snapshot and the log (D15). */
  get isGapless(): boolean {
    return Math.max(this.startIndex, this.#fold.firstIndex - 1) <= this.snapshotIndex;
  }

  get lastIndex(): Index {
    return this.#fold.lastIndex;
  }

  entryAt(index: Index): Entry | undefined {
    return this.#fold.entryAt(index);
  }

  /**
   * What this `raft`, just started from what a crash left, lacks of what was durable; in constant
   * text, or `undefined` when all is there. A cut of the log that was under way may have got there,
   * and what it takes back may be gone.
   */
  missingIn(raft: Raft): string | undefined {
    const { term, vote } = this.hardState;
    if (raft.term < term) return "durable: a restart goes back to an older term";
    if (raft.term === term && vote !== NOBODY && raft.vote !== vote) {
      return "durable: a restart forgets a vote";
    }
    const { snapshot } = raft;
    const base = snapshot?.index ?? 0;
    if (base < this.snapshotIndex) return LACKS_SNAPSHOT;
    // A log that doesn't reach the snapshot, or has another entry there, gives way to it.
    if (snapshot !== undefined && this.#fold.termAt(base) !== snapshot.term) return undefined;
    const last = Math.min(this.lastIndex, this.#cutUnderWay() - 1);
    for (let index = Math.max(this.#fold.firstIndex, base + 1); index <= last; index += 1) {
      const entry = this.entryAt(index);
      assert(entry !== undefined, "durable: an entry within the log is not known");
      if (!raft.log.matches(index, entry.term)) return "durable: a restart lacks an entry";
    }
    return undefined;
  }

  /** The first entry that is taken back by what was written and is not durable. */
  #cutUnderWay(): Index {
    let cutFrom = Number.POSITIVE_INFINITY;
    for (const { sequence, name, inode } of newestRun(this.#disk.state.visibleNames())) {
      if (sequence < (this.#tail?.sequence ?? 0)) continue;
      const bytes = inode.read(0, inode.size);
      const placed = readable(() => readSegmentHeader(name, bytes, this.#identity));
      if (placed === undefined) continue;
      const from = this.#tail?.inode.id === inode.id ? this.#tail.offset : placed.end;
      scan(bytes, from, placed.crc, ({ reset, truncateFrom }) => {
        if (reset !== undefined) cutFrom = 0;
        else if (truncateFrom !== 0) cutFrom = Math.min(cutFrom, truncateFrom);
      });
    }
    return cutFrom;
  }

  wrote(file: number, position: number, length: number): void {
    const tail = this.#tail;
    if (tail === undefined || file !== tail.inode.id) return;
    if (position < tail.offset && length > 0) this.#isStale = true;
  }

  synced(file: number, platter: Uint8Array): void {
    const tail = this.#tail;
    if (tail !== undefined && file === tail.inode.id && !this.#isStale) {
      if (platter.length < tail.offset) this.#rebuild();
      else tail.offset = tail.reading.readOn(tail.inode, tail.offset, this.#visit);
    } else if ((tail === undefined || file === tail.inode.id) && this.#isOfLog(file)) {
      this.#rebuild();
    } else if (this.#unfinished.has(file)) {
      this.#lookForSnapshots();
    }
  }

  directorySynced(names: readonly string[]): void {
    if (this.#unfinished.size > 0 || names.some(isOfSnapshot)) this.#lookForSnapshots();
    if (this.#names.follow(this.#disk.state.durableNames(), names)) {
      this.#run = this.#names.newestRun();
      this.#readings.retain(this.#run);
    } else if (this.#tail !== undefined) {
      return;
    }
    this.#followRun();
  }

  #followRun(): void {
    const newest = this.#run.at(-1);
    const tail = this.#tail;
    const isSame =
      newest === undefined
        ? tail === undefined
        : tail !== undefined && newest.inode.id === tail.inode.id;
    if (!isSame && !this.#goesOnIn(newest)) {
      this.#rebuild();
      return;
    }
    const oldest = this.#run[0];
    if (oldest !== undefined) this.#fold.dropBefore(oldest.sequence);
  }

  /** Whether `newest` continues the tail just where that ends; it is the tail then. */
  #goesOnIn(newest: SegmentFile | undefined): boolean {
    const tail = this.#tail;
    if (newest === undefined || tail === undefined || this.#isStale) return false;
    if (newest.sequence !== tail.sequence + 1) return false;
    const placed = headerOn(newest, this.#identity);
    if (placed === undefined || placed.header.previousEnd !== tail.offset) return false;
    this.#enter(newest, placed, Number.POSITIVE_INFINITY);
    return true;
  }

  /** Reads all from the beginning, as a restart would. */
  #rebuild(): void {
    this.#fold = new DurableFold();
    this.#isStale = false;
    const run = this.#run;
    const headers = run.map((segment) => headerOn(segment, this.#identity));
    const isWhole = run.every((segment, at) => {
      const placed = headers[at];
      const next = headers[at + 1];
      if (placed === undefined || (next === undefined && at < run.length - 1)) return false;
      const end = next?.header.previousEnd ?? Number.POSITIVE_INFINITY;
      const offset = this.#enter(segment, placed, end);
      return next === undefined || offset === end;
    });
    if (!isWhole || run.length === 0) this.#tail = undefined;
  }

  /** Reads a segment from its head up to `end`; returns where it came to a stop. */
  #enter({ sequence, inode }: SegmentFile, placed: PlacedHeader, end: number): number {
    this.#fold.beginSegment(sequence);
    const reading = this.#readings.of(inode, placed.crc, placed.end, this.#keep);
    const offset = reading.read(inode.platter(), end, this.#visit);
    this.#tail = { sequence, inode, reading, offset };
    return offset;
  }

  #isOfLog(file: number): boolean {
    return this.#run.some(({ inode }) => inode.id === file);
  }

  #lookForSnapshots(): void {
    const found = new Map<number, SnapshotMeta>();
    this.#snapshot = undefined;
    this.#unfinished = new Set();
    for (const [name, inode] of this.#disk.state.durableNames()) {
      const index = snapshotIndexOf(name);
      if (index === undefined) continue;
      const known = this.#snapshots.get(inode.id);
      const meta = known?.index === index ? known : this.#wholeSnapshot(name, index, inode);
      if (meta === undefined) {
        this.#unfinished.add(inode.id);
        continue;
      }
      found.set(inode.id, meta);
      if (meta.index > this.snapshotIndex) this.#snapshot = meta;
    }
    this.#snapshots = found;
  }

  #wholeSnapshot(name: string, index: Index, inode: Inode): SnapshotMeta | undefined {
    const meta = readable(() => readImage(name, inode.platter(), this.#identity))?.meta;
    return meta?.index === index ? meta : undefined;
  }
}

function isOfSnapshot(name: string): boolean {
  return snapshotIndexOf(name) !== undefined;
}

/** Visits the whole records from there on. */
function scan(
  bytes: Uint8Array,
  from: number,
  key: number,
  visit: (record: WalRecord) => void,
): void {
  for (let offset = from; ; ) {
    const placed = recordAt(bytes, offset, key);
    if (placed === undefined) return;
    visit(placed.record);
    offset = placed.end;
  }
}
