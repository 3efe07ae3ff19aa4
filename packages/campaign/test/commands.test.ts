/** Campaigns, replays and shrinking as people start them, with an engine that fails by its seed. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Plan } from "@holdfast/sim";
import { type CampaignRequest, campaignCommand } from "../src/campaign-command.ts";
import { type ReplayRequest, replay } from "../src/replay-command.ts";
import { appendSeeds, parseSeeds, seedLine } from "../src/seeds-file.ts";
import { type ShrinkRequest, shrinkCommand } from "../src/shrink-command.ts";
import type { Surroundings } from "../src/surroundings.ts";
import { BAD, ENGINE } from "./fake-engine.ts";
import { somePlan } from "./some-plan.ts";

/** What was printed, and a directory for files. */
function scene(t: TestContext) {
  const printed: string[] = [];
  const shown: string[] = [];
  const stop = new AbortController();
  const directory = mkdtempSync(join(tmpdir(), "holdfast-campaign-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const surroundings: Surroundings = {
    write: (text) => void printed.push(text),
    screen: { isTerminal: false, width: 100, write: (text) => void shown.push(text) },
    engine: ENGINE,
    command: "npm run sim --",
    signal: stop.signal,
  };
  return {
    surroundings,
    stop,
    output: () => printed.join(""),
    progress: () => shown.join(""),
    file: (name: string) => join(directory, name),
  };
}

const CAMPAIGN: CampaignRequest = {
  profile: {},
  from: 1,
  to: 60,
  timeMs: Number.POSITIVE_INFINITY,
  workers: 2,
  limitMs: 20_000,
  failuresMax: 5,
  twiceEvery: 20,
  marksFrom: 2000,
  jsonPath: undefined,
  remembers: false,
  shrinks: false,
};

test("a campaign without failures prints its figures and exits with 0", async (t) => {
  const { surroundings, output, progress, file } = scene(t);
  const code = await campaignCommand({ ...CAMPAIGN, jsonPath: file("runs.ndjson") }, surroundings);
  assert.equal(code, 0);
  assert.match(progress(), /^seeds from 1 on, 2 threads\n/);
  assert.match(output(), /^seeds +60 from 1 on, 2 threads$/m);
  assert.match(output(), /^marks +3 of 3 reached$/m);
  assert.match(output(), /all 60 seeds passed\n$/);
  const lines = readFileSync(file("runs.ndjson"), "utf8").trimEnd().split("\n");
  const runs = lines.map((line) => JSON.parse(line) as { seed: number; hash: string });
  assert.equal(new Set(runs.map(({ seed }) => seed)).size, 60);
  assert.ok(runs.every(({ hash }) => hash.length > 0));
});

test("a failing seed is told with its command, and the campaign exits with 1", async (t) => {
  const { surroundings, output, progress } = scene(t);
  const request = { ...CAMPAIGN, from: BAD.fails, to: BAD.fails, profile: { safetyMs: 5000 } };
  assert.equal(await campaignCommand(request, surroundings), 1);
  const again = "again: npm run sim -- --seed 1007 --seconds 5";
  assert.ok(progress().includes(`  seed 1007 at 12.500 ms, node 2: two of 1007\n    ${again}\n`));
  assert.match(output(), /^FAILED fake: broken \(1 seed\)$/m);
  assert.ok(output().includes(again));
  assert.ok(output().includes('\n1007 {"safetyMs":5000} # fake: broken: two of 1007\n'));
});

test("marks that a large campaign never reached fail it, unless its profile leaves something out", async (t) => {
  const request = { ...CAMPAIGN, to: 20, marksFrom: 20 };
  const whole = scene(t);
  assert.equal(await campaignCommand(request, whole.surroundings), 1);
  assert.match(whole.output(), /FAILED, never reached:\n +- a mark that only seed 50 reaches$/m);
  const small = scene(t);
  assert.equal(await campaignCommand({ ...request, marksFrom: 21 }, small.surroundings), 0);
  const narrow = scene(t);
  const profile = { nodes: 3 };
  assert.equal(await campaignCommand({ ...request, profile }, narrow.surroundings), 0);
});

test("a profile that no plan can be drawn from is refused before anything runs", async (t) => {
  const { surroundings, output } = scene(t);
  const request = { ...CAMPAIGN, from: BAD.hasNoPlan };
  await assert.rejects(campaignCommand(request, surroundings), /^RangeError: no plan for this$/);
  assert.equal(output(), "");
});

test("a campaign that is stopped exits with 1 and still prints what it has", async (t) => {
  const { surroundings, stop, output } = scene(t);
  const request = { ...CAMPAIGN, from: 5000, to: Number.POSITIVE_INFINITY };
  const code = campaignCommand(request, surroundings);
  setTimeout(() => stop.abort(), 500);
  assert.equal(await code, 1);
  assert.match(output(), /threads?, stopped$/m);
});

const REPLAY: ReplayRequest = {
  source: { kind: "seed", seed: 42 },
  profile: {},
  isBrief: false,
  isTwice: false,
  tracePath: undefined,
  limitMs: 20_000,
};

test("a replay tells plan, events and outcome, and writes the trace", async (t) => {
  const { surroundings, output, file } = scene(t);
  const code = await replay({ ...REPLAY, isTwice: true, tracePath: file("t") }, surroundings);
  assert.equal(code, 0);
  const lines = output().split("\n");
  assert.deepEqual(lines.slice(0, 3), ["a plan of 5 nodes", "with 0 faults", ""]);
  assert.equal(lines.filter((line) => line.startsWith("event ")).length, 100);
  assert.match(output(), /^passed\nhash +[0-9a-f]+\nsimulated +20\.0 s, 100 events$/m);
  assert.match(output(), /^twice +the same on another thread$/m);
  assert.equal(readFileSync(file("t"), "utf8").split("\n").length, 101);
});

test("a replay of a failure, of a plan in a file, of a run that differs from itself", async (t) => {
  const failing = scene(t);
  const source = { kind: "seed", seed: BAD.fails } as const;
  assert.equal(await replay({ ...REPLAY, source, isBrief: true }, failing.surroundings), 1);
  assert.match(failing.output(), /^FAILED fake: broken\n {2}at 12\.500 ms, node 2: two of 1007$/m);
  assert.doesNotMatch(failing.output(), /^event /m);

  const stored = scene(t);
  const path = stored.file("some.plan.json");
  writeFileSync(path, JSON.stringify(somePlan({ seed: String(BAD.fails), nodes: 4 })));
  const file = { kind: "file", path } as const;
  assert.equal(await replay({ ...REPLAY, source: file }, stored.surroundings), 1);
  assert.match(stored.output(), /^a plan of 4 nodes\n/);

  const differing = scene(t);
  const odd = { kind: "seed", seed: BAD.differs } as const;
  assert.equal(await replay({ ...REPLAY, source: odd, isTwice: true }, differing.surroundings), 1);
  assert.match(differing.output(), /^twice +DIFFERENT on another thread$/m);
  assert.match(differing.output(), /event 51 is first .*, then /);
});

const SHRINK: ShrinkRequest = {
  source: { kind: "seed", seed: BAD.fails },
  profile: {},
  workers: 2,
  runsMax: 200,
  limitMs: 20_000,
  out: undefined,
};

test("shrinking writes the smallest plan and the command that replays it", async (t) => {
  const { surroundings, output, progress, file } = scene(t);
  const out = file("small.json");
  assert.equal(await shrinkCommand({ ...SHRINK, out }, surroundings), 0);
  const plan = JSON.parse(readFileSync(out, "utf8")) as Plan;
  assert.equal(plan.seed, String(BAD.fails));
  assert.equal(plan.nodes, 1);
  assert.equal(plan.load.clients, 1);
  assert.deepEqual(plan.knobs, {});
  assert.match(output(), /^FAILED fake: broken$/m);
  assert.match(output(), /became 0 faults, 1 node, 1 client, .*nothing more can be spared$/m);
  assert.ok(output().endsWith(`again: npm run sim -- --plan ${out}\n`));
  assert.match(progress(), /^shrinking: shorter \| 1 run /);

  const again = scene(t);
  const source = { kind: "file", path: out } as const;
  assert.equal(await replay({ ...REPLAY, source, isBrief: true }, again.surroundings), 1);
});

test("what passes can't be shrunk", async (t) => {
  const { surroundings, output, file } = scene(t);
  const out = file("none.json");
  const source = { kind: "seed", seed: 1 } as const;
  assert.equal(await shrinkCommand({ ...SHRINK, source, out }, surroundings), 1);
  assert.match(output(), /^nothing to shrink: it passes \(npm run sim -- --seed 1\)$/m);
  assert.ok(!existsSync(out));
});

test("seeds that failed once: lines are written as they are read", async (t) => {
  const { file } = scene(t);
  const failure = { check: "log: gap", message: "at\n7 #", at: 1, node: 1, stack: "" };
  const lines = [
    seedLine({ seed: 17, profile: {} }, failure),
    seedLine({ seed: 18, profile: { nodes: 5, faults: ["crash"] } }, failure),
  ];
  assert.deepEqual(lines, [
    "17 # log: gap: at 7",
    '18 {"nodes":5,"faults":["crash"]} # log: gap: at 7',
  ]);
  const path = file("seeds.txt");
  writeFileSync(path, "# a word before\n\n");
  await appendSeeds(lines, new URL(`file://${path}`));
  assert.deepEqual(parseSeeds(readFileSync(path, "utf8")), [
    { seed: 17, profile: {} },
    { seed: 18, profile: { nodes: 5, faults: ["crash"] } },
  ]);
  assert.throws(() => parseSeeds("17 nodes=5 # why"), /^SyntaxError: Not a seed and a profile/);
});
