/** The log as far as it is in memory: the suffix behind a compaction point (paper §5.3, §7). */

import { assert } from "./assert.ts";
import { type Entry, entryBytes, type Index, type Term } from "./entry.ts";

/**
 * Positions `startIndex + 1 .. lastIndex` hold entries; at `startIndex` only the term is known (0,0
 * for a log from the beginning). Leaf: asserts its bounds, takes no decisions.
 */
export class Log {
  startIndex: Index;
  startTerm: Term;
  /** Contiguous from `startIndex + 1`. */
  readonly entries: Entry[];
  /** Everything up to here is on this node's disk as it stands in this log. */
  durable: Index;

  constructor(startIndex: Index, startTerm: Term, entries: readonly Entry[]) {
    this.startIndex = startIndex;
    this.startTerm = startTerm;
    this.entries = [];
    for (const entry of entries) this.push(entry);
    this.durable = this.lastIndex;
  }

  get lastIndex(): Index {
    return this.startIndex + this.entries.length;
  }

  get lastTerm(): Term {
    const length = this.entries.length;
    return length === 0 ? this.startTerm : this.at(this.startIndex + length).term;
  }

  /** The entry at `index`, which must be behind the compaction point and not beyond the end. */
  at(index: Index): Entry {
    const entry = this.entries[index - this.startIndex - 1];
    assert(entry !== undefined, "log.at: out of range");
    return entry;
  }

  /** The term at `index`; `startIndex` itself is allowed. */
  termAt(index: Index): Term {
    return index === this.startIndex ? this.startTerm : this.at(index).term;
  }

  /** Whether this log has exactly that entry: the consistency check of AppendEntries (§5.3). */
  matches(index: Index, term: Term): boolean {
    return index >= this.startIndex && index <= this.lastIndex && this.termAt(index) === term;
  }

  push(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, "log.push: gap");
    assert(entry.term >= this.lastTerm, "log.push: term goes back");
    this.entries.push(entry);
  }

  /** Drops `from` and everything behind it. */
  truncateFrom(from: Index): void {
    assert(from > this.startIndex, "log.truncateFrom: before the start");
    assert(from <= this.lastIndex, "log.truncateFrom: beyond the end");
    this.entries.length = from - this.startIndex - 1;
    if (this.durable >= from) this.durable = from - 1;
  }

  /**
   * Forgets entries up to and including `index`. The tail moves to a new array, so the old entries
   * can be collected.
   */
  compactTo(index: Index): void {
    assert(index >= this.startIndex, "log.compactTo: goes back");
    assert(index <= this.lastIndex, "log.compactTo: beyond the end");
    const term = this.termAt(index);
    this.entries.splice(0, index - this.startIndex);
    this.startIndex = index;
    this.startTerm = term;
    if (this.durable < index) this.durable = index;
  }

  /**
   * Becomes the empty log behind a snapshot (§7); nothing of it is durable until that snapshot is.
   */
  reset(index: Index, term: Term): void {
    this.entries.length = 0;
    this.startIndex = index;
    this.startTerm = term;
    this.durable = 0;
  }

  /** Entries `from .. last`, both included; shared, not copied. */
  slice(from: Index, last: Index): readonly Entry[] {
    assert(from > this.startIndex, "log.slice: before the start");
    assert(last <= this.lastIndex, "log.slice: beyond the end");
    return this.entries.slice(from - this.startIndex - 1, last - this.startIndex);
  }

  /**
   * As many entries from `from` on as fit in `bytesMax`, at least one (B22: a large entry travels
   * alone).
   */
  sliceBytes(from: Index, bytesMax: number): readonly Entry[] {
    const end = this.lastIndex;
    let last = from;
    let bytes = entryBytes(this.at(from));
    while (last < end) {
      bytes += entryBytes(this.at(last + 1));
      if (bytes > bytesMax) break;
      last++;
    }
    return this.slice(from, last);
  }

  /**
   * The last index at or below `index` whose term is at most `term`: where two logs can still agree
   * (§5.3). Both sides of a refused append use it, so one round trip passes over a whole term.
   * `startIndex - 1` when nothing here can.
   */
  lastIndexUpTo(index: Index, term: Term): Index {
    let at = Math.min(index, this.lastIndex);
    while (at >= this.startIndex && this.termAt(at) > term) at--;
    return at;
  }
}
