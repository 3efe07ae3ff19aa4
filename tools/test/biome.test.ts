/**
 * The rules of `biome.json` that STYLE.md names are shown to fire, each on a file that breaks it.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const RAFT = "packages/raft/src";

/** Files of a scratch project, and the rule that each of them breaks. */
const BROKEN: readonly (readonly [rule: string, name: string, text: string])[] = [
  ["format", `${RAFT}/unformatted.ts`, "export const a: number   = 1\n"],
  ["organizeImports", `${RAFT}/order.ts`, `import "./b.ts";\n\nimport { z, a } from "./a.ts";\n`],
  ["noDefaultExport", `${RAFT}/default.ts`, "export default 1;\n"],
  ["useFilenamingConvention", `${RAFT}/camelCase.ts`, "export const a = 1;\n"],
  ["noNodejsModules", `${RAFT}/files.ts`, `import "node:fs";\n`],
  ["noRestrictedGlobals", `${RAFT}/time.ts`, "export const a: number = Date.now();\n"],
  ["noRestrictedGlobals", "packages/sim/src/host.ts", "export const host: object = globalThis;\n"],
  ["noUndeclaredDependencies", `${RAFT}/stranger.ts`, `import "left-pad";\n`],
  ["noExplicitAny", `${RAFT}/any.ts`, "export const a: any = 1;\n"],
  ["noNonNullAssertion", `${RAFT}/bang.ts`, "export const f = (a?: string): string => a!;\n"],
  ["noExcessiveLinesPerFunction", `${RAFT}/long.ts`, longFunction(73)],
  ["noExcessiveCognitiveComplexity", `${RAFT}/tangled.ts`, tangledFunction(6)],
  ["noImportCycles", `${RAFT}/one.ts`, `export { b } from "./two.ts";\nexport const a = 1;\n`],
  ["noImportCycles", `${RAFT}/two.ts`, `export { a } from "./one.ts";\nexport const b = 1;\n`],
  ["noFloatingPromises", `${RAFT}/float.ts`, `import { work } from "./work.ts";\n\nwork();\n`],
  ["noMisusedPromises", `${RAFT}/misuse.ts`, misusedPromise()],
  ["useExhaustiveSwitchCases", `${RAFT}/switch.ts`, missingCase()],
  ["useNodeAssertStrict", "packages/raft/test/loose.test.ts", `import "node:assert";\n`],
];

const SOUND: readonly (readonly [name: string, text: string])[] = [
  // A host door of tools/layers.json.
  ["packages/sim/src/host-pump.ts", "export const host: object = globalThis;\n"],
  [`${RAFT}/work.ts`, "export async function work(): Promise<void> {\n  await 1;\n}\n"],
  [`${RAFT}/fits.ts`, longFunction(72)],
];

let scratch = "";
let report = "";

before(() => {
  scratch = mkdtempSync(path.join(os.tmpdir(), "holdfast-biome-"));
  cpSync(path.join(ROOT, "biome.json"), path.join(scratch, "biome.json"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(scratch, "node_modules"), "junction");
  put("packages/raft/package.json", `{ "name": "raft" }\n`);
  put(".gitignore", "node_modules\n");
  for (const [, name, text] of BROKEN) put(name, text);
  for (const [name, text] of SOUND) put(name, text);
  const biome = path.join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  const args = [biome, "check", "--error-on-warnings", "--max-diagnostics=none", "--colors=off"];
  const result = spawnSync(process.execPath, [...args, "packages"], {
    cwd: scratch,
    encoding: "utf8",
  });
  report = result.stdout + result.stderr;
});

after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

for (const [rule, name] of BROKEN) {
  test(`biome.json: ${rule} fires on ${path.basename(name)}`, () => {
    const heads = report.split("\n").filter((line) => line.startsWith(name));
    const isFound = heads.some((line) => new RegExp(`[ /]${rule} `).test(line));
    assert.ok(isFound, `${rule} is not in: ${heads.join("; ")}`);
  });
}

test("biome.json finds nothing in sound files", () => {
  for (const [name] of SOUND) assert.ok(!report.includes(name), name);
});

function put(name: string, text: string): void {
  const file = path.join(scratch, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A function of that many lines; the rule does not count its first and its last one. */
function longFunction(lines: number): string {
  const body = "  await go();\n".repeat(lines - 2);
  const head = `import { work as go } from "./work.ts";\n\n`;
  return `${head}export async function run(): Promise<void> {\n${body}}\n`;
}

function tangledFunction(depth: number): string {
  const open = Array.from({ length: depth }, (_, at) => `${"  ".repeat(at + 1)}if (a > ${at}) {\n`);
  const close = Array.from({ length: depth }, (_, at) => `${"  ".repeat(depth - at)}}\n`);
  const inner = `${"  ".repeat(depth + 1)}return 1;\n`;
  return `export function f(a: number): number {\n${open.join("")}${inner}${close.join("")}  return 2;\n}\n`;
}

function misusedPromise(): string {
  const call = "export function f(): number {\n  return work() ? 1 : 2;\n}\n";
  return `import { work } from "./work.ts";\n\n${call}`;
}

function missingCase(): string {
  const body = `  switch (a) {\n    case "a":\n      return 1;\n  }\n  return 2;\n`;
  return `export function f(a: "a" | "b"): number {\n${body}}\n`;
}
