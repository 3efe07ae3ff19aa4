/**
 * Records as they were read off the platter, kept for the next reader of the same bytes: after a
 * crash most segments are as they were.
 */

import { assert, type Entry } from "@holdfast/raft";
import { recordAt, type WalRecord } from "@holdfast/replica";
import type { Inode } from "./disk-inode.ts";
import type { SegmentFile } from "./disk-segments.ts";

/** Gives the entry to keep for one whose payload is only a view. */
export type KeepEntry = (entry: Entry) => Entry;

type Visit = (record: WalRecord) => void;

/** The whole records of one segment, as far as they were read. */
export class Reading {
  readonly #key: number;
  readonly #start: number;
  readonly #keep: KeepEntry;
  /** Of the platter that they were read from. */
  #stamp: object;
  readonly #records: WalRecord[] = [];
  /** Where each of them ends. */
  readonly #ends: number[] = [];

  /** `key` is the checksum of the segment's header, and `start` where the first record begins. */
  constructor(key: number, start: number, stamp: object, keep: KeepEntry) {
    this.#key = key;
    this.#start = start;
    this.#stamp = stamp;
    this.#keep = keep;
  }

  /** Whether it is of these very bytes. */
  isOf(stamp: object, key: number): boolean {
    return this.#stamp === stamp && this.#key === key;
  }

  /** Visits all records that begin before `end`; returns where that came to a stop. */
  read(platter: Uint8Array, end: number, visit: Visit): number {
    let offset = this.#start;
    for (let at = 0; at < this.#records.length && offset < end; at++) {
      const record = this.#records[at];
      assert(record !== undefined, "reading: a record is missing");
      visit(record);
      offset = this.#ends[at] ?? 0;
    }
    return this.#goOn(platter, offset, end, visit);
  }

  /** The file has grown, and nothing was changed in front of `offset`: visits what is new. */
  readOn(inode: Inode, offset: number, visit: Visit): number {
    assert(offset === (this.#ends.at(-1) ?? this.#start), "reading: goes on elsewhere");
    this.#stamp = inode.platterStamp;
    return this.#goOn(inode.platter(), offset, Number.POSITIVE_INFINITY, visit);
  }

  #goOn(platter: Uint8Array, from: number, end: number, visit: Visit): number {
    let offset = from;
    while (offset < end) {
      const placed = recordAt(platter, offset, this.#key);
      if (placed === undefined) break;
      const record = kept(placed.record, this.#keep);
      visit(record);
      offset = placed.end;
      this.#records.push(record);
      this.#ends.push(offset);
    }
    return offset;
  }
}

/** All that was read of one node's log, by file: its disks before and after a crash share it. */
export class Readings {
  readonly #byFile = new Map<number, Reading>();

  /** What is known of the segment in this file already; nothing when its platter was changed. */
  of(inode: Inode, key: number, start: number, keep: KeepEntry): Reading {
    const stamp = inode.platterStamp;
    const known = this.#byFile.get(inode.id);
    if (known?.isOf(stamp, key) === true) return known;
    const reading = new Reading(key, start, stamp, keep);
    this.#byFile.set(inode.id, reading);
    return reading;
  }

  /** Forgets files that are not of these segments, if there are such. */
  retain(segments: readonly SegmentFile[]): void {
    if (this.#byFile.size <= segments.length) return;
    const files = new Set(segments.map(({ inode }) => inode.id));
    for (const file of this.#byFile.keys()) if (!files.has(file)) this.#byFile.delete(file);
  }
}

function kept(record: WalRecord, keep: KeepEntry): WalRecord {
  if (record.entries.length === 0) return record;
  return { ...record, entries: record.entries.map(keep) };
}

const SLAB_BYTES = 16_384;

/** Copies entries. An array of its own for each costs more than all else about a short one. */
export function entryCopier(): KeepEntry {
  let slab = new Uint8Array(0);
  let used = 0;
  return ({ index, term, kind, data }) => {
    const end = used + data.length;
    if (end > slab.length) {
      slab = new Uint8Array(Math.max(SLAB_BYTES, data.length));
      used = 0;
    }
    slab.set(data, used);
    const copy = slab.subarray(used, used + data.length);
    used += data.length;
    return { index, term, kind, data: copy };
  };
}
