/** Real runs: seeds and plans that failed once, and fresh seeds each time. */

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { runCampaign } from "../src/campaign.ts";
import { SIM_ENGINE } from "../src/index.ts";
import type { Job, Ran } from "../src/job.ts";
import { Lane, type LaneOptions } from "../src/lane.ts";
import { replayCommand } from "../src/replay-words.ts";
import { parseSeeds, SEEDS_FILE } from "../src/seeds-file.ts";
import { engine } from "../src/sim-engine.ts";

const LANE: LaneOptions = {
  engine: SIM_ENGINE,
  profile: {},
  limitMs: 120_000,
  jobsPerThread: 1000,
};
const REGRESSIONS = new URL("../../regressions/", import.meta.url);

function check({ failure }: Ran, again: string): void {
  if (failure === undefined) return;
  const { check: what, message, at, node, stack } = failure;
  assert.fail(`${what} at ${at} ms, node ${node}: ${message}\nagain: ${again}\n${stack}`);
}

/** One after the other on a thread. */
async function runAll(jobs: readonly (readonly [Job, again: string])[], lane: Lane): Promise<void> {
  try {
    for (const [job, again] of jobs) check(await lane.run(job), again);
  } finally {
    await lane.close();
  }
}

test("seeds that failed once pass, each twice the same", async (t) => {
  const known = parseSeeds(readFileSync(SEEDS_FILE, "utf8"));
  assert.ok(known.length >= 3, "seeds.txt holds too few");
  for (const { seed, profile } of known) {
    const again = replayCommand("npm run sim --", seed, profile);
    await t.test(again, async () => {
      const job = { source: { seed }, twice: true, isWatched: true };
      await runAll([[job, again]], new Lane({ ...LANE, profile }));
    });
  }
});

test("plans that failed once pass, each twice the same", async () => {
  const names = readdirSync(REGRESSIONS).filter((name) => name.endsWith(".plan.json"));
  assert.ok(names.length > 0, "no plan in regressions");
  const jobs = names.map((name) => {
    const plan = engine.fromJson(readFileSync(new URL(name, REGRESSIONS), "utf8"));
    const job = { source: { plan }, twice: true, isWatched: true };
    return [job, `npm run sim -- --plan packages/campaign/regressions/${name}`] as const;
  });
  await runAll(jobs, new Lane(LANE));
});

test("fresh seeds pass", async (t) => {
  const from = Number(process.env["HOLDFAST_SEED"] ?? randomInt(2 ** 31));
  const count = Number(process.env["HOLDFAST_SEEDS"] ?? 200);
  t.diagnostic(
    `seeds from ${from} on; again: HOLDFAST_SEED=${from} npm test -- campaign/dist/test/seeds`,
  );
  const runs: (readonly [number, Ran])[] = [];
  const options = {
    ...LANE,
    from,
    to: from + count - 1,
    timeMs: Number.POSITIVE_INFINITY,
    workers: Math.min(availableParallelism(), 4),
    failuresMax: 5,
    twiceEvery: 20,
  };
  await runCampaign(options, (seed, ran) => void runs.push([seed, ran]));
  for (const [seed, ran] of runs) {
    const again = replayCommand("npm run sim --", seed, {});
    await t.test(`seed ${seed}`, () => {
      check(ran, again);
      assert.ok((ran.outcome?.figures.events ?? 0) > 100, `seed ${seed} did nothing; ${again}`);
    });
  }
  assert.ok(runs.length === count || runs.some(([, { failure }]) => failure !== undefined));
});
