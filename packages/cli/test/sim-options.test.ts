/** The command line of `holdfast sim`: which flags go together, and what they come to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFlags } from "../src/flags.ts";
import { SIM_FLAGS, type SimRequest, simRequest } from "../src/sim-options.ts";
import { runToEnd } from "./program.ts";

function request(...argv: string[]): SimRequest {
  return simRequest(parseFlags("sim", SIM_FLAGS, argv), { seed: 1000, cores: 4 });
}

test("without flags: a campaign over 200 seeds on all cores", () => {
  assert.deepEqual(request(), {
    kind: "campaign",
    profile: {},
    limitMs: 60_000,
    workers: 4,
    from: 1000,
    to: 1199,
    timeMs: Number.POSITIVE_INFINITY,
    failuresMax: 5,
    twiceEvery: 100,
    marksFrom: 2000,
    jsonPath: undefined,
    remembers: false,
    shrinks: false,
  });
});

test("which seeds a campaign has: a count, a range, or until the time is over", () => {
  const range = (...argv: string[]): readonly number[] => {
    const one = request(...argv);
    assert.ok(one.kind === "campaign");
    return [one.from, one.to, one.timeMs];
  };
  const ever = Number.POSITIVE_INFINITY;
  assert.deepEqual(range("--seeds", "5"), [1000, 1004, ever]);
  assert.deepEqual(range("--from", "7", "--to", "9"), [7, 9, ever]);
  assert.deepEqual(range("--from", "7", "--time", "60"), [7, ever, 60_000]);
  assert.deepEqual(range("--seeds", "5", "--time", "60"), [1000, 1004, 60_000]);
});

test("a profile fixes what would be drawn", () => {
  const { profile } = request(
    "--nodes=5",
    "--seconds=30",
    "--faults=crash, pause",
    "--recipe=bridge",
  );
  const faults = ["crash", "pause"];
  assert.deepEqual(profile, { nodes: 5, safetyMs: 30_000, faults, recipe: "bridge" });
  assert.deepEqual(request("--faults", "none").profile, { faults: "none" });
});

test("one seed or plan is replayed, or made smaller", () => {
  assert.deepEqual(request("--seed", "42", "--twice", "--trace", "t.ndjson"), {
    kind: "replay",
    source: { kind: "seed", seed: 42 },
    profile: {},
    limitMs: 60_000,
    isBrief: false,
    isTwice: true,
    tracePath: "t.ndjson",
  });
  assert.deepEqual(request("--plan", "p.json", "--shrink", "--runs", "50", "--limit", "5"), {
    kind: "shrink",
    source: { kind: "file", path: "p.json" },
    profile: {},
    limitMs: 5000,
    workers: 4,
    runsMax: 50,
    out: undefined,
  });
  assert.ok((request("--shrink") as { shrinks: boolean }).shrinks);
  assert.equal(
    (request("--marks", "off") as { marksFrom: number }).marksFrom,
    Number.POSITIVE_INFINITY,
  );
});

test("planted bugs are looked for by name, or all of them", () => {
  assert.deepEqual(request("--bug", "votes-twice,no-crc", "--workers", "1", "--seeds", "9"), {
    kind: "bugs",
    profile: {},
    workers: 1,
    names: ["votes-twice", "no-crc"],
    from: 1,
    ranges: 1,
    seedsMax: 9,
  });
  assert.deepEqual(request("--bugs", "--write"), {
    kind: "bugs",
    profile: {},
    workers: 4,
    names: [],
    from: 1,
    ranges: 3,
    writesTo: "docs/internals/planted-bugs.md",
  });
});

const WRONG: readonly (readonly [argv: readonly string[], message: string | RegExp])[] = [
  [["--seed", "1", "--seeds", "5"], "--seeds and --seed exclude each other"],
  [["--plan", "p", "--time", "5"], "--time and --plan exclude each other"],
  [["--plan", "p", "--seed", "5"], "--seed and --plan exclude each other"],
  [["--plan", "p", "--nodes", "5"], /^--plan says all about a run/],
  [["--to", "5", "--from", "1", "--seeds", "3"], "--seeds and --to exclude each other"],
  [["--twice"], "--twice needs --seed or --plan"],
  [["--out", "f"], "--out needs --seed or --plan"],
  [["--seed", "1", "--out", "f"], "--out needs --shrink"],
  [["--seed", "1", "--shrink", "--twice"], "--twice and --shrink exclude each other"],
  [["--write"], "--write needs --bug or --bugs"],
  [["--bugs", "--bug", "x"], "--bug and --bugs exclude each other"],
  [["--bugs", "--shrink"], "--shrink is not for planted bugs"],
  [["--from", "9", "--to", "8"], /^--to must be a whole number from 9 to /],
  [["--nodes", "0"], "--nodes must be a whole number from 1 to 9, got 0"],
  [["--marks", "all"], /^--marks must be a whole number from 1 /],
  [["--seed", "x"], /^--seed must be a whole number from 0 to \d+, got x$/],
];

for (const [argv, message] of WRONG) {
  test(`refused: ${argv.join(" ")}`, () => {
    assert.throws(() => request(...argv), { code: "CLI_USAGE", message });
  });
}

test("holdfast explore searches a small scope to its end and says so", async (t) => {
  const { code, stdout, stderr } = await runToEnd(t, ["explore", "--terms", "1"]);
  assert.equal(code, 0);
  assert.match(stdout, /^worlds +\d+, at most \d+ moves away; nothing is left\nmoves /);
  assert.match(stdout, /^violated +nothing$/m);
  assert.match(stderr, /^depth 1: \d+ worlds, \d+ to look at$/m);
  const cut = await runToEnd(t, ["explore", "--voters", "3", "--worlds", "50"]);
  assert.match(cut.stdout, /moves away; there are more$/m);
  const wrong = await runToEnd(t, ["explore", "--delays", "some"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--delays must be one of all, requests, none, got some/);
});
