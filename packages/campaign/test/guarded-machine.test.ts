/** State machines that use the platform, in real runs: the run fails and says what was used. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Change, PlantedBug } from "../src/bugs/bug.ts";
import { withPlantedBuild } from "../src/bugs/planted-build.ts";
import type { Ran } from "../src/job.ts";
import type { Lane } from "../src/lane.ts";

const MACHINE = "sim/load/machine.js";
const APPLY = "const command = decodeCommand(bytes);";

/** The machine of the workloads, which does `line` with each command. */
function machineThat(line: string, ...imports: readonly Change[]): PlantedBug {
  const change = { file: MACHINE, find: APPLY, put: `${APPLY} ${line}` };
  const changes = [change, ...imports];
  return { name: "platform", title: line, cites: [], changes, expect: [], seedsMax: 1 };
}

const FS: Change = {
  file: MACHINE,
  find: 'import { assert } from "@holdfast/raft";',
  put: 'import { readFile, readFileSync } from "node:fs";\nimport { assert } from "@holdfast/raft";',
};

async function runWith(bug: PlantedBug): Promise<Ran> {
  return await withPlantedBuild(bug, async (campaign) => {
    const built = (await import(new URL("lane.js", campaign).href)) as { Lane: typeof Lane };
    const engine = new URL("sim-engine.js", campaign).href;
    const profile = { nodes: 3, safetyMs: 2000, faults: "none" } as const;
    const lane = new built.Lane({ engine, profile, limitMs: 60_000, jobsPerThread: 1 });
    try {
      return await lane.run({ source: { seed: 1 }, twice: false, isWatched: true });
    } finally {
      await lane.close();
    }
  });
}

const USES: readonly (readonly [line: string, check: string, bug: PlantedBug])[] = [
  ["Date.now()", "platform: Date.now", machineThat("Date.now();")],
  ["Math.random()", "platform: Math.random", machineThat("Math.random();")],
  ["setTimeout", "platform: setTimeout", machineThat("setTimeout(() => {}, 1);")],
  ["readFileSync", "platform: fs.readFileSync", machineThat('readFileSync("/");', FS)],
  ["readFile", "platform: fs.readFile", machineThat('readFile("/", () => {});', FS)],
  [
    "an abort signal's timer",
    "platform: a resource of the platform (Timeout)",
    machineThat("AbortSignal.timeout(1);"),
  ],
];

for (const [use, check, bug] of USES) {
  test(`a machine that uses ${use} fails its run by name`, async () => {
    const { failure } = await runWith(bug);
    assert.equal(failure?.check, check, failure?.message);
    assert.match(failure.message, /^Simulated code used /);
    assert.match(failure.stack, /machine\.js/);
  });
}

test("the same machine without that passes", async () => {
  const { failure, outcome } = await runWith(machineThat("void 0;"));
  assert.equal(failure, undefined);
  assert.ok((outcome?.figures.committed ?? 0) > 0);
});
