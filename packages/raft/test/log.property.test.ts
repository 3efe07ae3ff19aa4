/**
 * The log against a plain list of entries: whatever is done to both, they answer alike (paper §5.3,
 * §7).
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { type Entry, entryBytes, InvariantError } from "@holdfast/raft";
import fc from "fast-check";
import { Log } from "../src/log.ts";

/** Another one explores further; a failure prints what replays it. */
const SEED = Number(process.env["SEED"] ?? 1);

/** The naive twin: every entry there ever was, and where the log begins and ends in it. */
class Twin {
  start = { index: 0, term: 0 };
  entries: Entry[] = [];
  durable = 0;

  get last(): { readonly index: number; readonly term: number } {
    return this.entries.at(-1) ?? this.start;
  }

  find(index: number): Entry | undefined {
    return this.entries.find((entry) => entry.index === index);
  }

  termAt(index: number): number | undefined {
    return index === this.start.index ? this.start.term : this.find(index)?.term;
  }

  upTo(from: number, bytesMax: number): Entry[] {
    const taken: Entry[] = [];
    let bytes = 0;
    for (const entry of this.entries.filter((each) => each.index >= from)) {
      bytes += entryBytes(entry);
      if (taken.length > 0 && bytes > bytesMax) break;
      taken.push(entry);
    }
    return taken;
  }

  lastUpTo(index: number, term: number): number {
    const known = [this.start, ...this.entries];
    const can = known.filter((each) => each.index <= index && each.term <= term);
    return can.at(-1)?.index ?? this.start.index - 1;
  }
}

type Act =
  | { readonly do: "push"; readonly termStep: number; readonly bytes: number }
  | { readonly do: "truncate" | "compact" | "persist"; readonly place: number }
  | { readonly do: "reset"; readonly skip: number; readonly termStep: number };

const place = fc.nat({ max: 1000 });
const push = fc.record({
  do: fc.constant("push" as const),
  termStep: fc.constantFrom(0, 0, 0, 1, 3),
  bytes: fc.nat({ max: 40 }),
});
const acts: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: push, weight: 6 },
  { arbitrary: fc.record({ do: fc.constant("truncate" as const), place }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant("compact" as const), place }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant("persist" as const), place }), weight: 2 },
  {
    arbitrary: fc.record({
      do: fc.constant("reset" as const),
      skip: fc.integer({ min: 1, max: 9 }),
      termStep: fc.nat({ max: 2 }),
    }),
    weight: 1,
  },
);

/** Does the same to both. */
function perform(log: Log, twin: Twin, act: Act): void {
  const { last, start } = twin;
  switch (act.do) {
    case "push": {
      const data = new Uint8Array(act.bytes);
      const entry: Entry = {
        index: last.index + 1,
        term: Math.max(1, last.term + act.termStep),
        kind: "command",
        data,
      };
      log.push(entry);
      twin.entries.push(entry);
      return;
    }
    case "truncate": {
      if (twin.entries.length === 0) return;
      const from = start.index + 1 + (act.place % twin.entries.length);
      log.truncateFrom(from);
      twin.entries = twin.entries.filter((entry) => entry.index < from);
      twin.durable = Math.min(twin.durable, from - 1);
      return;
    }
    case "compact": {
      const index = start.index + (act.place % (twin.entries.length + 1));
      log.compactTo(index);
      twin.start = { index, term: twin.termAt(index) ?? 0 };
      twin.entries = twin.entries.filter((entry) => entry.index > index);
      twin.durable = Math.max(twin.durable, index);
      return;
    }
    case "persist": {
      const index = start.index + (act.place % (twin.entries.length + 1));
      if (index > log.durable) log.durable = index;
      twin.durable = Math.max(twin.durable, index);
      return;
    }
    case "reset": {
      const index = last.index + act.skip;
      log.reset(index, last.term + act.termStep);
      twin.start = { index, term: last.term + act.termStep };
      twin.entries = [];
      twin.durable = 0;
    }
  }
}

/** Asks both everything. */
function compare(log: Log, twin: Twin): void {
  const { start, last } = twin;
  assert.equal(log.lastIndex, last.index);
  assert.equal(log.lastTerm, last.term);
  assert.equal(log.durable, twin.durable);
  assert.deepEqual(log.entries, twin.entries);
  for (let index = Math.max(0, start.index - 2); index <= last.index + 2; index++) {
    const term = twin.termAt(index);
    if (term === undefined) assert.throws(() => log.termAt(index), InvariantError);
    else assert.equal(log.termAt(index), term);
    for (let other = 0; other <= last.term + 1; other++) {
      assert.equal(log.matches(index, other), term === other, `matches ${index}^${other}`);
      if (index < start.index) assert.ok(log.lastIndexUpTo(index, other) < start.index);
      else assert.equal(log.lastIndexUpTo(index, other), twin.lastUpTo(index, other));
    }
  }
  compareSlices(log, twin);
}

function compareSlices(log: Log, twin: Twin): void {
  for (const { index: from } of twin.entries) {
    assert.equal(log.at(from), twin.find(from));
    for (const bytesMax of [1, 30, 60, 100, 1e9]) {
      assert.deepEqual(log.sliceBytes(from, bytesMax), twin.upTo(from, bytesMax));
    }
    const expected = twin.entries.filter((entry) => entry.index >= from);
    assert.deepEqual(log.slice(from, twin.last.index), expected);
    assert.deepEqual(log.slice(from, from), expected.slice(0, 1));
  }
}

test("§5.3 the log does what a plain list of entries does, over any sequence of changes", () => {
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 40 }), (sequence) => {
      const log = new Log(0, 0, []);
      const twin = new Twin();
      for (const act of sequence) {
        perform(log, twin, act);
        compare(log, twin);
      }
    }),
    { seed: SEED, numRuns: 150 },
  );
});

test("§5.3 slices of the log don't change when the log does", () => {
  fc.assert(
    fc.property(fc.array(acts, { minLength: 5, maxLength: 40 }), (sequence) => {
      const log = new Log(0, 0, []);
      const twin = new Twin();
      const handed: { readonly slice: readonly Entry[]; readonly copy: readonly Entry[] }[] = [];
      for (const act of sequence) {
        perform(log, twin, act);
        const first = twin.entries[0];
        if (first === undefined) continue;
        const slice = log.slice(first.index, twin.last.index);
        handed.push({ slice, copy: [...slice] });
      }
      for (const { slice, copy } of handed) assert.deepEqual(slice, copy);
    }),
    { seed: SEED, numRuns: 100 },
  );
});

test("the log asserts its bounds: gaps, terms that go back, and places that it doesn't hold", () => {
  const entry = (index: number, term: number): Entry => {
    return { index, term, kind: "command", data: new Uint8Array(0) };
  };
  const log = new Log(4, 2, [entry(5, 2), entry(6, 3)]);
  const wrong = [
    () => log.push(entry(8, 3)),
    () => log.push(entry(6, 3)),
    () => log.push(entry(7, 2)),
    () => log.truncateFrom(4),
    () => log.truncateFrom(7),
    () => log.compactTo(3),
    () => log.compactTo(7),
    () => log.slice(4, 6),
    () => log.slice(5, 7),
    () => log.at(4),
    () => log.at(7),
    () => new Log(4, 2, [entry(6, 2)]),
  ];
  for (const each of wrong) assert.throws(each, InvariantError);
  assert.equal(log.lastIndex, 6);
});
