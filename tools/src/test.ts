/** The test command: `npm test` runs everything, `npm test -- raft wal` what has one of these words in its path. */

import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readFloors } from "./floors.ts";
import { findTestFiles, selectTestFiles } from "./test-files.ts";
import { runTestFiles, type TestRun } from "./test-run.ts";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const GOAL_MS = 6 * 60_000;
const LIMIT_MS = 10 * 60_000;

async function main(args: readonly string[]): Promise<number> {
  const flag = args.find((arg) => arg.startsWith("-"));
  if (flag !== undefined) {
    console.error(`Unknown option ${flag}, give words that test files have in their path`);
    return 2;
  }
  const all = findTestFiles(ROOT);
  const files = selectTestFiles(all, args);
  if (files.length === 0) {
    console.error(`No test file has ${args.join(" or ")} in its path (${all.length} looked at)`);
    return 2;
  }
  const run = await runTestFiles(files, { live: true, limitMs: LIMIT_MS });
  const isWhole = files.length === all.length;
  const faults = [run.fault, isWhole ? belowFloor(files.length, run) : undefined];
  return report(files.length, run, faults);
}

function belowFloor(files: number, run: TestRun): string | undefined {
  const floors = readFloors(ROOT);
  const tests = run.passed + run.failed + run.skipped;
  if (files >= floors.testFiles && tests >= floors.tests) return undefined;
  return `${files} files and ${tests} tests ran, expected at least ${floors.testFiles} and ${floors.tests}`;
}

function report(files: number, run: TestRun, faults: readonly (string | undefined)[]): number {
  for (const { file, ms } of run.slowest) {
    if (ms >= 1000) console.log(`slow: ${seconds(ms)}  ${path.relative(ROOT, file)}`);
  }
  const found = faults.filter((fault) => fault !== undefined);
  for (const fault of found) console.error(`Tests failed: ${fault}`);
  console.log(`${files} test files in ${seconds(run.ms)} (goal: at most ${seconds(GOAL_MS)})`);
  const failed = run.failed + found.length;
  const skipped = run.skipped > 0 ? `, ${run.skipped} skipped` : "";
  console.log(`${run.passed} passed, ${failed} failed${skipped}`);
  return failed === 0 ? 0 : 1;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

process.exitCode = await main(process.argv.slice(2));
