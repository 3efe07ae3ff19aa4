/** Verdicts on rows, and how the table and the summary show them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Figures } from "../src/harness.ts";
import type { Options } from "../src/options.ts";
import type { Played } from "../src/play.ts";
import { type Scenario, SUITE } from "../src/suite.ts";
import { failuresText, summarize, summaryText } from "../src/summary.ts";
import { footText, type Run, rowText } from "../src/table.ts";
import { isFloorBound, judge } from "../src/verdict.ts";

function figures(seconds: number, calls: number, bytes: number, commits: number): Figures {
  return { ms: seconds * 1000, calls, bytes, commits, floorMs: 0 };
}

function scenario(number: number): Scenario {
  const found = SUITE[number - 1];
  assert.ok(found !== undefined);
  return found;
}

function run(number: number, seed: number, played: Partial<Played>): Run {
  const nothing: Played = { figures: undefined, failure: "", traceHash: "", wallMs: 5 };
  return { scenario: scenario(number), seed, played: { ...nothing, ...played } };
}

const OPTIONS: Options = {
  scenarios: SUITE,
  isReal: false,
  seed: 5,
  repeat: 1,
  jobs: 1,
  isJson: false,
  isTraced: false,
};

test("the reference's own figures tie, but for bytes: those are to be a quarter", () => {
  const verdict = judge(9, figures(6.1, 206, 48674, 4));
  assert.deepEqual(verdict, { time: "tie", calls: "tie", bytes: "worse", commits: undefined });
});

test("each figure is judged by itself, with its band", () => {
  const mark = (own: Figures): string => {
    const verdict = judge(9, own);
    return `${verdict?.time} ${verdict?.calls} ${verdict?.bytes}`;
  };
  assert.equal(mark(figures(5.9, 195, 12168, 4)), "better better better");
  assert.equal(mark(figures(5.95, 196, 12169, 4)), "tie tie worse");
  assert.equal(mark(figures(6.28, 216, 12169, 4)), "tie tie worse");
  assert.equal(mark(figures(6.29, 217, 12169, 4)), "worse worse worse");
});

test("the byte count row has an aim of its own", () => {
  assert.equal(judge(5, figures(1, 40, 101_500, 11))?.bytes, "better");
  assert.equal(judge(5, figures(1, 40, 101_501, 11))?.bytes, "worse");
});

test("churn rows are judged per commit", () => {
  const reference = figures(16.2, 940, 630_034, 242);
  const double = figures(16.2, 1880, 314_000, 484);
  assert.deepEqual(judge(18, double), {
    time: "tie",
    calls: "tie",
    bytes: "better",
    commits: "better",
  });
  assert.equal(judge(18, reference)?.commits, "tie");
  assert.equal(judge(18, figures(16.2, 940, 630_034, 241))?.commits, "worse");
  assert.equal(judge(18, figures(16.2, 940, 630_034, 0))?.calls, "worse");
});

test("scenarios beyond the reference table have no verdict", () => {
  assert.equal(judge(26, figures(1, 1, 1, 1)), undefined);
});

test("a row whose own sleeps alone take the reference's time is floor-bound", () => {
  assert.equal(isFloorBound(1, { ...figures(3.1, 1, 1, 0), floorMs: 3000 }), true);
  assert.equal(isFloorBound(1, { ...figures(3.1, 1, 1, 0), floorMs: 2900 }), false);
});

test("a row shows the course's form, the reference and the verdicts", () => {
  const text = rowText(run(4, 1, { figures: figures(0.44, 16, 216, 3) }), false);
  assert.equal(
    text,
    "Test (2B): basic agreement ...\n" +
      "  ... Passed --   0.4  3   16     216    3  |  0.9   16     4320    3  | time +  RPCs =  bytes +\n",
  );
  const beyond = rowText(run(28, 1, { figures: figures(1.3, 72, 1158, 14) }), false);
  assert.equal(beyond.split("\n")[1], "  ... Passed --   1.3  3   72    1158   14");
});

test("a failure shows what was seen and the one command that shows it again", () => {
  const failed = run(17, 99, { failure: "No agreement" });
  assert.equal(
    rowText(failed, true),
    "Test (2C): Figure 8 (unreliable) ...\n  ... FAILED: No agreement\n" +
      "  again: npm run lab -- --only 17 --seed 99 --trace --real\n",
  );
  assert.match(
    failuresText([failed], false),
    /^seed 99: Figure 8 \(unreliable\): No agreement\n {2}again: .*--seed 99 --trace\n$/,
  );
});

test("the foot sums up the 25 rows and names the floor-bound ones", () => {
  const runs = SUITE.map(({ number }) =>
    run(number, 5, { figures: { ...figures(2, 1, 1, 1), floorMs: 1990 } }),
  );
  const foot = footText(runs, OPTIONS, 1234);
  assert.match(foot, /^28 of 28 passed, seed 5, virtual time, 1\.2 s on this machine\n/);
  assert.match(foot, /Sum of the 25 rows: 50\.0 s; reference 497\.5 s; goal 300 s/);
  assert.match(foot, /basic agreement: 2\.0 s of 2\.0 s are the harness's own sleeps/);
  const failing = footText([...runs.slice(1), run(1, 5, { failure: "x" })], OPTIONS, 1);
  assert.match(failing, /^27 of 28 passed/);
  assert.doesNotMatch(failing, /Sum/);
});

test("a summary has medians of what passed and the seeds of what failed", () => {
  const runs = [
    run(4, 1, { figures: figures(1, 10, 100, 3) }),
    run(4, 2, { figures: figures(3, 30, 300, 3) }),
    run(4, 3, { failure: "bad" }),
    run(4, 4, { figures: figures(2, 20, 200, 3) }),
  ];
  const [summary] = summarize(runs);
  assert.ok(summary !== undefined);
  assert.deepEqual(summary.medians, figures(2, 20, 200, 3));
  assert.deepEqual(summary.failingSeeds, [3]);
  assert.equal(summary.wallMs, 20);
  assert.match(
    summaryText(summary),
    /^ {4}4 {6}1 .* 2\.0 {4}20 {6}200 {7}3 {8}20 {2}\(2B\) basic agreement\n$/,
  );
});
