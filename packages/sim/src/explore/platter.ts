/** A disk as the explorer sees it: what was synced, and nothing of the rest. */

import { assert, type Entry, type HardState, NOBODY, type Write } from "@holdfast/raft";

/** Never changed: a write makes a new one. */
export interface Platter {
  readonly hardState: HardState;
  /** From index 1 on. */
  readonly entries: readonly Entry[];
}

export const BLANK: Platter = { hardState: { term: 0, vote: NOBODY }, entries: [] };

/** The disk after a write, in the order that `Write` promises: cut, then hard state and entries. */
export function store(platter: Platter, write: Write): Platter {
  assert(write.snapshot === undefined, "explore: no snapshots in scope");
  assert(write.compactTo === 0, "explore: no compaction in scope");
  const { truncateFrom } = write;
  const kept = truncateFrom === 0 ? platter.entries : platter.entries.slice(0, truncateFrom - 1);
  assert(
    write.entries.every((entry, at) => entry.index === kept.length + 1 + at),
    "disk: gap",
  );
  return {
    hardState: write.hardState ?? platter.hardState,
    entries: write.entries.length > 0 ? [...kept, ...write.entries] : kept,
  };
}

/** Whether this disk holds the entry of that term at that index. */
export function holds(platter: Platter, index: number, term: number): boolean {
  return platter.entries[index - 1]?.term === term;
}
