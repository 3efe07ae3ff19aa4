/**
 * The write-ahead log: hard state and entries in one order, durable when `append` resolves (paper
 * Fig. 2, thesis §3.8).
 */

import { InvariantError, sometimes, type Write } from "@holdfast/raft";
import { WalClosedError, WalFailedError } from "../errors.ts";
import type { StoreIdentity } from "../identity.ts";
import { maybe } from "../maybe.ts";
import { type Disk, DiskError } from "../ports.ts";
import { LogExtent } from "./extent.ts";
import { isEmpty, type LogPoint, MARK, recordBytes, recordOf, type WalRecord } from "./record.ts";
import { segmentName } from "./segment-header.ts";
import type { SegmentWriter, Tail } from "./segment-writer.ts";
import type { Segment, SegmentList } from "./segments.ts";
import type { Spare } from "./spare.ts";

export interface WalOptions {
  readonly identity: StoreIdentity;
  /**
   * A segment that would exceed this is finished and the next begun; one that holds a single large
   * write may.
   */
  readonly segmentBytes: number;
  /** Allocate segments ahead of time and use old ones again. Faster on real disks. */
  readonly preallocate: boolean;
}

interface Waiting {
  readonly record: WalRecord;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Batch {
  readonly waiting: readonly Waiting[];
  /** Those of `waiting` that say something. */
  readonly records: readonly WalRecord[];
  /** Of the records, without their frames. */
  readonly bytes: number;
}

/**
 * What queues up beyond this waits for the next batch, so that nobody waits for a very long sync,
 * in bytes.
 */
const BATCH_BYTES_MAX = 1 << 20;

/**
 * Group commit: one write and one sync are under way while everything that comes meanwhile forms
 * the next batch.
 */
export class Wal {
  readonly #disk: Disk;
  readonly #options: WalOptions;
  readonly #spare: Spare;
  readonly #writer: SegmentWriter;
  readonly #segments: SegmentList;
  /** Where the log stands once all that is queued is durable. */
  readonly #accepted: LogExtent;
  /** Where the log stands on disk. */
  readonly #durable: LogExtent;
  #tail: Tail;
  #isMarked = true;
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #housekeeping: Promise<void> = Promise.resolve();
  #failure: WalFailedError | undefined;
  #closing: Promise<void> | undefined;

  /** @internal Use `openWal`. */
  constructor(
    disk: Disk,
    options: WalOptions,
    parts: {
      readonly spare: Spare;
      readonly writer: SegmentWriter;
      readonly tail: Tail;
      readonly segments: SegmentList;
      readonly extent: LogExtent;
    },
  ) {
    this.#disk = disk;
    this.#options = options;
    this.#spare = parts.spare;
    this.#writer = parts.writer;
    this.#tail = parts.tail;
    this.#segments = parts.segments;
    this.#durable = parts.extent;
    this.#accepted = new LogExtent(parts.extent.head());
    this.#tidy();
  }

  /**
   * Bytes of headers and records in all segments that are still needed; allocated space without
   * records is not in it.
   */
  get usedBytes(): number {
    return this.#segments.usedBytes;
  }

  get segmentCount(): number {
    return this.#segments.count;
  }

  /** The log on disk begins after this point. */
  get start(): LogPoint {
    return this.#durable.start;
  }

  /** Index of the last entry on disk. */
  get lastIndex(): number {
    return this.#durable.last;
  }

  /** Set once the log has failed for good. */
  get failure(): WalFailedError | undefined {
    return this.#failure;
  }

  /**
   * Resolves when this write and all before it are on disk; a write is on disk whole or not at all.
   * After a failure this and every later call rejects with the same `WalFailedError`; after `close`
   * with `WalClosedError`. A write that can't follow those before (a gap, a term that goes back) is
   * an `InvariantError` and changes nothing.
   */
  append(write: Write): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closing !== undefined) return Promise.reject(new WalClosedError());
    const record = recordOf(write);
    if (this.#accepted.objection(record) !== undefined) {
      return Promise.reject(new InvariantError("wal.append: write contradicts the log"));
    }
    this.#accepted.apply(record);
    return new Promise((resolve, reject) => {
      this.#queue.push({ record, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Writes what is queued, then lets go of the files. May be called again; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // All who append in this turn, and all whom the last batch woke, are in time for this one.
      await undefined;
      const batch = this.#takeBatch();
      try {
        // After a failure nothing more may be written: it could become durable without what went
        // before.
        if (this.#failure === undefined) await this.#commit(batch);
      } catch (error) {
        this.#fail(error);
      }
      for (const waiting of batch.waiting) {
        if (this.#failure === undefined) waiting.resolve();
        else waiting.reject(this.#failure);
      }
      this.#tidy();
    }
    this.#running = undefined;
  }

  #takeBatch(): Batch {
    const records: WalRecord[] = [];
    let count = 0;
    let bytes = 0;
    for (const { record } of this.#queue) {
      if (!isEmpty(record)) {
        const more = recordBytes(record);
        if (records.length > 0 && isBatchFull(bytes + more)) break;
        bytes += more;
        records.push(record);
      }
      count += 1;
    }
    return { waiting: this.#queue.splice(0, count), records, bytes };
  }

  /** Returns when the records are on disk. */
  async #commit({ records, bytes }: Batch): Promise<void> {
    if (records.length === 0) return;
    if (records.length > 1) sometimes("wal: several writes share a sync");
    const tail = this.#tail;
    if (tail.hasBatches && this.#isFull(records, bytes)) {
      await this.#roll(records);
    } else {
      tail.write(records);
      this.#isMarked = false;
      await tail.file.sync();
    }
    for (const record of records) {
      this.#durable.apply(record);
      this.#segments.apply(record);
    }
    this.#segments.newest.usedBytes = this.#tail.usedBytes;
  }

  #isFull(records: readonly WalRecord[], bytes: number): boolean {
    if (maybe("wal: begin a segment early")) return true;
    return !this.#tail.hasRoomFor(records, bytes, this.#options.segmentBytes);
  }

  /**
   * Begins a new segment with these records in it. Nothing is under way, so the old one is durable
   * to its end.
   */
  async #roll(records: readonly WalRecord[]): Promise<void> {
    const old = this.#tail;
    this.#tail = await this.#writer.begin({
      sequence: old.sequence + 1,
      previousEnd: old.usedBytes,
      previousSum: old.sum,
      head: this.#durable.head(),
      records,
    });
    this.#isMarked = true;
    this.#segments.push(segmentName(this.#tail.sequence), this.#tail.sequence);
    await old.file.close();
  }

  /** Work that nobody waits for: it must not run before the records that allow it are durable. */
  #tidy(): void {
    if (this.#failure !== undefined || maybe("wal: put off what nobody waits for")) return;
    const { segmentBytes, preallocate } = this.#options;
    for (;;) {
      const segment = this.#segments.takeObsolete(this.#durable.start.index);
      if (segment === undefined) break;
      this.#later(() => this.#discard(segment));
    }
    const isHalfFull = this.#tail.usedBytes * 2 > segmentBytes;
    if (preallocate && isHalfFull && this.#spare.isWanted) {
      this.#later(() => this.#spare.prepare());
    }
  }

  /**
   * One after the other, each synced: were they removed in any order, a crash could leave a hole
   * between segments.
   */
  async #discard(segment: Segment): Promise<void> {
    const { preallocate } = this.#options;
    const canRecycle = preallocate && !maybe("wal: remove a segment instead of using it again");
    if (canRecycle && (await this.#spare.recycle(segment.name))) {
      sometimes("wal: an old segment is used again");
      return;
    }
    sometimes("wal: an old segment is removed");
    await this.#disk.remove(segment.name);
    await this.#disk.syncDirectory();
  }

  #later(job: () => Promise<void>): void {
    this.#housekeeping = this.#housekeeping
      .then(() => (this.#failure === undefined ? job() : undefined))
      .catch((error: unknown) => this.#fail(error));
  }

  /**
   * A failed sync is never tried again: the next one would succeed without having written anything
   * (H7).
   */
  #fail(error: unknown): void {
    if (this.#failure === undefined) sometimes("wal: fails and stops for good");
    this.#failure ??= new WalFailedError(
      error instanceof DiskError ? error.code : "unknown",
      error,
    );
  }

  async #finish(): Promise<void> {
    this.#spare.stop();
    await this.#running;
    await this.#housekeeping;
    try {
      const isMarkDue = this.#failure === undefined && !this.#isMarked;
      if (isMarkDue && !maybe("wal: close without a mark")) {
        // Shows that the last batch was durable, so that damage to it can't pass for a torn write.
        this.#tail.write([MARK]);
        this.#segments.newest.usedBytes = this.#tail.usedBytes;
        await this.#tail.file.sync();
      }
      await this.#tail.file.close();
    } catch (error) {
      // All that was acknowledged is on disk already.
      this.#fail(error);
    }
  }
}

function isBatchFull(bytes: number): boolean {
  return bytes > BATCH_BYTES_MAX || maybe("wal: sync before all that waits is written");
}
