/** What is durable, as the platter shows it, against what the production log recovers from it. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Write } from "@holdfast/raft";
import { DiskError, type Wal } from "@holdfast/replica";
import { DurableLog, type Keep, Random, Readings, type SimDisk } from "@holdfast/sim";
import { IDENTITY, write } from "@holdfast/testkit";
import fc from "fast-check";
import {
  entries,
  foundBy,
  makeDisk,
  openLog,
  type Setting,
  saidBy,
  startedFrom,
} from "./durable-scenes.ts";

type Step =
  | { readonly kind: "append"; readonly count: number; readonly bytes: number }
  | { readonly kind: "conflict"; readonly back: number; readonly count: number }
  | { readonly kind: "vote"; readonly vote: number }
  | { readonly kind: "compact"; readonly keep: number }
  | { readonly kind: "reset"; readonly ahead: number }
  /** So many microtasks pass. */
  | { readonly kind: "turns"; readonly turns: number }
  | { readonly kind: "settle" }
  | { readonly kind: "close" }
  | { readonly kind: "crash"; readonly ending: Keep | "kill" };

const crash = fc.record({
  kind: fc.constant("crash" as const),
  ending: fc.constantFrom<Keep | "kill">("none", "all", "some", "kill"),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      count: fc.integer({ min: 1, max: 4 }),
      bytes: fc.nat(150),
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
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("compact" as const), keep: fc.nat(6) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reset" as const),
      ahead: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("turns" as const), turns: fc.nat(12) }) },
  { weight: 2, arbitrary: fc.constant({ kind: "settle" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "close" as const }) },
  { weight: 3, arbitrary: crash },
);

const setting: fc.Arbitrary<Setting> = fc.record({
  segmentBytes: fc.constantFrom(80, 200, 700, 5000),
  preallocate: fc.boolean(),
});

/** How a disk ends of its own: at this operation, by death or by a failing call. */
interface Trouble {
  readonly at: number;
  readonly fails: boolean;
}

const troubles: fc.Arbitrary<readonly Trouble[]> = fc.array(
  fc.record({ at: fc.integer({ min: 1, max: 80 }), fails: fc.boolean() }),
  { minLength: 8, maxLength: 8 },
);

/** A production log and the view of what is durable of it, through crashes. */
class Subject {
  readonly #setting: Setting;
  readonly #troubles: readonly Trouble[];
  #lives = 0;
  #disk: SimDisk;
  #durable: DurableLog;
  #wal: Wal | undefined;
  /** What was durable at the end of the last life that got so far as to read it. */
  #survivors: DurableLog | undefined;
  readonly #readings = new Readings();
  #hasFailed = false;
  #last = 0;
  #start = 0;
  /** By index, of all that was ever appended. */
  readonly #terms: Map<number, number> = new Map();
  #term = 1;
  crashes = 0;

  constructor(seed: number, set: Setting, all: readonly Trouble[]) {
    this.#setting = set;
    this.#troubles = all;
    this.#disk = makeDisk({}, seed);
    this.#durable = this.#follow(this.#disk);
  }

  async take(one: Step): Promise<void> {
    if (one.kind === "crash") await this.crash(one.ending);
    else if (one.kind === "turns") {
      for (let turn = 0; turn < one.turns; turn += 1) await Promise.resolve();
    } else if (one.kind === "settle") await this.#append(write());
    else if (one.kind === "close") await this.#wal?.close();
    else void this.#append(this.#writeOf(one));
  }

  /** The disk dies now; what it leaves is looked at, and opened again. */
  async crash(ending: Keep | "kill"): Promise<void> {
    this.crashes += 1;
    this.#survivors ??= this.#durable;
    await this.#lookAt(this.#disk.crash({ keep: "none" }));
    const left = ending === "kill" ? this.#disk.kill() : this.#disk.crash({ keep: ending });
    const fresh = this.#follow(left);
    const certain = (await openLog(left.copy().crash({ keep: "none" }), this.#setting)).recovered;
    assert.equal(saidBy(fresh), foundBy(certain), `what is durable after ${ending}`);
    await this.#wal?.close();
    await this.open(left, fresh);
  }

  async open(disk: SimDisk, durable: DurableLog): Promise<void> {
    this.#disk = disk;
    this.#durable = durable;
    this.#wal = undefined;
    this.#hasFailed = false;
    const trouble = this.#troubles[this.#lives];
    this.#lives += 1;
    disk.beforeOperation = (count) => {
      if (trouble === undefined || count !== trouble.at) return undefined;
      if (trouble.fails) {
        this.#hasFailed = true;
        return "io";
      }
      disk.crash({ keep: "none" });
      return undefined;
    };
    try {
      const { wal, recovered } = await openLog(disk, this.#setting);
      this.#wal = wal;
      this.#start = recovered.start.index;
      this.#last = recovered.start.index + recovered.entries.length;
      const { hardState, start, entries: found } = recovered;
      this.#term = Math.max(1, hardState.term, start.term, found.at(-1)?.term ?? 0);
      for (const { index, term } of [start, ...found]) this.#terms.set(index, term);
      assert.equal(this.#survivors?.missingIn(startedFrom(recovered)), undefined);
      this.#survivors = undefined;
    } catch (error) {
      // The trouble has come while it was opened; nothing else may.
      assert.ok(error instanceof DiskError, String(error));
    }
  }

  /** All lives share what was read, as those of a server do. */
  #follow(disk: SimDisk): DurableLog {
    return new DurableLog(disk, { identity: IDENTITY, readings: this.#readings });
  }

  async begin(): Promise<void> {
    await this.open(this.#disk, this.#durable);
  }

  /** A power loss that keeps nothing must give back just what is said to be durable. */
  async #lookAt(left: SimDisk): Promise<void> {
    const fresh = saidBy(new DurableLog(left, { identity: IDENTITY }));
    const found = foundBy((await openLog(left, this.#setting)).recovered);
    assert.equal(fresh, found, "read anew from the platter");
    // Of a failed sync a part may have got there, of which nobody was told.
    if (!this.#hasFailed) assert.equal(saidBy(this.#durable), found, "followed write by write");
  }

  async #append(one: Write): Promise<void> {
    await this.#wal?.append(one).catch(() => undefined);
  }

  #writeOf(one: Step): Write {
    const term = this.#term;
    if (one.kind === "append") {
      this.#last += one.count;
      const more = entries(this.#last - one.count + 1, one.count, term, one.bytes);
      return this.#noted(write({ entries: more }));
    }
    if (one.kind === "conflict") {
      this.#term += 1;
      const from = Math.max(this.#start + 1, this.#last - one.back + 1);
      this.#last = from + one.count - 1;
      const hardState = { term: this.#term, vote: 0 };
      const other = entries(from, one.count, this.#term);
      return this.#noted(write({ hardState, truncateFrom: from, entries: other }));
    }
    if (one.kind === "vote") {
      this.#term += 1;
      return write({ hardState: { term: this.#term, vote: one.vote } });
    }
    if (one.kind === "compact") {
      const to = Math.max(this.#start, this.#last - one.keep);
      this.#start = to;
      return write(to === 0 ? {} : { compactTo: to, compactTerm: this.#terms.get(to) ?? term });
    }
    if (one.kind === "reset") {
      this.#last += one.ahead;
      this.#start = this.#last;
      this.#terms.set(this.#last, term);
      return write({ snapshot: { index: this.#last, term, members: { voters: [1] } } });
    }
    return write();
  }

  #noted(one: Write): Write {
    for (const { index, term } of one.entries) this.#terms.set(index, term);
    return one;
  }
}

describe("durable log against the production log", () => {
  it("says at each crash what a recovery then finds, and says the same when read anew", async (t) => {
    let crashes = 0;
    await fc.assert(
      fc.asyncProperty(
        setting,
        fc.array(step, { minLength: 5, maxLength: 60 }),
        troubles,
        fc.nat(),
        async (set, steps, trouble, seed) => {
          const subject = new Subject(new Random(seed).word(), set, trouble);
          await subject.begin();
          for (const one of steps) await subject.take(one);
          await subject.crash("none");
          crashes += subject.crashes;
        },
      ),
      { numRuns: 300 },
    );
    t.diagnostic(`${crashes} crashes`);
    assert.ok(crashes > 500, `only ${crashes} crashes`);
  });
});
