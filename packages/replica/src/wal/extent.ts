/**
 * Which part of the log the records describe, and which records make sense after which: a second
 * pair of eyes.
 */

import { type HardState, type Index, NOBODY } from "@holdfast/raft";
import type { Head, LogPoint, WalRecord } from "./record.ts";

/** Follows the records in order, without their payloads. */
export class LogExtent {
  hardState: HardState;
  start: LogPoint;
  /**
   * Entries `first..last` are described by the records seen. `first` exceeds `start.index + 1` only
   * while reading a log whose oldest segments are gone: a later record must then say that what is
   * missing is not needed.
   */
  first: Index;
  last: Index;

  constructor(head: Head) {
    this.hardState = head.hardState;
    this.start = head.start;
    this.first = head.lastIndex + 1;
    this.last = head.lastIndex;
  }

  head(): Head {
    return { hardState: this.hardState, start: this.start, lastIndex: this.last };
  }

  /** True when no entry between the start of the log and its end is missing. */
  get isWhole(): boolean {
    return this.first <= this.start.index + 1;
  }

  /**
   * What is impossible about `record` here, in constant text, or `undefined`. Nothing is changed.
   */
  objection(record: WalRecord): string | undefined {
    if (record.head !== undefined) return this.#headObjection(record.head);
    return this.#hardStateObjection(record.hardState) ?? this.#logObjection(record);
  }

  /** Takes `record` in; `objection` has found nothing. */
  apply(record: WalRecord): void {
    const { reset, truncateFrom, entries, compact } = record;
    if (reset !== undefined) {
      this.start = reset;
      this.last = reset.index;
      this.first = reset.index + 1;
    }
    if (truncateFrom !== 0) {
      this.last = Math.min(this.last, truncateFrom - 1);
      this.first = Math.min(this.first, truncateFrom);
    }
    if (record.hardState !== undefined) this.hardState = record.hardState;
    this.last += entries.length;
    if (compact !== undefined) {
      this.start = compact;
      if (compact.index >= this.first) this.first = compact.index + 1;
    }
  }

  #hardStateObjection(next: HardState | undefined): string | undefined {
    if (next === undefined) return undefined;
    const { term, vote } = this.hardState;
    if (next.term < term) return "the term goes back";
    const isOtherVote = next.term === term && vote !== NOBODY && next.vote !== vote;
    return isOtherVote ? "the vote changes within a term" : undefined;
  }

  #logObjection({ reset, truncateFrom, entries, compact }: WalRecord): string | undefined {
    const start = reset ?? this.start;
    if (start.index < this.start.index) return "the log's start goes back";
    let last = reset?.index ?? this.last;
    if (truncateFrom !== 0) {
      if (truncateFrom <= start.index) return "truncation before the log's start";
      last = Math.min(last, truncateFrom - 1);
    }
    for (const entry of entries) {
      last += 1;
      if (entry.index !== last) return "gap between entries";
    }
    if (compact === undefined) return undefined;
    if (compact.index < start.index) return "the log's start goes back";
    return compact.index > last ? "compaction past the log's end" : undefined;
  }

  #headObjection(head: Head): string | undefined {
    const same =
      head.hardState.term === this.hardState.term &&
      head.hardState.vote === this.hardState.vote &&
      head.start.index === this.start.index &&
      head.start.term === this.start.term &&
      head.lastIndex === this.last;
    return same ? undefined : "segment does not continue the one before";
  }
}
