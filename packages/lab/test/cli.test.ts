/** The suite as a command: what it prints and its exit codes. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runSuite } from "../src/cli.ts";
import type { Options } from "../src/options.ts";
import type { Run } from "../src/table.ts";

const MAIN = fileURLToPath(new URL("../src/main.js", import.meta.url));

interface Output {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** A command whose runs of seeds in `failing` fail and all others pass. */
async function run(args: readonly string[], failing: readonly number[]): Promise<Output> {
  let out = "";
  let error = "";
  const code = await runSuite(args, {
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
    randomSeed: 40,
    playRuns: (options, onRun) => {
      for (const one of runsOf(options, failing)) onRun(one);
      return Promise.resolve();
    },
  });
  return { code, out, error };
}

function runsOf({ scenarios, seed: first, repeat }: Options, failing: readonly number[]): Run[] {
  const figures = { ms: 1000, calls: 10, bytes: 100, commits: 3, floorMs: 0 };
  return scenarios.flatMap((scenario) =>
    Array.from({ length: repeat }, (_, at) => {
      const seed = first + at;
      const outcome = failing.includes(seed)
        ? { figures: undefined, failure: "Expected one leader, got none" }
        : { figures, failure: "" };
      return { scenario, seed, played: { ...outcome, traceHash: "0", wallMs: 1 } };
    }),
  );
}

test("all passed: the table, and 0", async () => {
  const { code, out } = await run(["--only", "2A"], []);
  assert.equal(code, 0);
  assert.equal(out.match(/\.\.\. Passed --/g)?.length, 3);
  assert.match(out, /3 of 3 passed, seed 40/);
});

test("one failed: the command to see it again, and 1", async () => {
  const { code, out } = await run(["--only", "4", "--seed", "7"], [7]);
  assert.equal(code, 1);
  assert.match(
    out,
    /FAILED: Expected one leader, got none\n {2}again: npm run lab -- --only 4 --seed 7 --trace\n/,
  );
  assert.match(out, /0 of 1 passed/);
});

test("repeated: a line per test, failing seeds, and 1", async () => {
  const { code, out } = await run(["--repeat", "3", "--seed", "7"], [8]);
  assert.equal(code, 1);
  assert.match(out, /^ {4}3 {6}1 .*\(2C\) Figure 8$/m);
  assert.match(out, /seed 8: Figure 8: Expected one leader/);
  assert.match(out, /Sum of the medians of the 25 rows: 25\.0 s/);
  assert.match(out, /56 of 84 runs passed, seeds 7 to 9/);
});

test("JSON: one object with figures, verdicts and the sum", async () => {
  const { code, out } = await run(["--json"], []);
  assert.equal(code, 0);
  const report: unknown = JSON.parse(out);
  assert.ok(typeof report === "object" && report !== null);
  assert.ok("sumSeconds" in report && report.sumSeconds === 25);
  assert.ok("runs" in report && Array.isArray(report.runs) && report.runs.length === 28);
  assert.ok("passed" in report && report.passed === 28);
});

test("wrong options: one line on the error output, and 2", async () => {
  assert.deepEqual(await run(["--only", "nothing"], []), {
    code: 2,
    out: "",
    error: 'lab: --only: no test fits "nothing"\n',
  });
});

test("the real command plays on threads, narrates, and says 2 to a flag it doesn't know", () => {
  const passed = spawnSync(process.execPath, [MAIN, "--only", "4", "--seed", "1"], {
    encoding: "utf8",
  });
  assert.equal(passed.status, 0, passed.stderr);
  assert.match(passed.stdout, /1 of 1 passed, seed 1, virtual time/);

  const traced = spawnSync(process.execPath, [MAIN, "--only", "4", "--seed", "1", "--trace"], {
    encoding: "utf8",
  });
  assert.equal(traced.status, 0, traced.stderr);
  assert.match(traced.stdout, /^ +0\.\d{4} {2}server \d: leader of term 1, log ends at 0$/m);

  const wrong = spawnSync(process.execPath, [MAIN, "--sed", "1"], { encoding: "utf8" });
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /^lab: .*--sed.*\n$/);
});

test("a scenario also runs in real time", () => {
  const real = spawnSync(process.execPath, [MAIN, "--only", "4", "--seed", "1", "--real"], {
    encoding: "utf8",
  });
  assert.equal(real.status, 0, real.stdout + real.stderr);
  assert.match(real.stdout, /1 of 1 passed, seed 1, real time/);
});
