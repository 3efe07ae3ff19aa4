/** The table of known bugs names every scenario and every test that bears an id. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { BUG_CATALOGUE_PATH, bugCatalogue } from "../src/bug-catalogue.ts";
import { readFloors } from "../src/floors.ts";
import { type Project, readProject } from "../src/project.ts";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const PAGE = readFileSync(path.join(ROOT, BUG_CATALOGUE_PATH), "utf8");
const TEST = "packages/raft/test/votes.test.ts";

/** The real table without its tests, with everything put off until later but what `edit` says. */
function page(edit: (line: string) => string = (line) => line): string {
  const rows = PAGE.split("\n").map((line) => {
    const id = /^\| ([A-I]\d+) \|/.exec(line)?.[1];
    return id === undefined ? line : edit(`| ${id} | what happens | | part: why |`);
  });
  return rows.join("\n");
}

/** A row that waits for nothing. */
function due(id: string): (line: string) => string {
  return (line) => (line.startsWith(`| ${id} |`) ? `| ${id} | what happens | | |` : line);
}

function project(text: string, tests: string, at = TEST): Project {
  return [
    { path: BUG_CATALOGUE_PATH, text },
    { path: at, text: tests },
  ];
}

function faults(text: string, tests: string, testsMin = 0): readonly string[] {
  return bugCatalogue(project(text, tests), testsMin).faults;
}

describe("the bug catalogue", () => {
  test("the project's table has every scenario, and every named test, and is up to date", () => {
    const { text, faults: found } = bugCatalogue(readProject(ROOT), readFloors(ROOT).scenarioTests);
    assert.deepEqual(found, []);
    assert.equal(text, PAGE, `${BUG_CATALOGUE_PATH} is out of date: npm run fix`);
  });

  test("tests are filled in by the ids at the beginning of their names, and nothing else changes", () => {
    const tests = [
      'test("A1 a candidate asks", () => 1);',
      'it("A1, B9 both", () => 1);',
      'test("A1: with a colon", () => 1);',
      // Not written out, or it would look like a template by mistake.
      ["test(`B9 for $", '{"each"} size`, () => 1);'].join(""),
      'test("about A1 and B9", () => 1);',
      'describe("outer", () => test("A1 an inner one | two <three>", () => 1));',
    ].join("\n");
    const { text, faults: found } = bugCatalogue(project(page(due("A1")), tests), 5);
    assert.deepEqual(found, []);
    const link = `[raft/test/votes](../../${TEST})`;
    const ofA1 = ["a candidate asks", "both", "with a colon", "an inner one \\| two &lt;three>"];
    const row = (id: string): string | undefined =>
      text.split("\n").find((line) => line.startsWith(`| ${id} |`));
    const cell = ofA1.map((title) => `${link} ${title}`).join("<br>");
    assert.equal(row("A1"), `| A1 | what happens | ${cell} | |`);
    assert.equal(
      row("B9"),
      `| B9 | what happens | ${link} both<br>${link} for … size | part: why |`,
    );
    assert.equal(row("A2"), "| A2 | what happens | | part: why |");
    const again = bugCatalogue(project(text, tests), 5);
    assert.equal(again.text, text, "filled in twice is the same");
  });

  test("a scenario without a row, with two, or that is none is a fault", () => {
    const without = (id: string) => (line: string) => (line.startsWith(`| ${id} |`) ? "" : line);
    assert.deepEqual(faults(page(without("H4")), ""), ["H4 is not in the table"]);
    assert.deepEqual(faults(page(without("I10")), ""), ["I10 is not in the table"]);
    assert.deepEqual(faults(`${page()}\n| C2 | again | | part: why |`, ""), ["C2 has two rows"]);
    assert.deepEqual(faults(`${page()}\n| C20 | new | | part: why |`, ""), ["C20 is no scenario"]);
  });

  test("a scenario with neither a test nor a reason is a fault, and so is a reason that names no part", () => {
    assert.deepEqual(faults(page(due("B9")), 'test("A1 one", () => 1);'), [
      "B9 has no test and doesn't say what it waits for",
    ]);
    const vague = page((line) =>
      line.replace("| A1 | what happens | | part: why |", "| A1 | x | | soon |"),
    );
    assert.deepEqual(faults(vague, ""), ['A1 must say "part: why" of what comes later']);
    const mute = page((line) => line.replace("| A1 | what happens |", "| A1 | |"));
    assert.deepEqual(faults(mute, ""), ["A1 doesn't say what happens"]);
  });

  test("a test that bears an id which is not in the table is a fault", () => {
    assert.deepEqual(faults(page(), 'test("A13 one more", () => 1);'), [
      `${TEST}: "one more" bears A13, which is not in the table`,
    ]);
  });

  test("tests that are skipped, or the tools' own, fill nothing in", () => {
    const skipped = 'test.skip("A1 one", () => 1);';
    assert.equal(faults(page(due("A1")), skipped).length, 1);
    const own = project(page(due("A1")), 'test("A1 one", () => 1);', "tools/test/a.test.ts");
    assert.equal(bugCatalogue(own, 0).faults.length, 1);
  });

  test("whoever looked at too few tests, or at no table, fails", () => {
    const one = 'test("A1 one", () => 1);';
    assert.deepEqual(faults(page(), one, 1), []);
    assert.deepEqual(faults(page(), one, 2), [
      "found 1 tests that bear an id, expected at least 2",
    ]);
    assert.equal(faults("", "", 0).length, 138);
  });
});
