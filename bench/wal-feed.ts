/** Writes for a log, one after the other, for any number of callers. */

import type { Entry, Term, Write } from "@holdfast/raft";
import type { Wal } from "@holdfast/replica";

export const ENTRY_BYTES = 256;

const TERM: Term = 3;
/** Entries that stay in the log when it is compacted, and how often it is. */
const TRAILING_ENTRIES = 5000;
const COMPACT_EVERY = 50_000;
/**
 * What a record adds to its entries, and what each entry adds to its data, in bytes: near enough.
 */
const RECORD_OVERHEAD_BYTES = 16;
const ENTRY_OVERHEAD_BYTES = 2;

export class WalFeed {
  /** Of the last entry. */
  index = 0;
  private readonly wal: Wal;
  private readonly data: Uint8Array = new Uint8Array(ENTRY_BYTES).fill(0xa5);
  private seq = 0;
  private compactAt = COMPACT_EVERY;

  constructor(wal: Wal) {
    this.wal = wal;
  }

  /** What an entry takes in the log when `count` of them share a record, in bytes. */
  entryBytes(count: number): number {
    return ENTRY_BYTES + ENTRY_OVERHEAD_BYTES + Math.ceil(RECORD_OVERHEAD_BYTES / count);
  }

  append(count: number): Promise<void> {
    const entries: Entry[] = [];
    for (let at = 0; at < count; at++) {
      this.index++;
      entries.push({ index: this.index, term: TERM, kind: "command", data: this.data });
    }
    this.seq++;
    const isDue = this.index >= this.compactAt;
    if (isDue) this.compactAt = this.index + COMPACT_EVERY;
    const write: Write = {
      seq: this.seq,
      hardState: undefined,
      snapshot: undefined,
      truncateFrom: 0,
      entries,
      compactTo: isDue ? this.index - TRAILING_ENTRIES : 0,
      compactTerm: isDue ? TERM : 0,
      thenSend: [],
    };
    return this.wal.append(write);
  }
}
