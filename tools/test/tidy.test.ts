/** Every tidy rule is shown to fire, at the right place, and to let through what it should. */

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { Project } from "../src/project.ts";
import type { Layers } from "../src/tidy/layers.ts";
import type { Finding } from "../src/tidy/rule.ts";
import { RULES, tidy } from "../src/tidy.ts";

const LAYERS: Layers = {
  packages: {
    raft: { name: "@x/raft", mayImport: [], platformFree: true },
    node: { name: "x", mayImport: ["raft"], platformFree: false },
  },
  testsMayAlsoImport: { "*": ["node"] },
  hostDoors: [],
  mayDependOn: { node: ["ws"] },
  raftLayers: [["entry"], ["log"], ["index"]],
};

const HEADER = "/** What this file is for. */\n";

/** A small project in which all is well. */
const CLEAN: Readonly<Record<string, string>> = {
  "README.md": "All is well.\n",
  "packages/raft/package.json": `{ "name": "@x/raft" }`,
  "packages/raft/src/entry.ts": `${HEADER}export const a: number = 1;\n`,
  "packages/raft/src/log.ts": `${HEADER}export { a } from "./entry.ts";\n`,
  "packages/raft/test/log.test.ts": `${HEADER}import { a } from "@x/raft";\ntest("a", () => a);\n`,
  "packages/node/package.json": `{ "name": "x", "dependencies": { "@x/raft": "1", "ws": "1" } }`,
  "packages/node/src/disk.ts": `${HEADER}import "node:fs";\nimport "ws";\n`,
  "packages/node/src/start.ts": `${HEADER}import "@x/raft";\n`,
  "packages/node/test/disk.test.ts": `${HEADER}import "../src/disk.ts";\n`,
};

const fired = new Set<string>();

/** What tidy finds when some files of the clean project are other. */
function found(changes: Readonly<Record<string, string>>, filesMin = 1): readonly Finding[] {
  const files = { ...CLEAN, ...changes };
  const project: Project = Object.entries(files).map(([path, text]) => ({ path, text }));
  const findings = tidy(project, LAYERS, filesMin);
  for (const finding of findings) fired.add(finding.rule);
  return findings;
}

/** The findings as `rule path:line`, in order. */
function places(changes: Readonly<Record<string, string>>): readonly string[] {
  return found(changes).map(({ rule, path, line }) => `${rule} ${path}:${line}`);
}

/** Asserts that the text in that file breaks just this rule, at this line. */
function breaks(rule: string, path: string, text: string, line = 2): void {
  assert.deepEqual(places({ [path]: text }), [`${rule} ${path}:${line}`]);
}

const RAFT = "packages/raft/src/log.ts";
const NODE = "packages/node/src/disk.ts";
const TEST = "packages/raft/test/log.test.ts";

describe("tidy", () => {
  after(() => {
    // The proof that this file is complete: whoever adds a rule adds a test that makes it fire.
    const silent = RULES.map((rule) => rule.id).filter((id) => !fired.has(id));
    assert.deepEqual(silent, [], "rules that no test made fire");
  });

  test("tidy finds nothing in a clean project", () => {
    assert.deepEqual(found({}), []);
  });

  test("tidy fails when it looked at fewer files than the floor", () => {
    assert.deepEqual(found({}, 6), []);
    assert.deepEqual(
      found({}, 7).map((finding) => finding.message),
      ["looked at 6 source files, expected at least 7"],
    );
  });

  test("package-imports: only what the table allows, in every form of import", () => {
    const forms = [
      `import { a } from "x";`,
      `export { a } from "x";`,
      `export * from "x";`,
      `import type { a } from "x";`,
      `export type A = import("x").A;`,
      `export const a: unknown = import("x");`,
    ];
    for (const form of forms) breaks("package-imports", "packages/raft/src/log.ts", HEADER + form);
  });

  test("package-imports: no deep import, no relative path out of the package or out of src", () => {
    breaks("package-imports", NODE, `${HEADER}import "@x/raft/dist/src/log.js";\n`);
    breaks("package-imports", NODE, `${HEADER}import "../../raft/src/log.ts";\n`);
    breaks("package-imports", NODE, `${HEADER}import "../test/disk.test.ts";\n`);
  });

  test("package-imports: Node modules stay out of platform-free sources, not out of their tests", () => {
    breaks("package-imports", RAFT, `${HEADER}import "node:fs";\n`);
    breaks("package-imports", RAFT, `${HEADER}import "fs";\n`);
    assert.deepEqual(found({ [TEST]: `${HEADER}import "node:fs";\nimport "x";\n` }), []);
  });

  test("package-imports: a package that is not in the table may import nothing", () => {
    const file = "packages/new/src/index.ts";
    breaks("package-imports", file, `${HEADER}import "@x/raft";\n`);
  });

  test("package-imports: an import in a comment or in a string is none", () => {
    const text = `${HEADER}// import "x";\nexport const a = 'import "x"';\n`;
    assert.deepEqual(found({ [RAFT]: text }), []);
  });

  test("package-dependencies: only what the tables allow, under the right name", () => {
    const file = "packages/raft/package.json";
    const bad = (rest: string): string => `{ "name": "@x/raft", ${rest} }`;
    breaks("package-dependencies", file, bad(`"dependencies": { "ws": "1" }`), 1);
    breaks("package-dependencies", file, bad(`"peerDependencies": { "ws": "1" }`), 1);
    assert.deepEqual(
      found({ [file]: bad(`"dependencies": { "x": "1" }`) }).map((finding) => finding.message),
      ["raft may not depend on x"],
    );
    breaks("package-dependencies", file, `{ "name": "@x/craft" }`, 1);
    const stranger = "packages/new/package.json";
    breaks("package-dependencies", stranger, `{ "name": "@x/new" }`, 1);
  });

  test("package-dependencies: the sisters that are named are those that are imported", () => {
    breaks("package-dependencies", "packages/node/package.json", `{ "name": "x" }`, 1);
    const unused = places({ "packages/node/src/start.ts": HEADER });
    assert.deepEqual(unused, ["package-dependencies packages/node/package.json:1"]);
  });

  test("core-layers: no import upward, none sideways, no module without a layer", () => {
    const entry = "packages/raft/src/entry.ts";
    breaks("core-layers", entry, `${HEADER}import "./log.ts";\n`);
    breaks("core-layers", RAFT, `${HEADER}import "./log.ts";\n`);
    breaks("core-layers", "packages/raft/src/extra.ts", HEADER, 1);
  });

  test("file-size: a warning above 350 lines, a failure above 500", () => {
    const text = (lines: number): string => HEADER + "\n".repeat(lines - 1);
    assert.deepEqual(found({ [NODE]: text(350) }), []);
    const warned = found({ [NODE]: text(351) });
    assert.deepEqual(
      warned.map((finding) => [finding.rule, finding.isWarning]),
      [["file-size", true]],
    );
    const failed = found({ [NODE]: text(501) });
    assert.deepEqual(
      failed.map((finding) => [finding.rule, finding.isWarning]),
      [["file-size", false]],
    );
  });

  test("line-width: comments end at column 100, a warning for strings from 120 on, no word on addresses", () => {
    const comment = (length: number): string => `${HEADER}//${"x".repeat(length - 2)}\n`;
    assert.deepEqual(found({ [NODE]: comment(100) }), []);
    breaks("line-width", NODE, comment(101));
    breaks("line-width", NODE, `${HEADER}const a = 1; //${"x".repeat(99)}\n`);
    const string = (length: number): string => `${HEADER}"${"x".repeat(length - 3)}";\n`;
    assert.deepEqual(found({ [NODE]: string(120) }), []);
    const wide = found({ [NODE]: string(121) });
    assert.deepEqual(
      wide.map((finding) => [finding.rule, finding.line, finding.isWarning]),
      [["line-width", 2, true]],
    );
    const address = `${HEADER}// https://example.org/${"x".repeat(100)}\n`;
    assert.deepEqual(found({ [NODE]: address }), []);
  });

  test("file-header: the first line opens a sentence that says what the file is for", () => {
    breaks("file-header", NODE, "export {};\n", 1);
    breaks("file-header", NODE, "// What this file is for.\n", 1);
    breaks("file-header", NODE, "/** */\n", 1);
    breaks("file-header", NODE, "/** No full stop at its end */\n", 1);
    breaks("file-header", NODE, `\n${HEADER}`, 1);
    const long = "#!/usr/bin/env node\n/**\n * What this file\n * is for.\n */\n";
    assert.deepEqual(found({ [NODE]: long }), []);
  });

  test("file-name: names that say nothing are refused, as a file, a folder or a part", () => {
    for (const name of ["utils", "helper", "common", "misc", "disk-utils", "util/disk"]) {
      breaks("file-name", `packages/node/src/${name}.ts`, HEADER, 1);
    }
    assert.deepEqual(found({ "packages/node/src/utility-cost.ts": HEADER }), []);
  });

  test("leftovers: marks of work put off, in any file but the lock file", () => {
    for (const mark of ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) {
      breaks("leftovers", "README.md", `Well.\n${mark}: later\n`);
      breaks("leftovers", NODE, `${HEADER}// ${mark}\n`);
      assert.deepEqual(found({ "package-lock.json": `{ "integrity": "${mark}" }` }), []);
    }
  });

  test("machine-traces: home folders and registry hosts, in any file", () => {
    const slash = "/";
    for (const folder of ["home", "root", "Users", "work"]) {
      const place = `${slash}${folder}${slash}me`;
      breaks("machine-traces", "README.md", `Well.\nRun ${place}/run\n`);
      breaks("machine-traces", NODE, `${HEADER}export const a = "${place}";\n`);
    }
    const lock = (host: string): string =>
      `{\n"resolved": "https:${slash}${slash}${host}/a.tgz" }\n`;
    breaks("machine-traces", "package-lock.json", lock("registry.example.org"));
    breaks("machine-traces", "package-lock.json", lock("npm.example.org"));
    assert.deepEqual(found({ "package-lock.json": lock("registry.npmjs.org") }), []);
    assert.deepEqual(found({ "README.md": "https://example.org/home/me and a/root/b\n" }), []);
  });

  test("parses: a file with a syntax error is a finding", () => {
    breaks("parses", NODE, `${HEADER}const = 1;\n`, 1);
  });

  test("platform-names: clocks, randomness and the outside world in platform-free sources", () => {
    const uses = [
      "Date.now()",
      "process.pid",
      "setTimeout",
      "Buffer",
      "crypto",
      "performance.now()",
    ];
    for (const use of uses) breaks("platform-names", RAFT, `${HEADER}export const a = ${use};\n`);
    breaks("platform-names", RAFT, `${HEADER}export const a = Math.random();\n`);
    breaks("platform-names", RAFT, `${HEADER}export const a = { process };\n`);
    breaks("platform-names", RAFT, `${HEADER}export const a = b[process];\n`);
    breaks("platform-names", RAFT, `${HEADER}export type A = Date;\n`);
  });

  test("platform-names: not in other packages, comments, strings, or as names of members", () => {
    assert.deepEqual(found({ [NODE]: `${HEADER}export const a = Date.now();\n` }), []);
    const members = `// Date\nexport const a = { process: 1, b: c.fetch, d: "Date" };\n`;
    assert.deepEqual(found({ [RAFT]: HEADER + members }), []);
  });

  test("platform-names: a host door may use the platform's names, but no module of Node", () => {
    const door = "packages/raft/src/entry.ts";
    const withDoor = (text: string, hostDoors: readonly string[]): readonly Finding[] => {
      const files = { ...CLEAN, [door]: `${HEADER}${text}\nexport const a: number = 1;\n` };
      const project = Object.entries(files).map(([path, content]) => ({ path, text: content }));
      return tidy(project, { ...LAYERS, hostDoors }, 1);
    };
    const text = "export const host = globalThis;";

    assert.deepEqual(withDoor(text, [door]), []);
    assert.equal(withDoor(text, []).at(0)?.rule, "platform-names");
    assert.equal(withDoor(`import "node:fs";`, [door]).at(0)?.rule, "package-imports");
  });

  test("platform-names: a host door that is no platform-free source is a finding", () => {
    for (const path of ["packages/raft/src/gone.ts", NODE]) {
      const project = Object.entries(CLEAN).map(([name, text]) => ({ path: name, text }));
      const findings = tidy(project, { ...LAYERS, hostDoors: [path] }, 1);
      assert.deepEqual(
        findings.map(({ rule, path: place }) => `${rule} ${place}`),
        ["platform-names tools/layers.json"],
      );
    }
  });

  test("test-marks: no test alone, skipped or put off without a condition", () => {
    const marked = [
      `test.only("a", () => {});`,
      `test.skip("a", () => {});`,
      `describe.skip("a", () => {});`,
      `it.todo("a");`,
      `test("a", { skip: true }, () => {});`,
      `test("a", { skip: "later" }, () => {});`,
      `test("a", { only: true }, () => {});`,
    ];
    for (const text of marked) breaks("test-marks", TEST, `${HEADER}${text}\n`);
    const condition = `test("a", { skip: isWindows }, () => {});\ntest("b", { timeout: 9 }, f);\n`;
    assert.deepEqual(found({ [TEST]: HEADER + condition }), []);
  });

  test("package-tests: a package of the table without a test is a finding", () => {
    const { [TEST]: _gone, ...rest } = CLEAN;
    const project = Object.entries(rest).map(([path, text]) => ({ path, text }));
    const findings = tidy(project, LAYERS, 1);
    for (const finding of findings) fired.add(finding.rule);
    assert.deepEqual(
      findings.map(({ rule, path }) => `${rule} ${path}`),
      ["package-tests packages/raft/test/"],
    );
  });
});
