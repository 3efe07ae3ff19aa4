/** Steps run to the last one, failures are shown, and documents are compared or written. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { compareStep, type Document, writeStep } from "../src/documents.ts";
import { readFloors } from "../src/floors.ts";
import { programStep, runSteps, type Step } from "../src/steps.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), "holdfast-steps-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function step(name: string, isOk: boolean): Step {
  return { name, run: () => ({ isOk, summary: "looked", details: ["the reason"] }) };
}

describe("runSteps", () => {
  test("runSteps goes on behind a failure, counts it, and shows details of it alone", async () => {
    const lines: string[] = [];
    const steps = [step("one", true), step("two", false), step("three", true)];
    const failed = await runSteps(steps, (line) => lines.push(line));
    assert.equal(failed, 1);
    const plain = lines.map((line) => line.replace(/\d+\.\d s/, "0 s").replace(/ +/g, " "));
    assert.deepEqual(plain, [
      "ok one 0 s looked",
      "FAIL two 0 s looked",
      " the reason",
      "ok three 0 s looked",
    ]);
  });

  test("runSteps takes a step that throws for a failure", async () => {
    const lines: string[] = [];
    const broken: Step = {
      name: "broken",
      run() {
        throw new Error("on purpose");
      },
    };
    assert.equal(await runSteps([broken], (line) => lines.push(line)), 1);
    assert.ok(lines.some((line) => line.includes("on purpose")));
  });

  test("programStep goes by the exit code and keeps both outputs", async () => {
    const run = (code: string): Step =>
      programStep("it", root, ["-e", code], (text) => text.trim());
    assert.deepEqual(await run("console.log('fine')").run(), {
      isOk: true,
      summary: "fine",
      details: ["fine"],
    });
    const failed = await run("console.log('a'); console.error('b'); process.exit(3)").run();
    assert.deepEqual(failed, { isOk: false, summary: "exit 3", details: ["a", "b"] });
  });
});

describe("documents", () => {
  const make = (faults: readonly string[] = []): Document => ({
    path: "docs/a.md",
    text: "fresh\n",
    faults,
  });

  test("compareStep fails for a missing or old file and writes nothing; writeStep writes it", async () => {
    const compare = compareStep("it", root, () => make());
    const before = await compare.run();
    assert.equal(before.isOk, false);
    assert.deepEqual(before.details, ["docs/a.md is out of date: npm run fix"]);
    assert.equal(existsSync(path.join(root, "docs/a.md")), false);
    assert.equal((await writeStep("it", root, () => make()).run()).isOk, true);
    assert.equal(readFileSync(path.join(root, "docs/a.md"), "utf8"), "fresh\n");
    assert.equal((await compare.run()).isOk, true);
  });

  test("both fail for faults in the sources, even when the file is up to date", async () => {
    const write = await writeStep("it", root, () => make(["a fault"])).run();
    const compare = await compareStep("it", root, () => make(["a fault"])).run();
    assert.deepEqual([write.isOk, write.details], [false, ["a fault"]]);
    assert.deepEqual([compare.isOk, compare.details], [false, ["a fault"]]);
  });
});

test("readFloors reads the project's floors, none of them zero", () => {
  const here = path.resolve(import.meta.dirname, "../../..");
  const floors = readFloors(here);
  assert.ok(Object.values(floors).every((floor: number) => floor > 0));
  assert.throws(() => readFloors(root), /floors\.json/);
});
