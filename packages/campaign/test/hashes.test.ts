/**
 * A seed gives the same run in every process and on every supported version of Node: the hashes are
 * kept, and a change of behaviour shows as a change of this list.
 */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { golden } from "@holdfast/testkit";
import { runPlanned } from "../src/run-job.ts";
import { engine } from "../src/sim-engine.ts";

const SEEDS = 20;
const FILE = new URL("../../testdata/hashes.txt", import.meta.url);

async function hashes(): Promise<string> {
  const lines: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { outcome } = await runPlanned(engine, engine.plan(seed, {}), {});
    assert.ok(outcome !== undefined);
    const { hash, figures } = outcome;
    lines.push(`${seed} ${hash} ${figures.events} events, ${figures.committed} committed\n`);
  }
  return lines.join("");
}

if (process.argv[2] === "--print") {
  process.stdout.write(await hashes());
} else {
  test("the first seeds have the hashes that were kept, on this version of Node too", async () => {
    golden("hashes of the first seeds", await hashes(), FILE);
  });

  test("another process comes to the same hashes", async () => {
    const own = await hashes();
    const { stdout } = await promisify(execFile)(process.execPath, [
      fileURLToPath(import.meta.url),
      "--print",
    ]);
    assert.equal(stdout, own);
    assert.equal(own.split("\n").length, SEEDS + 1);
  });
}
