/** The disk of a node in the small world, and what a replica does with it. */

import assert from "node:assert/strict";
import type { Entry, NodeId, Restored, SnapshotMeta, Write } from "@holdfast/raft";
import type { DurableState } from "@holdfast/sim";

/** What is on one node's disk: plain arrays, so that a crash is forgetting the rest. */
export interface Platter {
  hardState: { term: number; vote: NodeId };
  start: { index: number; term: number };
  entries: Entry[];
  snapshot: SnapshotMeta | undefined;
}

export function durableOf({ hardState, snapshot, start, entries }: Platter): DurableState {
  return {
    hardState,
    snapshotIndex: snapshot?.index ?? 0,
    lastIndex: start.index + entries.length,
    entryAt: (index) => entries[index - start.index - 1],
  };
}

export function emptyPlatter(): Platter {
  return {
    hardState: { term: 0, vote: 0 },
    start: { index: 0, term: 0 },
    entries: [],
    snapshot: undefined,
  };
}

/**
 * What a replica does at start: a snapshot that the log doesn't reach or contradicts replaces the
 * log (E6).
 */
export function recover(platter: Platter): Omit<Restored, "random"> {
  const { hardState, snapshot, start, entries } = platter;
  if (snapshot === undefined) return { hardState, snapshot, start, entries };
  const at = snapshot.index - start.index;
  const term = at === 0 ? start.term : entries[at - 1]?.term;
  if (term === snapshot.term) return { hardState, snapshot, start, entries };
  const { index } = snapshot;
  platter.start = { index, term: snapshot.term };
  platter.entries = [];
  return { hardState, snapshot, start: platter.start, entries: [] };
}

/** Puts a write on the platter in the order that {@link Write} promises. */
export function store(platter: Platter, write: Write): void {
  if (write.snapshot !== undefined) {
    platter.snapshot = write.snapshot;
    platter.start = { index: write.snapshot.index, term: write.snapshot.term };
    platter.entries = [];
  }
  if (write.truncateFrom !== 0) {
    platter.entries.length = write.truncateFrom - platter.start.index - 1;
  }
  if (write.hardState !== undefined) platter.hardState = { ...write.hardState };
  for (const entry of write.entries) {
    assert.equal(entry.index, platter.start.index + platter.entries.length + 1, "disk: gap");
    platter.entries.push(entry);
  }
  if (write.compactTo !== 0) {
    platter.entries.splice(0, write.compactTo - platter.start.index);
    platter.start = { index: write.compactTo, term: write.compactTerm };
  }
}
