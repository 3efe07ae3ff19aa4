/** Reads the log back from its segments, and tells a write that a crash cut short from damage. */

import { type Entry, type Index, sometimes } from "@holdfast/raft";
import { WalDamagedError } from "../errors.ts";
import type { StoreIdentity } from "../identity.ts";
import type { Disk } from "../ports.ts";
import { ByteReader } from "./bytes.ts";
import { LogExtent } from "./extent.ts";
import { type Frame, frameAt, laterBatch, shellAt, sumWith, viewOf } from "./frame.ts";
import { isEmpty, readRecord, type WalRecord } from "./record.ts";
import {
  HEADER_BYTES_MAX,
  type PlacedHeader,
  readHeader,
  segmentName,
  sequenceOf,
} from "./segment-header.ts";
import { SegmentList } from "./segments.ts";

/** What the segments say. Nothing on disk was touched. */
export interface ReadBack {
  readonly extent: LogExtent;
  /** What the log holds, with payloads that share memory with whole segments. */
  readonly entries: readonly Entry[];
  /**
   * Segments whose records are durable for certain. The newest is not among them if it is to be
   * replaced.
   */
  readonly segments: SegmentList;
  /** Older files that nothing needs. */
  readonly leftovers: readonly string[];
  /** Where the log goes on. */
  readonly next: { sequence: number; previousEnd: number; previousSum: number };
  /**
   * Writes of the newest batch. They can be read, but a failed or missing sync may have left them
   * in memory only, so they must be written again before anything relies on them. `extent` and
   * `entries` don't have them yet.
   */
  readonly carried: readonly WalRecord[];
  readonly tornBytes: number;
}

/** Throws `WalDamagedError`, `StoreIdentityError`, `StoreVersionError` or what the disk says. */
export async function readBack(disk: Disk, identity: StoreIdentity): Promise<ReadBack | undefined> {
  const { run, leftovers } = newestRun(await disk.list());
  const headers: PlacedHeader[] = [];
  for (const sequence of run) {
    const name = segmentName(sequence);
    headers.push(readHeader(name, await readFile(disk, name, HEADER_BYTES_MAX), identity));
  }
  const replay = new Replay();
  for (const [at, placed] of headers.entries()) {
    const name = segmentName(placed.header.sequence);
    const bytes = await readFile(disk, name, Number.MAX_SAFE_INTEGER);
    const reader = new SegmentReader(name, bytes, placed, replay);
    const next = headers[at + 1];
    if (next === undefined) return finish(reader, replay, leftovers);
    reader.readSealed(next.header.previousEnd, next.header.previousSum);
  }
  return undefined;
}

/**
 * The longest unbroken row of segments up to the newest. What lies before a gap was removed, and
 * came back.
 */
function newestRun(names: readonly string[]): {
  run: readonly number[];
  leftovers: readonly string[];
} {
  const sequences = names.flatMap((name) => sequenceOf(name) ?? []).sort((a, b) => a - b);
  let first = sequences.length - 1;
  while (first > 0 && sequences[first - 1] === (sequences[first] ?? 0) - 1) first -= 1;
  const run = sequences.slice(Math.max(first, 0));
  return { run, leftovers: sequences.slice(0, Math.max(first, 0)).map(segmentName) };
}

async function readFile(disk: Disk, name: string, limit: number): Promise<Uint8Array> {
  const file = await disk.open(name);
  try {
    return await file.read(0, Math.min(file.size, limit));
  } finally {
    await file.close();
  }
}

function finish(reader: SegmentReader, replay: Replay, leftovers: readonly string[]): ReadBack {
  const { batch, tornBytes } = reader.readTail();
  const { header } = reader.placed;
  const next =
    batch === undefined
      ? {
          sequence: header.sequence,
          previousEnd: header.previousEnd,
          previousSum: header.previousSum,
        }
      : { sequence: header.sequence + 1, previousEnd: batch.start, previousSum: batch.sum };
  const { carried, segments, extent, entries } = replay.takeNewest();
  if (batch === undefined) segments.pop();
  return { extent, entries, segments, leftovers, next, carried, tornBytes };
}

/** Where a batch begins, and the sum over the records before. */
interface BatchStart {
  readonly start: number;
  readonly sum: number;
}

class SegmentReader {
  readonly placed: PlacedHeader;
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #key: number;
  readonly #replay: Replay;
  /** Up to here all was durable before the file got its name. */
  readonly #createdEnd: number;
  #offset: number;
  #sum: number;
  #batch: BatchStart | undefined;

  constructor(name: string, bytes: Uint8Array, placed: PlacedHeader, replay: Replay) {
    const { header, end, crc } = placed;
    this.placed = placed;
    this.#name = name;
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#key = crc;
    this.#replay = replay;
    this.#createdEnd = end + header.createdBytes;
    this.#offset = end;
    this.#sum = crc;
    replay.beginSegment(name, header.sequence);
  }

  /**
   * The next segment says where this one ends: all up to there was durable, so all of it must be
   * good.
   */
  readSealed(end: number, sum: number): void {
    while (this.#offset < end && this.#next()) {}
    if (this.#offset !== end || this.#offset < this.#createdEnd) {
      this.#damaged("unreadable record in a finished segment");
    }
    if (this.#sum !== sum) this.#damaged("segment is not the one that the next continues");
    const objection = this.#replay.flush();
    if (objection !== undefined) this.#damaged(objection);
    this.#replay.endSegment(this.#offset);
  }

  /**
   * The newest segment may end in a torn write. Only the last batch can be torn, as each begins
   * after the sync of the one before: an unreadable record in front of a later batch is damage.
   */
  readTail(): { readonly batch: BatchStart | undefined; readonly tornBytes: number } {
    while (this.#next()) {}
    if (this.#offset < this.#createdEnd) this.#damaged("unreadable record in a new segment");
    if (laterBatch(this.#bytes, this.#offset, this.#key) !== undefined) {
      this.#damaged("unreadable record with newer records behind it");
    }
    this.#replay.endSegment(this.#batch?.start ?? this.#offset);
    return { batch: this.#batch, tornBytes: this.#tornBytes() };
  }

  #next(): boolean {
    const frame = frameAt(this.#bytes, this.#offset, this.#key, this.#view);
    if (frame === undefined) return false;
    this.#enterBatch(frame);
    const record = readRecord(new ByteReader(this.#bytes, frame.bodyStart, frame.bodyEnd));
    if (record === undefined) this.#damaged("record with a good checksum and unknown content");
    if ((record.head !== undefined) !== (frame.start === this.placed.end)) {
      this.#damaged("segment head in the wrong place");
    }
    const objection = this.#replay.take(record);
    if (objection !== undefined) this.#damaged(objection);
    this.#offset = frame.end;
    this.#sum = sumWith(this.#sum, this.#view, frame);
    return true;
  }

  #enterBatch(frame: Frame): void {
    const isFirst = frame.batchStart === frame.start && frame.start >= this.#createdEnd;
    if (isFirst) {
      this.#batch = { start: frame.start, sum: this.#sum };
      const objection = this.#replay.flush();
      if (objection !== undefined) this.#damaged(objection);
    } else if (frame.batchStart !== (this.#batch?.start ?? 0)) {
      this.#damaged("record of another batch");
    }
  }

  /**
   * Bytes behind the last good record that look like the rest of a write: for the log line only.
   */
  #tornBytes(): number {
    const torn = shellAt(this.#bytes, this.#offset, this.#key);
    if (torn !== undefined) return torn.end - this.#offset;
    if (this.placed.header.recycled) return 0;
    let end = this.#bytes.length;
    while (end > this.#offset && this.#bytes[end - 1] === 0) end -= 1;
    return end - this.#offset;
  }

  #damaged(reason: string): never {
    sometimes("recovery: damage is told from a torn write and refused");
    throw new WalDamagedError(this.#name, this.#offset, reason);
  }
}

/**
 * Puts the records together. Those of the newest batch wait in `#pending` until the next batch
 * shows them durable.
 */
class Replay {
  readonly #segments = new SegmentList();
  #extent: LogExtent | undefined;
  #entries: Entry[] = [];
  #pending: WalRecord[] = [];
  #current: { usedBytes: number } = { usedBytes: 0 };
  #name = "";

  beginSegment(name: string, sequence: number): void {
    this.#name = name;
    this.#current = this.#segments.push(name, sequence);
  }

  endSegment(usedBytes: number): void {
    this.#current.usedBytes = usedBytes;
  }

  /** Returns what is wrong with the record, if anything is. */
  take(record: WalRecord): string | undefined {
    if (record.head === undefined) {
      this.#pending.push(record);
      return undefined;
    }
    this.#extent ??= new LogExtent(record.head);
    return this.#extent.objection(record);
  }

  /** Takes in what has waited, as part of the current segment. */
  flush(): string | undefined {
    for (const record of this.#pending) {
      const extent = this.#known();
      const objection = extent.objection(record);
      if (objection !== undefined) return objection;
      extent.apply(record);
      this.#segments.apply(record);
      this.#entries = entriesAfter(this.#entries, record);
    }
    this.#pending = [];
    return undefined;
  }

  /** Ends the replay: the newest batch apart, the rest in force. */
  takeNewest(): {
    readonly carried: readonly WalRecord[];
    readonly segments: SegmentList;
    readonly extent: LogExtent;
    readonly entries: readonly Entry[];
  } {
    return {
      carried: this.#pending.filter((record) => !isEmpty(record)),
      segments: this.#segments,
      extent: this.#known(),
      entries: this.#entries,
    };
  }

  #known(): LogExtent {
    if (this.#extent !== undefined) return this.#extent;
    throw new WalDamagedError(this.#name, 0, "segment without a head");
  }
}

/** The entries of the log once `record` is in force too. */
export function entriesAfter(entries: Entry[], record: WalRecord): Entry[] {
  let kept = record.reset === undefined ? entries : [];
  if (record.truncateFrom !== 0) kept = upTo(kept, record.truncateFrom - 1);
  for (const entry of record.entries) kept.push(entry);
  const { compact } = record;
  if (compact !== undefined) kept = kept.filter((entry) => entry.index > compact.index);
  return kept;
}

function upTo(entries: Entry[], last: Index): Entry[] {
  const first = entries[0];
  return first === undefined ? entries : entries.slice(0, Math.max(0, last - first.index + 1));
}
