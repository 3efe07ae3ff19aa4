/**
 * The suite itself: 28 scenarios by five seeds each on the production stack, and equal seeds twice.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import type { Played } from "../src/play.ts";
import { type Job, playAll } from "../src/pool.ts";
import { SUITE } from "../src/suite.ts";
import { replayCommand } from "../src/table.ts";

const SEED_BASE = 20_220;
const SEEDS = 5;

interface Outcome {
  readonly job: Job;
  readonly played: Played;
}

const jobs: readonly Job[] = SUITE.flatMap(({ number }) =>
  Array.from({ length: SEEDS }, (_, at) => ({ number, seed: SEED_BASE + at, isReal: false })),
);

/** Runs that failed once, a test and a seed a line; words after `#` say why. */
function knownJobs(): readonly Job[] {
  const text = readFileSync(new URL("../../test/seeds.txt", import.meta.url), "utf8");
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [number = 0, seed = 0] = line.split(" ").map(Number);
      return { number, seed, isReal: false };
    });
}

async function playJobs(jobs: readonly Job[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  await playAll(jobs, Math.min(availableParallelism(), 4), (at, played) => {
    const job = jobs[at];
    assert.ok(job !== undefined);
    outcomes.push({ job, played });
  });
  return outcomes;
}

test(`28 scenarios pass with ${SEEDS} seeds each from ${SEED_BASE} on, the same twice`, async (t) => {
  const first = await playJobs(jobs);
  assert.equal(first.length, 28 * SEEDS);
  for (const scenario of SUITE) {
    await t.test(`(${scenario.part}) ${scenario.name}`, () => {
      const own = first.filter(({ job }) => job.number === scenario.number);
      assert.equal(own.length, SEEDS);
      for (const { job, played } of own) {
        const again = replayCommand(scenario, job.seed, false);
        assert.equal(played.failure, "", `${played.failure}; again: ${again}`);
        assert.ok(played.figures !== undefined && played.figures.calls > 0);
        assert.ok(played.figures.ms >= played.figures.floorMs);
      }
    });
  }

  await t.test("equal seeds give equal hashes and figures, different seeds don't", async () => {
    const second = await playJobs(jobs);
    const hash = ({ job, played }: Outcome): string =>
      `${job.number} ${job.seed} ${played.traceHash} ${JSON.stringify(played.figures)}`;
    assert.deepEqual(second.map(hash), first.map(hash));
    for (const { number } of SUITE) {
      const own = first.filter(({ job }) => job.number === number);
      assert.ok(new Set(own.map(({ played }) => played.traceHash)).size > 1, `test ${number}`);
    }
  });
});

test("runs that failed once pass", async () => {
  const known = knownJobs();
  assert.ok(known.length >= 2, "seeds.txt holds too few");
  for (const { job, played } of await playJobs(known)) {
    assert.equal(played.failure, "", `test ${job.number}, seed ${job.seed}`);
  }
});

test("a thread that dies ends the run with its reason", async () => {
  const broken = playAll([{ number: 99, seed: 1, isReal: false }], 1, () => assert.fail("played"));
  await assert.rejects(broken, { name: "RangeError", message: "No test 99" });
});
