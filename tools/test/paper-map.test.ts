/** The paper map finds citations, says where they stand, and misses tests. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findCitations, ruleAt } from "../src/paper-map/citations.ts";
import { paperMap, type Sections } from "../src/paper-map/paper-map.ts";

const SECTIONS: Sections = {
  paper: { "5.2": "Leader election", "5.4": "Safety", "5.4.1": "Election restriction" },
  figure: { "2": "Summary" },
  thesis: { "5.2": "Something else" },
};

function cited(text: string): readonly string[] {
  return findCitations(text).map(({ source, section }) => `${source} ${section}`);
}

function map(files: Readonly<Record<string, string>>, citationsMin = 1) {
  const project = Object.entries(files).map(([path, text]) => ({ path, text }));
  return paperMap(project, SECTIONS, citationsMin);
}

describe("findCitations", () => {
  test("findCitations reads sections, figures, and which work they are of", () => {
    assert.deepEqual(cited("Elections: paper §5.2, §5.4.1; pre-vote: thesis §9.6, §4.2.3."), [
      "paper 5.2",
      "paper 5.4.1",
      "thesis 9.6",
      "thesis 4.2.3",
    ]);
    assert.deepEqual(cited("Fig. 2 and Figure 13 (A12, thesis §3.8), then §7"), [
      "figure 2",
      "figure 13",
      "thesis 3.8",
      "paper 7",
    ]);
    assert.deepEqual(cited("Thesis §6.2: a leader (th. §10.2.1)"), ["thesis 6.2", "thesis 10.2.1"]);
  });

  test("findCitations leaves sections of other documents alone", () => {
    assert.deepEqual(cited("The loop (ARCHITECTURE §3), RFC 9110 §5; then §5.3"), ["paper 5.3"]);
  });

  test("findCitations finds none in plain words and numbers", () => {
    assert.deepEqual(cited("version 5.2, Config. 3, a thesis, section 7"), []);
  });
});

test("ruleAt gives the sentence around the citation, without one that opens it", () => {
  const text = "First, e.g. this. A higher term frees the vote (§5.1). Last one.";
  assert.equal(ruleAt(text, text.indexOf("§")), "A higher term frees the vote (§5.1)");
  assert.equal(ruleAt("§5.4.2: only own entries", 0), "Only own entries");
  assert.equal(ruleAt("thesis §9.6, §4.2.3: ask first.", 7), "Ask first");
});

describe("paperMap", () => {
  const code = [
    "/** Elections (§5.2). */",
    "",
    "export class Log {",
    "  /** Never twice (§5.4). */",
    "  push(): void {",
    "    // §5.4.1: the longer log wins",
    "    go();",
    "  }",
    "}",
  ].join("\n");
  const proof = [
    "/** Nothing outside of a test counts (§5.4.1). */",
    `test("§5.2 a majority wins", () => {});`,
    `describe("safety", () => {`,
    `  test("no vote twice", () => {`,
    "    // §5.4.1: the scene",
    "  });",
    "});",
  ].join("\n");
  const files = { "packages/raft/src/log.ts": code, "packages/raft/test/log.test.ts": proof };

  test("paperMap lists rules with their place and tests with their title, and finds no fault", () => {
    const { text, faults } = map(files);
    assert.deepEqual(faults, []);
    const source = "[raft/src/log.ts](../packages/raft/src/log.ts)";
    const tests = "[raft/test/log.test.ts](../packages/raft/test/log.test.ts)";
    const lines = text.split("\n").filter((line) => /^(##|\| [^r-]|- )/.test(line));
    assert.deepEqual(lines, [
      "## §5.2 Leader election",
      `| Elections (§5.2) | ${source} |`,
      `- ${tests} §5.2 a majority wins`,
      "## §5.4 Safety",
      `| Never twice (§5.4) | ${source} \`Log.push\` |`,
      "## §5.4.1 Election restriction",
      `| The longer log wins | ${source} \`Log.push\` |`,
      `- ${tests} safety: no vote twice`,
    ]);
  });

  test("paperMap does not change when only lines move", () => {
    const moved = { ...files, "packages/raft/src/log.ts": code.replaceAll("\n", "\n\n") };
    assert.equal(map(moved).text, map(files).text);
  });

  test("paperMap finds fault with a section that has code and no test", () => {
    const { faults } = map({ "packages/raft/src/log.ts": "/** Elections (§5.2). */\n" });
    assert.deepEqual(faults, ["§5.2 is cited by code (packages/raft/src/log.ts:1) and by no test"]);
  });

  test("paperMap takes a test of a part for a test of the whole, not the other way round", () => {
    const source = (section: string): string => `/** Elections (§${section}). */\n`;
    const title = (section: string): string => `test("§${section} holds", () => {});\n`;
    const faultsOf = (inCode: string, inTest: string): number =>
      map({
        "packages/raft/src/log.ts": source(inCode),
        "packages/raft/test/log.test.ts": title(inTest),
      }).faults.length;
    assert.equal(faultsOf("5.4", "5.4.1"), 0);
    assert.equal(faultsOf("5.4.1", "5.4"), 1);
  });

  test("paperMap tells a section of the thesis from the same number in the paper", () => {
    const { faults } = map({
      "packages/raft/src/log.ts": "/** Something (thesis §5.2). */\n",
      "packages/raft/test/log.test.ts": `test("§5.2 of the paper", () => {});\n`,
    });
    assert.equal(faults.length, 1);
    assert.match(faults[0] ?? "", /^Thesis §5\.2 is cited by code/);
  });

  test("paperMap finds fault with unknown sections and with too few citations", () => {
    const { faults } = map({ "packages/raft/test/a.test.ts": `test("§5.22 holds", () => {});` }, 2);
    assert.deepEqual(faults, [
      "packages/raft/test/a.test.ts:1 cites §5.22, which tools/sections.json lacks",
      "found 1 citations, expected at least 2",
    ]);
  });
});
