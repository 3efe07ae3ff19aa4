/**
 * `check`, `verify` and `fix`: the first two read and judge, the last one writes what can be
 * written by itself.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { bugCatalogue } from "./bug-catalogue.ts";
import { compareStep, type Document, writeStep } from "./documents.ts";
import { errorsDoc } from "./errors-doc.ts";
import { readFloors } from "./floors.ts";
import { paperMap, type Sections } from "./paper-map/paper-map.ts";
import { isCode, readProject } from "./project.ts";
import { programStep, runSteps, type Step } from "./steps.ts";
import { findTestFiles } from "./test-files.ts";
import { runTestFiles } from "./test-run.ts";
import { COMMENT_WIDTH_MAX } from "./tidy/text-rules.ts";
import { runTidy } from "./tidy.ts";
import { wrapComments } from "./wrap-comments.ts";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const GOLDEN_LIMIT_MS = 5 * 60_000;

const BIOME = "node_modules/@biomejs/biome/bin/biome";
const KNIP = "node_modules/knip/bin/knip.js";
const TSC = "node_modules/typescript/bin/tsc";

const types = programStep("types", ROOT, [TSC, "-b"], () => "tsc -b");

const biome = programStep(
  "biome",
  ROOT,
  [BIOME, "check", "--error-on-warnings", "--max-diagnostics=50"],
  (output) => /Checked \d+ files/.exec(output)?.[0] ?? "no count",
);

const knip = programStep(
  "knip",
  ROOT,
  [KNIP, "--no-config-hints"],
  () => "no unused file, export or dependency",
);

const tidy: Step = {
  name: "tidy",
  run() {
    const { isClean, summary, lines } = runTidy(ROOT, floors);
    return { isOk: isClean, summary, details: lines };
  },
};

/** The test files that compare with golden files, with or without rewriting these. */
function golden(isUpdate: boolean): Step {
  return {
    name: "golden",
    async run() {
      const users = new Set(
        readProject(ROOT)
          .filter((file) => /\bgolden\(/.test(file.text))
          .map((file) => file.path),
      );
      const files = findTestFiles(ROOT).filter((file) => users.has(file.source));
      const env = { UPDATE: isUpdate ? "1" : "" };
      const run = await runTestFiles(files, { live: false, limitMs: GOLDEN_LIMIT_MS, env });
      const summary = `${files.length} test files, ${run.passed} passed, ${run.failed} failed`;
      const isOk = run.failed === 0 && run.fault === undefined;
      return { isOk, summary, details: [run.fault ?? "", ...run.output.split("\n")] };
    },
  };
}

const biomeFix = programStep("biome", ROOT, [BIOME, "check", "--write"], (output) => {
  return /Fixed \d+ files?/.exec(output)?.[0] ?? "nothing to fix";
});

const comments: Step = {
  name: "comments",
  run() {
    const wide = readProject(ROOT)
      .filter(isCode)
      .map((file) => ({ file, text: wrapComments(file, COMMENT_WIDTH_MAX) }))
      .filter(({ file, text }) => text !== file.text);
    for (const { file, text } of wide) writeFileSync(path.join(ROOT, file.path), text);
    return { isOk: true, summary: `wrapped in ${wide.length} files`, details: [] };
  },
};

const floors = readFloors(ROOT);
const sections = JSON.parse(
  readFileSync(path.join(ROOT, "tools", "sections.json"), "utf8"),
) as Sections;
const makePaperMap = (): Document => paperMap(readProject(ROOT), sections, floors.citations);
const makeErrorsDoc = (): Document => errorsDoc(readProject(ROOT), floors.errorCodes);
const makeCatalogue = (): Document => bugCatalogue(readProject(ROOT), floors.scenarioTests);

const CHECK: readonly Step[] = [types, biome, tidy, knip];
const VERIFY: readonly Step[] = [
  ...CHECK,
  golden(false),
  compareStep("paper-map", ROOT, makePaperMap),
  compareStep("errors", ROOT, makeErrorsDoc),
  compareStep("bugs", ROOT, makeCatalogue),
];
const FIX: readonly Step[] = [
  comments,
  biomeFix,
  types,
  golden(true),
  writeStep("paper-map", ROOT, makePaperMap),
  writeStep("errors", ROOT, makeErrorsDoc),
  writeStep("bugs", ROOT, makeCatalogue),
];

async function main(command: string): Promise<number> {
  const steps = stepsOf(command);
  if (steps === undefined) {
    console.error(`Unknown command ${JSON.stringify(command)}, known are check, verify and fix`);
    return 2;
  }
  const failed = await runSteps(steps, console.log);
  console.log(`${steps.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

function stepsOf(command: string): readonly Step[] | undefined {
  if (command === "fix") return FIX;
  const before = fingerprint();
  if (command === "check") return [...CHECK, unchangedTree(before)];
  if (command === "verify") return [...VERIFY, unchangedTree(before)];
  return undefined;
}

/** `check` and `verify` write nothing: what git sees is the same before and after. */
function unchangedTree(before: string | undefined): Step {
  return {
    name: "tree",
    run() {
      if (before === undefined) return { isOk: true, summary: "no git here", details: [] };
      const isOk = fingerprint() === before;
      return { isOk, summary: "nothing was written", details: ["the checks changed files"] };
    },
  };
}

function fingerprint(): string | undefined {
  if (!existsSync(path.join(ROOT, ".git"))) return undefined;
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28 });
  const state = git("status", "--porcelain") + git("diff", "HEAD");
  return createHash("sha256").update(state).digest("hex");
}

process.exitCode = await main(process.argv[2] ?? "");
