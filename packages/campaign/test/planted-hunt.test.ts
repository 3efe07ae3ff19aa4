/** Hunts: a few planted bugs for real, the rest of the command with hunts that are made up. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Failure } from "@holdfast/sim";
import type { PlantedBug } from "../src/bugs/bug.ts";
import { type BugsOptions, bugsCommand, UnknownBugError } from "../src/bugs/bugs-command.ts";
import { PLANTED_BUGS, plantedBug } from "../src/bugs/catalogue.ts";
import { type Hunt, runBug, type Verdict } from "../src/bugs/hunt.ts";
import { huntLine, namesIn, row, withRows } from "../src/bugs/hunt-table.ts";
import { withPlantedBuild } from "../src/bugs/planted-build.ts";

const ONE = { from: 1, workers: 1 };

function bugCalled(name: string): PlantedBug {
  const bug = plantedBug(name);
  assert(bug !== undefined, name);
  return bug;
}

for (const name of ["ack-before-fsync", "commit-quorum-short", "packet-memory-reused"]) {
  test(`the campaign finds ${name} within a few seeds`, async () => {
    const hunt = await runBug(bugCalled(name), { ...ONE, seedsMax: 10 });
    assert.equal(hunt.verdict, "found", huntLine(hunt));
    assert.equal(hunt.seeds <= 10, true);
  });
}

test("a bug that hurts nobody survives all its seeds", async () => {
  const harmless = {
    ...bugCalled("votes-twice"),
    changes: [{ file: "raft/trace.js", find: "pre-candidate in term", put: "trial in term" }],
  };
  const hunt = await runBug(harmless, { ...ONE, seedsMax: 2 });
  assert.deepEqual(hunt, { bug: harmless, verdict: "survived", seeds: 2 });
});

test("a bug that another check catches than it should is told apart", async () => {
  const bug = { ...bugCalled("ack-before-fsync"), expect: ["liveness:"] };
  const hunt = await runBug(bug, { ...ONE, seedsMax: 3 });
  assert.equal(hunt.verdict, "surprising");
  assert.match(hunt.catch?.failure.check ?? "", /^cluster:/);
});

test("a seed that fails without the bug too shows nothing", async () => {
  const bug = bugCalled("ack-before-fsync");
  const verdict = await withPlantedBuild(bug, async (sound) => {
    const hunt = await runBug(bug, { ...ONE, seedsMax: 3, sound });
    return hunt.verdict;
  });
  assert.equal(verdict, "unsound");
});

function failure(check: string): Failure {
  return { check, message: "made up", at: 1, node: 1, stack: "" };
}

function madeUp(bug: PlantedBug, seeds: number, verdict: Verdict, check = "x: y | z"): Hunt {
  if (verdict === "survived") return { bug, verdict, seeds };
  return { bug, verdict, seeds, catch: { seed: seeds, failure: failure(check) } };
}

async function command(options: Partial<BugsOptions>): Promise<{ code: number; text: string }> {
  let text = "";
  const code = await bugsCommand({ ...ONE, names: [], ranges: 1, ...options }, (more) => {
    text += more;
  });
  return { code, text };
}

test("the command looks for all bugs in all ranges and succeeds when each was found", async () => {
  const firsts = new Set<number>();
  let hunts = 0;
  const { code, text } = await command({
    ranges: 3,
    hunt: async (bug, { from }) => {
      hunts++;
      firsts.add(from);
      return madeUp(bug, 4, "found");
    },
  });
  assert.equal(code, 0);
  assert.equal(hunts, 3 * PLANTED_BUGS.length);
  assert.deepEqual([...firsts], [1, 1_000_001, 2_000_001]);
  assert.match(text, new RegExp(`${PLANTED_BUGS.length} of ${PLANTED_BUGS.length} bugs found\n$`));
});

for (const verdict of ["survived", "surprising", "unsound"] as const) {
  test(`the command fails when the verdict on a bug is ${verdict}`, async () => {
    const names = ["votes-twice", "ack-before-fsync"];
    const { code, text } = await command({
      names,
      hunt: async (bug) => madeUp(bug, 9, bug.name === "votes-twice" ? verdict : "found"),
    });
    assert.equal(code, 1);
    assert.match(text, /1 of 2 bugs found\nnot found each time: votes-twice: /);
  });
}

test("the command refuses a name that no bug has", async () => {
  await assert.rejects(command({ names: ["no-such-bug"] }), (error) => {
    assert(error instanceof UnknownBugError);
    assert.equal(error.code, "CAMPAIGN_UNKNOWN_BUG");
    assert.equal(error.message, "No planted bug has the name no-such-bug");
    return true;
  });
});

const DOCUMENT = `# Bugs

<!-- table: begin -->
| \`gone\` | old | A1 | x | 1 / 1 |
| \`votes-twice\` | old | A4 | x | 1 / 1 |
<!-- table: end -->
After.
`;

test("results go into the document: those of other bugs stay, bugs that are no more go", async () => {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-table-"));
  try {
    const path = join(directory, "table.md");
    writeFileSync(path, DOCUMENT);
    const hunt = async (bug: PlantedBug): Promise<Hunt> => madeUp(bug, 7, "found");
    await command({ names: ["ack-before-fsync"], writesTo: path, hunt });
    const after = readFileSync(path, "utf8");
    assert.deepEqual(namesIn(after), ["votes-twice", "ack-before-fsync"]);
    assert.match(after, /^# Bugs\n\n<!-- table: begin -->\n\| bug \|/);
    assert.match(after, /\| x: y \\\| z \| 7 \/ 7 \|\n<!-- table: end -->\nAfter.\n$/);
    assert.throws(() => withRows("# No table\n", [], []), /no line <!-- table: begin -->/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a row tells all checks, half and most of the seeds, and what was not found", () => {
  const bug = bugCalled("votes-twice");
  const found = [5, 1, 30].map((seeds) => madeUp(bug, seeds, "found", `check ${seeds}`));
  const [head] = row({ bug, hunts: found }).split("check 1;");
  assert.match(head ?? "", /^\| `votes-twice` \| A vote already given/);
  assert.match(row({ bug, hunts: found }), /check 1; check 30; check 5 \| 5 \/ 30 \|$/);
  const missed = [...found, madeUp(bug, 100, "survived")];
  assert.match(row({ bug, hunts: missed }), /\| 5 \/ 100, 1 of 4 not found \|$/);
});

test("the table of docs/internals/planted-bugs.md names the bugs of the catalogue, in order", () => {
  const url = new URL("../../../../docs/internals/planted-bugs.md", import.meta.url);
  const names = PLANTED_BUGS.map(({ name }) => name);
  assert.deepEqual(namesIn(readFileSync(url, "utf8")), names);
});
