/** The segments that make up the log, oldest first, and which of them nobody needs any more. */

import { assert, type Index } from "@holdfast/raft";
import type { WalRecord } from "./record.ts";

export interface Segment {
  readonly name: string;
  readonly sequence: number;
  /** Its part that counts, in bytes. */
  usedBytes: number;
  /** Highest entry in it that no later record has taken back; 0 for none. */
  lastIndex: Index;
}

export class SegmentList {
  readonly #segments: Segment[] = [];

  get count(): number {
    return this.#segments.length;
  }

  get usedBytes(): number {
    let sum = 0;
    for (const segment of this.#segments) sum += segment.usedBytes;
    return sum;
  }

  get newest(): Segment {
    const newest = this.#segments.at(-1);
    assert(newest !== undefined, "segments.newest: none");
    return newest;
  }

  push(name: string, sequence: number): Segment {
    const segment: Segment = { name, sequence, usedBytes: 0, lastIndex: 0 };
    this.#segments.push(segment);
    return segment;
  }

  pop(): void {
    this.#segments.pop();
  }

  /** Takes note of a record that goes to the newest segment. */
  apply(record: WalRecord): void {
    const { reset, truncateFrom, entries } = record;
    if (reset !== undefined) this.#lower(0);
    if (truncateFrom !== 0) this.#lower(truncateFrom - 1);
    const last = entries.at(-1);
    if (last !== undefined) this.newest.lastIndex = last.index;
  }

  /**
   * Takes the oldest segment out and returns it when all its entries are at or before `startIndex`
   * or were taken back. The newest one stays: it says where the log stands.
   */
  takeObsolete(startIndex: Index): Segment | undefined {
    const oldest = this.#segments[0];
    if (oldest === undefined || this.#segments.length === 1) return undefined;
    if (oldest.lastIndex > startIndex) return undefined;
    this.#segments.shift();
    return oldest;
  }

  #lower(last: Index): void {
    for (const segment of this.#segments) segment.lastIndex = Math.min(segment.lastIndex, last);
  }
}
