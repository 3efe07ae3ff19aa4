/** What people read of a campaign: progress and the page at the end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Ran } from "../src/job.ts";
import { duration, grouped, short } from "../src/number-text.ts";
import { Progress, type Screen } from "../src/progress.ts";
import { isPassed, type SummaryOptions, summaryText } from "../src/summary.ts";
import { quantile, Tally } from "../src/tally.ts";

const MARKS = ["one", "two", "three"];

function ran(recovery: number, failing = false): Ran {
  const failure = failing
    ? { check: "state: replicas differ", message: "at 7", at: 1234.5, node: 2, stack: "" }
    : undefined;
  return {
    failure,
    wallMs: 20 + recovery,
    outcome: {
      failure,
      hash: "00",
      figures: {
        nodes: failing ? 5 : 3,
        events: 1000,
        simulatedMs: failing ? 15_000 : 20_000,
        faults: { crash: 3, partition: 1 },
        operations: { ok: 100, failed: 20, unknown: 3 },
        committed: 120,
        elections: 2,
        starts: 6,
        packets: 500,
        bytes: 9000,
        syncs: 300,
        recovery: { leader: recovery / 2, commit: recovery, caughtUp: recovery * 2 },
      },
      marks: ["one", failing ? "three" : "two"],
    },
  };
}

const OPTIONS: SummaryOptions = {
  wallMs: 10_000,
  end: "seeds",
  from: 1,
  workers: 2,
  marks: MARKS,
  demandsMarks: false,
  replay: (seed) => `holdfast sim --seed ${seed}`,
};

test("a summary adds up all runs and lists marks that were never reached", () => {
  const tally = new Tally();
  for (let seed = 1; seed <= 100; seed++) tally.add(seed, ran(seed / 100));
  const text = summaryText(tally, OPTIONS);
  assert.match(text, /^seeds +100 from 1 on, 2 threads$/m);
  assert.match(text, /^time +10\.0 s, 10 seeds a second$/m);
  assert.match(text, /^clusters +100 of 3 nodes$/m);
  assert.match(text, /^simulated +33 min 20 s, 200 seconds a second, each run 20\.0 s or more$/m);
  assert.match(text, /^events +100,000, 10\.0k a second$/m);
  assert.match(text, /^faults +400: crash 300, partition 100$/m);
  assert.match(text, /10,000 ok, 2,000 certainly not done, 300 unknown$/m);
  assert.match(text, /a commit +p50 0\.50, p99 0\.99, max 1\.00$/m);
  assert.match(text, /^marks +2 of 3 reached\n +never reached:\n +- three$/m);
  assert.match(text, /all 100 seeds passed\n$/);
  assert.ok(isPassed(tally, OPTIONS));
  assert.match(
    summaryText(tally, { ...OPTIONS, demandsMarks: true }),
    /but 1 mark never reached\n$/,
  );
  assert.ok(!isPassed(tally, { ...OPTIONS, demandsMarks: true }));
});

test("failures are grouped by check, each seed with the command that replays it", () => {
  const tally = new Tally();
  for (let seed = 1; seed <= 7; seed++) tally.add(seed, ran(1, true));
  tally.add(8, {
    failure: { check: "thread died", message: "x", at: 0, node: 0, stack: "" },
    outcome: undefined,
    wallMs: 1,
  });
  const text = summaryText(tally, OPTIONS);
  assert.match(text, /^FAILED state: replicas differ \(7 seeds\)$/m);
  assert.match(
    text,
    /^ {2}seed 5 at 1234\.500 ms, node 2: at 7\n {4}again: holdfast sim --seed 5$/m,
  );
  assert.match(text, /^ {2}and 2 more$/m);
  assert.match(text, /^FAILED thread died \(1 seed\)\n {2}seed 8: x$/m);
  assert.match(text, /8 of 8 seeds failed\n$/);
  assert.ok(!isPassed(tally, OPTIONS));
});

test("a summary says how many clusters there were of each size, and how long the shortest run was", () => {
  const tally = new Tally();
  for (let seed = 1; seed <= 3; seed++) tally.add(seed, ran(1, seed === 2));
  const text = summaryText(tally, OPTIONS);
  assert.match(text, /^clusters +2 of 3 nodes, 1 of 5 nodes$/m);
  assert.match(text, /each run 15\.0 s or more$/m);
});

test("nothing run is no success", () => {
  const tally = new Tally();
  assert.ok(!isPassed(tally, OPTIONS));
  assert.match(summaryText(tally, OPTIONS), /nothing was run\n$/);
});

test("quantile: the value that a share of all do not exceed", () => {
  assert.equal(quantile([5], 0.5), 5);
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2);
  assert.equal(quantile([1, 2, 3, 4], 0.51), 3);
  assert.equal(quantile([1, 2, 3, 4], 1), 4);
});

/** A screen that keeps what is written, and a clock that is set by hand. */
function scene(isTerminal: boolean) {
  const written: string[] = [];
  const screen: Screen = { isTerminal, width: 100, write: (text) => void written.push(text) };
  const clock = { now: 0 };
  const tally = new Tally();
  const aim = { seeds: 200, timeMs: Number.POSITIVE_INFINITY, marks: 3 };
  const progress = new Progress(screen, tally, aim, () => clock.now);
  return { written, clock, tally, progress };
}

test("on a terminal progress is one line, rewritten at most five times a second", () => {
  const { written, clock, tally, progress } = scene(true);
  for (let seed = 1; seed <= 100; seed++) {
    clock.now += 20;
    tally.add(seed, ran(1));
    progress.tick();
  }
  assert.equal(written.length, 10);
  const line =
    "50% 100 seeds, 0 failed | 50/s | 33 min 20 s simulated, 1,000x | 50.0k events/s | 400 faults | 2/3 marks";
  assert.equal(written.at(-1), `\r${line.slice(0, 99)}\x1b[K`);
  progress.say("seed 7 failed");
  assert.deepEqual(written.slice(-2), ["\r\x1b[K", "seed 7 failed\n"]);
  progress.clear();
  assert.equal(written.length, 12);
});

test("elsewhere progress is a line every five seconds", () => {
  const { written, clock, tally, progress } = scene(false);
  for (let seed = 1; seed <= 60; seed++) {
    clock.now += 200;
    tally.add(seed, ran(1));
    progress.tick();
  }
  assert.equal(written.length, 2);
  assert.match(written.join(""), /^12% 25 seeds, 0 failed \| 5\/s .* marks\n25% 50 seeds.*\n$/);
});

test("numbers as people read them", () => {
  assert.equal(grouped(1234567.4), "1,234,567");
  assert.deepEqual([0.25, 7, 9.96, 1234, 12_345, 456_789, 1_234_567].map(short), [
    "0.3",
    "7",
    "10",
    "1,234",
    "12.3k",
    "457k",
    "1.23M",
  ]);
  assert.deepEqual([1200, 200_000, 7_300_000, 300_000_000].map(duration), [
    "1.2 s",
    "3 min 20 s",
    "2 h 2 min",
    "3.5 days",
  ]);
});
