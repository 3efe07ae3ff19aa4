/** The log that a row of durable records amounts to, and which segment each entry is in. */

import { assert, type Entry, type HardState, type Index, NOBODY } from "@holdfast/raft";
import type { LogPoint, WalRecord } from "@holdfast/replica";

interface FoldedSegment {
  readonly sequence: number;
  /** Highest entry in it that no later record has taken back; 0 for none. */
  lastIndex: Index;
}

/** What is dropped in front is cut off when it is at least so many entries, and half of all. */
const DROPPED_MIN = 256;

export class DurableFold {
  hardState: HardState = { term: 0, vote: NOBODY };
  /** The log begins after this point. */
  start: LogPoint = { index: 0, term: 0 };
  /** Entries from here on are known. */
  firstIndex: Index = 1;
  lastIndex: Index = 0;
  /** The first one has index `#base`; those before `firstIndex` are gone. */
  #entries: Entry[] = [];
  #base: Index = 1;
  /** Oldest first. */
  #segments: FoldedSegment[] = [];

  entryAt(index: Index): Entry | undefined {
    return index < this.firstIndex ? undefined : this.#entries[index - this.#base];
  }

  /** The term at `index`, as far as the log says it. */
  termAt(index: Index): number | undefined {
    return index === this.start.index ? this.start.term : this.entryAt(index)?.term;
  }

  /** The records that follow are in this segment. */
  beginSegment(sequence: number): void {
    this.#segments.push({ sequence, lastIndex: 0 });
  }

  apply(record: WalRecord): void {
    const { head, reset, truncateFrom, hardState, entries, compact } = record;
    if (head !== undefined) {
      // No more is known than what it says: with it, the segments before may go.
      this.hardState = head.hardState;
      this.#begin(head.start);
      if (this.#segments.length === 1) this.#empty(head.lastIndex);
    }
    if (reset !== undefined) {
      this.#begin(reset);
      this.#cutAfter(0);
      this.#empty(reset.index);
    }
    if (truncateFrom !== 0) this.#cutAfter(truncateFrom - 1);
    if (hardState !== undefined) this.hardState = hardState;
    for (const entry of entries) this.#push(entry);
    if (compact !== undefined) this.#begin(compact);
  }

  /** The files of all segments before this one are gone, and what only they held. */
  dropBefore(sequence: number): void {
    for (let oldest = this.#segments[0]; oldest !== undefined; oldest = this.#segments[0]) {
      if (oldest.sequence >= sequence) return;
      this.#segments.shift();
      this.#dropUpTo(oldest.lastIndex);
    }
  }

  #push(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, "durable: gap between entries");
    this.#entries.push(entry);
    this.lastIndex = entry.index;
    const newest = this.#segments[this.#segments.length - 1];
    if (newest !== undefined) newest.lastIndex = entry.index;
  }

  /** The log begins after `point`. */
  #begin(point: LogPoint): void {
    this.start = point;
    this.#dropUpTo(point.index);
  }

  #dropUpTo(index: Index): void {
    if (index < this.firstIndex) return;
    this.firstIndex = index + 1;
    const dropped = Math.min(this.firstIndex - this.#base, this.#entries.length);
    if (dropped < DROPPED_MIN || dropped * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(dropped);
    this.#base += dropped;
  }

  #cutAfter(last: Index): void {
    if (last >= this.lastIndex) return;
    this.#entries.length = Math.max(0, last + 1 - this.#base);
    this.lastIndex = last;
    if (this.#entries.length === 0) this.#empty(last);
    this.firstIndex = Math.min(this.firstIndex, last + 1);
    for (const segment of this.#segments) segment.lastIndex = Math.min(segment.lastIndex, last);
  }

  /** No entries are known; the next one has the index behind `last`. */
  #empty(last: Index): void {
    this.#entries = [];
    this.#base = last + 1;
    this.firstIndex = last + 1;
    this.lastIndex = last;
  }
}
