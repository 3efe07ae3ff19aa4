/** Campaigns on threads, with an engine that fails in each way that there is. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type CampaignOptions, runCampaign } from "../src/campaign.ts";
import type { Ran } from "../src/job.ts";
import { Lane } from "../src/lane.ts";
import { BAD, ENGINE } from "./fake-engine.ts";

const LANE = { engine: ENGINE, profile: {}, limitMs: 10_000, jobsPerThread: 1000 };

const OPTIONS: CampaignOptions = {
  ...LANE,
  from: 1,
  to: 40,
  timeMs: Number.POSITIVE_INFINITY,
  workers: 2,
  failuresMax: 3,
  twiceEvery: 10,
};

test("a campaign runs each seed once and passes", async () => {
  const seeds: number[] = [];
  const end = await runCampaign(OPTIONS, (seed, ran) => {
    assert.equal(ran.failure, undefined);
    assert.equal(ran.outcome?.figures.events, 100);
    seeds.push(seed);
  });
  assert.equal(end, "seeds");
  assert.deepEqual(
    seeds.sort((a, b) => a - b),
    Array.from({ length: 40 }, (_, at) => at + 1),
  );
});

test("the same seed has the same hash on every thread", async () => {
  const first = new Map<number, string | undefined>();
  await runCampaign(OPTIONS, (seed, ran) => first.set(seed, ran.outcome?.hash));
  const second = new Map<number, string | undefined>();
  await runCampaign({ ...OPTIONS, workers: 1, jobsPerThread: 7 }, (seed, ran) =>
    second.set(seed, ran.outcome?.hash),
  );
  for (const [seed, hash] of first) assert.equal(second.get(seed), hash);
  assert.equal(new Set(first.values()).size, 40);
});

test("a campaign ends when enough has failed, when its time is over, and when it is told to", async () => {
  const failing = {
    ...OPTIONS,
    from: BAD.fails,
    to: BAD.failsAlso + 500,
    workers: 1,
    twiceEvery: 0,
  };
  const failed: Ran[] = [];
  const end = await runCampaign({ ...failing, failuresMax: 1 }, (_, ran) => failed.push(ran));
  assert.equal(end, "failures");
  assert.equal(failed.length, 1);
  assert.equal(failed[0]?.failure?.check, "fake: broken");

  const endless = { ...OPTIONS, from: 5000, to: Number.POSITIVE_INFINITY, timeMs: 300 };
  let ran = 0;
  assert.equal(await runCampaign(endless, () => ran++), "time");
  assert.ok(ran > 0);

  const stop = new AbortController();
  const stopped = runCampaign(
    { ...endless, timeMs: Number.POSITIVE_INFINITY, signal: stop.signal },
    (seed) => {
      if (seed === 5005) stop.abort();
    },
  );
  assert.equal(await stopped, "stopped");
});

const BROKEN: readonly (readonly [seed: number, check: string, message: RegExp])[] = [
  [BAD.fails, "fake: broken", /^two of 1007$/],
  [BAD.rejects, "campaign: the run was rejected", /^the world is wrong$/],
  [BAD.hasNoPlan, "campaign: no plan", /^no plan for this$/],
  [BAD.hangs, "campaign: run took too long", /^No end after 1500 ms of real time$/],
  [BAD.spins, "campaign: run took too long", /^No end after 1500 ms of real time$/],
  [BAD.exits, "campaign: thread died", /^It ended with 3$/],
  [BAD.throwsLater, "campaign: a rejection that nobody handles", /^nobody catches this$/],
  [BAD.asksTheTime, "platform: Date.now", /^Simulated code used Date\.now$/],
  [
    BAD.differs,
    "determinism: two runs of a plan differ",
    /^hashes .*; event 51 is first .*, then .*/,
  ],
];

test("whatever a run does is the failure of its seed, and the next one runs", async (t) => {
  const lane = new Lane({ ...LANE, limitMs: 1500 });
  for (const [seed, check, message] of BROKEN) {
    await t.test(check, async () => {
      const { failure } = await lane.run({ source: { seed }, twice: true, isWatched: true });
      assert.equal(failure?.check, check);
      assert.match(failure.message, message);
      const next = await lane.run({ source: { seed: 1 }, twice: false, isWatched: true });
      assert.equal(next.failure, undefined);
    });
  }
  await lane.close();
});
