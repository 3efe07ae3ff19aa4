/** The test runner counts what ran, and is never green by silence: each way of running nothing is a fault. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { findTestFiles, selectTestFiles, type TestFile } from "../src/test-files.ts";
import { runTestFiles, type TestRun } from "../src/test-run.ts";

const LIMIT_MS = 60_000;
const HEAD = `import { after, test, describe } from "node:test";\n`;

let root = "";

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "holdfast-runner-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe("findTestFiles", () => {
  test("findTestFiles goes by the sources: a leftover in dist does not run", () => {
    put("packages/a/test/deep/one.test.ts", "");
    put("packages/a/dist/test/deep/one.test.js", "");
    put("packages/a/dist/test/gone.test.js", "");
    put("packages/a/test/scene.ts", "");
    put("tools/test/two.test.ts", "");
    put("tools/dist/test/two.test.js", "");
    const sources = findTestFiles(root).map((file) => file.source);
    assert.deepEqual(sources, ["packages/a/test/deep/one.test.ts", "tools/test/two.test.ts"]);
  });

  test("findTestFiles throws for a test that was not built", () => {
    put("packages/a/test/one.test.ts", "");
    assert.throws(() => findTestFiles(root), /packages\/a\/test\/one\.test\.ts was not built/);
  });

  test("selectTestFiles keeps what has any of the fragments in its path", () => {
    const files = ["packages/raft/test/log.test.ts", "packages/sim/test/disk.test.ts"].map(
      (source) => ({ source, built: "" }),
    );
    assert.deepEqual(selectTestFiles(files, []), files);
    assert.deepEqual(selectTestFiles(files, ["raft"]), [files[0]]);
    assert.deepEqual(selectTestFiles(files, ["log", "disk"]), files);
    assert.deepEqual(selectTestFiles(files, ["nothing"]), []);
  });
});

describe("runTestFiles", () => {
  test("runTestFiles counts tests and skips, not suites", async () => {
    const run = await runOne(
      `describe("s", () => { test("a", () => {}); test("b", () => {}); });
       test("c", async (t) => { await t.test("d", () => {}); });
       test("e", (t) => t.skip("not here"));`,
    );
    assert.deepEqual(countsOf(run), { passed: 4, failed: 0, skipped: 1 });
    assert.equal(run.fault, undefined);
  });

  test("runTestFiles counts a failed test once and shows it", async () => {
    const run = await runOne(
      `describe("s", () => { test("works", () => {});
       test("breaks", () => { throw new Error("on purpose"); }); });`,
    );
    assert.deepEqual(countsOf(run), { passed: 1, failed: 1, skipped: 0 });
    assert.match(run.output, /on purpose/);
  });

  test("runTestFiles finds fault with a file that holds no test, or leaves before its tests", async () => {
    const empty = await runOne("");
    assert.equal(empty.fault, "no test in one.test.js");
    const left = await runOne(`process.exit(0); test("never", () => {});`);
    assert.equal(left.fault, "no test in one.test.js");
  });

  test("runTestFiles finds fault with a run in which everything was skipped", async () => {
    const run = await runOne(`test("a", { skip: true }, () => {});`);
    assert.equal(run.fault, "no test ran");
  });

  test("runTestFiles fails for a file that does not load", async () => {
    const run = await runOne(`throw new Error("at load");`);
    assert.deepEqual(countsOf(run), { passed: 0, failed: 1, skipped: 0 });
  });

  test("runTestFiles fails for a suite whose body or hook throws, even if its tests pass", async () => {
    const body = `describe("s", () => { throw new Error("x"); });`;
    const hook = `describe("s", () => { after(() => { throw new Error("x"); }); test("b", () => {}); });`;
    const run = await runOne(`test("a", () => {}); ${body} ${hook}`);
    assert.deepEqual(countsOf(run), { passed: 2, failed: 2, skipped: 0 });
  });

  test("runTestFiles stops a run that takes too long, with all that it started", async () => {
    const run = await runOne(
      `test("hangs", async () => { await new Promise((go) => setTimeout(go, 60_000)); });`,
      1500,
    );
    assert.match(run.fault ?? "", /time limit/);
    assert.ok(run.ms < 30_000, `took ${run.ms} ms`);
  });
});

function put(name: string, text: string): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

async function runOne(body: string, limitMs = LIMIT_MS): Promise<TestRun> {
  put("package.json", `{ "type": "module" }`);
  const built = put("one.test.js", HEAD + body);
  const files: readonly TestFile[] = [{ source: "one.test.ts", built }];
  return await runTestFiles(files, { live: false, limitMs });
}

function countsOf(run: TestRun): Pick<TestRun, "passed" | "failed" | "skipped"> {
  return { passed: run.passed, failed: run.failed, skipped: run.skipped };
}
