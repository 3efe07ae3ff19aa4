/** Random histories against the log as a plain array, with restarts and crashes in between. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Write } from "@holdfast/raft";
import type { Wal } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { write } from "@holdfast/testkit";
import fc from "fast-check";
import { fewOutcomes, makeDisk } from "./crashes.ts";
import { open, type Setting } from "./wal-scenes.ts";
import { entry, model, snapshotMeta, summary } from "./writes.ts";

type Step =
  | { readonly kind: "append"; readonly count: number; readonly bytes: number }
  | { readonly kind: "conflict"; readonly back: number; readonly count: number }
  | { readonly kind: "vote"; readonly vote: number }
  | { readonly kind: "compact"; readonly keep: number }
  | { readonly kind: "snapshot"; readonly ahead: number }
  | { readonly kind: "barrier" }
  | { readonly kind: "wait" }
  | { readonly kind: "restart" }
  | { readonly kind: "crash"; readonly outcome: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      count: fc.integer({ min: 1, max: 5 }),
      bytes: fc.integer({ min: 0, max: 120 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("conflict" as const),
      back: fc.integer({ min: 1, max: 6 }),
      count: fc.nat(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("vote" as const), vote: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("compact" as const), keep: fc.nat(8) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("snapshot" as const),
      ahead: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "barrier" as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: "wait" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("crash" as const), outcome: fc.nat(7) }) },
);

const setting: fc.Arbitrary<Setting> = fc.record({
  segmentBytes: fc.constantFrom(60, 150, 400, 5000),
  preallocate: fc.boolean(),
});

/** Where a log stands: enough to make up a write that fits. */
interface Place {
  term: number;
  start: number;
  last: number;
}

/** Turns a step into a write that can follow, or into nothing. */
function writeOf(one: Step, at: Place): Write | undefined {
  switch (one.kind) {
    case "append":
      return write({ entries: some(at.last + 1, one.count, at.term, one.bytes) });
    case "conflict": {
      const from = Math.max(at.start + 1, at.last - one.back + 1);
      const term = at.term + 1;
      const hardState = { term, vote: 0 };
      return write({ hardState, truncateFrom: from, entries: some(from, one.count, term, 9) });
    }
    case "vote":
      return write({ hardState: { term: at.term + 1, vote: one.vote } });
    case "compact": {
      const to = Math.max(at.start, at.last - one.keep);
      return to === 0 ? undefined : write({ compactTo: to, compactTerm: at.term });
    }
    case "snapshot":
      return write({ snapshot: snapshotMeta(at.last + one.ahead, at.term) });
    case "barrier":
      return write();
    default:
      return undefined;
  }
}

function some(first: number, count: number, term: number, bytes: number): Write["entries"] {
  const text = "abcdefghij".repeat(12).slice(0, bytes);
  return Array.from({ length: count }, (_, k) => entry(first + k, term, text));
}

/** The place after `writes`, by the model alone. */
function placeAfter(writes: readonly Write[]): Place {
  const at: Place = { term: 1, start: 0, last: 0 };
  for (const one of writes) {
    if (one.snapshot !== undefined) at.start = at.last = one.snapshot.index;
    if (one.truncateFrom > 0) at.last = one.truncateFrom - 1;
    at.term = one.hardState?.term ?? at.term;
    at.last += one.entries.length;
    if (one.compactTo > 0) at.start = one.compactTo;
  }
  return at;
}

/** A log under test together with what was written to it. */
class Subject {
  readonly #setting: Setting;
  #disk: SimDisk;
  #wal: Wal;
  /** What is in the log or may be: the first `#acked` for certain. */
  #writes: Write[] = [];
  #acked = 0;
  #pending: Promise<void>[] = [];

  private constructor(setting: Setting, disk: SimDisk, wal: Wal) {
    this.#setting = setting;
    this.#disk = disk;
    this.#wal = wal;
  }

  static async begin(setting: Setting, seed: number): Promise<Subject> {
    const disk = makeDisk({}, seed);
    return new Subject(setting, disk, (await open(disk, setting)).wal);
  }

  async take(one: Step): Promise<void> {
    if (one.kind === "wait") await this.#settle();
    else if (one.kind === "restart") await this.restart();
    else if (one.kind === "crash") await this.#crash(one.outcome);
    else this.#append(writeOf(one, placeAfter(this.#writes)));
  }

  async restart(): Promise<void> {
    await this.#settle();
    await this.#wal.close();
    assert.equal(this.#wal.failure, undefined);
    await this.#reopen(this.#disk.kill());
  }

  #append(one: Write | undefined): void {
    if (one === undefined) return;
    this.#writes.push(one);
    const done = this.#writes.length;
    const append = this.#wal.append(one).then(() => {
      assert.equal(this.#acked, done - 1, "acknowledged in order");
      this.#acked = done;
    });
    this.#pending.push(append);
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#pending);
    this.#pending = [];
    assert.equal(this.#acked, this.#writes.length);
  }

  async #crash(outcome: number): Promise<void> {
    const left = [...fewOutcomes(this.#disk, `${this.#writes.length}`, 5)][outcome];
    assert.ok(left !== undefined);
    await Promise.allSettled(this.#pending);
    this.#pending = [];
    await this.#reopen(left);
  }

  async #reopen(disk: SimDisk): Promise<void> {
    const { wal, recovered } = await open(disk, this.#setting);
    const found = summary(recovered);
    let count = this.#acked;
    while (count < this.#writes.length && model(this.#writes.slice(0, count)) !== found) count += 1;
    assert.equal(found, model(this.#writes.slice(0, count)));
    this.#writes = this.#writes.slice(0, count);
    this.#acked = count;
    this.#disk = disk;
    this.#wal = wal;
  }
}

describe("wal against a model", () => {
  it("H10 any history with restarts and crashes gives back a prefix with all that was acknowledged", async () => {
    let histories = 0;
    await fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(step, { maxLength: 60 }),
        fc.nat(),
        async (how, steps, seed) => {
          const subject = await Subject.begin(how, seed);
          for (const one of steps) await subject.take(one);
          await subject.restart();
          histories += 1;
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(histories >= 1000);
  });
});
