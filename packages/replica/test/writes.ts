/** Short ways to say what is written to a log, for the tests of the store. */

import type { Entry, HardState, SnapshotMeta, Write } from "@holdfast/raft";

export function entry(index: number, term: number, text = `entry-${index}-${term}`): Entry {
  return { index, term, kind: "command", data: new TextEncoder().encode(text) };
}

/** Entries `first..last`, all of one term. */
export function entries(first: number, last: number, term: number): readonly Entry[] {
  return Array.from({ length: last - first + 1 }, (_, k) => entry(first + k, term));
}

export function snapshotMeta(index: number, term: number): SnapshotMeta {
  return { index, term, members: { voters: [1, 2, 3] } };
}

/** What a log holds, in one line that is easy to compare and to read. */
export function summary(log: {
  readonly hardState: HardState;
  readonly start: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
}): string {
  const { hardState, start } = log;
  const texts = log.entries.map(
    (one) => `${one.index}^${one.term}${one.kind[0]}:${new TextDecoder().decode(one.data)}`,
  );
  const head = `term ${hardState.term} vote ${hardState.vote} start ${start.index}^${start.term}`;
  return [head, ...texts].join(" ");
}

/** The log as the paper has it: what a recovery must equal. */
export function model(writes: readonly Write[]): string {
  let hardState: HardState = { term: 0, vote: 0 };
  let start = { index: 0, term: 0 };
  let log: readonly Entry[] = [];
  for (const one of writes) {
    if (one.snapshot !== undefined) {
      start = { index: one.snapshot.index, term: one.snapshot.term };
      log = [];
    }
    if (one.truncateFrom > 0) log = log.filter((old) => old.index < one.truncateFrom);
    hardState = one.hardState ?? hardState;
    log = [...log, ...one.entries];
    if (one.compactTo > 0) {
      start = { index: one.compactTo, term: one.compactTerm };
      log = log.filter((old) => old.index > one.compactTo);
    }
  }
  return summary({ hardState, start, entries: log });
}
