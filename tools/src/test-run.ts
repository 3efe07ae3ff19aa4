/** Runs test files with node's own test runner: explicit files, which is the one form that works alike on all Nodes. */

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { TestFile } from "./test-files.ts";
import type { TestCounts } from "./test-reporter.ts";

export interface TestRun extends TestCounts {
  readonly ms: number;
  /** Why the run as a whole is bad beyond failed tests; undefined when it is not. */
  readonly fault: string | undefined;
  /** What the tests printed, when it was not shown as it came. */
  readonly output: string;
}

export interface TestRunOptions {
  /** Shows the output as it comes instead of collecting it. */
  readonly live: boolean;
  /** The whole run is killed after this. */
  readonly limitMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

const REPORTER = fileURLToPath(new URL("./test-reporter.js", import.meta.url));
/** One test that hangs is named instead of stopping the run namelessly. */
const ONE_TEST_MS = 300_000;
const NOTHING: TestCounts = { passed: 0, failed: 0, skipped: 0, emptyFiles: [], slowest: [] };

export async function runTestFiles(
  files: readonly TestFile[],
  options: TestRunOptions,
): Promise<TestRun> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), "holdfast-test-"));
  try {
    const report = path.join(scratch, "counts.json");
    const began = performance.now();
    const end = await runNode(nodeArguments(files, report), options);
    const counts = readCounts(report);
    const ms = performance.now() - began;
    return { ...counts, ms, fault: faultOf(end, counts), output: end.output };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function nodeArguments(files: readonly TestFile[], report: string): readonly string[] {
  return [
    "--test",
    "--enable-source-maps",
    `--test-concurrency=${os.availableParallelism()}`,
    `--test-timeout=${ONE_TEST_MS}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${pathToFileURL(REPORTER).href}`,
    `--test-reporter-destination=${report}`,
    ...files.map((file) => file.built),
  ];
}

interface End {
  readonly exit: number | string;
  readonly isOverTime: boolean;
  readonly output: string;
}

async function runNode(args: readonly string[], options: TestRunOptions): Promise<End> {
  const stdout = options.live ? "inherit" : "pipe";
  // A process group of its own, so that whatever the tests started can be ended with them.
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", stdout, stdout],
    detached: process.platform !== "win32",
    env: childEnv(options),
  });
  const output: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
  let isOverTime = false;
  const limit = setTimeout(() => {
    isOverTime = true;
    killGroup(child.pid);
  }, options.limitMs);
  const onSignal = (signal: NodeJS.Signals): void => {
    killGroup(child.pid);
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  const exit = await new Promise<number | string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code ?? signal ?? "no exit code"));
  });
  clearTimeout(limit);
  process.off("SIGINT", onSignal);
  process.off("SIGTERM", onSignal);
  killGroup(child.pid);
  return { exit, isOverTime, output: Buffer.concat(output).toString("utf8") };
}

function childEnv(options: TestRunOptions): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env };
  // Set inside tests: a runner that sees it believes to be a part of another one and runs nothing.
  delete env["NODE_TEST_CONTEXT"];
  return env;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // The group is gone already: the usual case after a run.
  }
}

function readCounts(report: string): TestCounts {
  try {
    return JSON.parse(readFileSync(report, "utf8")) as TestCounts;
  } catch {
    // The runner died before its end: `faultOf` says so.
    return NOTHING;
  }
}

function faultOf(end: End, counts: TestCounts): string | undefined {
  if (end.isOverTime) return "stopped: the time limit for the whole run has passed";
  if (counts.emptyFiles.length > 0) {
    return `no test in ${counts.emptyFiles.map((file) => path.basename(file)).join(", ")}`;
  }
  if (end.exit !== 0 && counts.failed === 0) return `the test runner ended with ${end.exit}`;
  if (end.exit === 0 && counts.passed === 0) return "no test ran";
  return undefined;
}
