/**
 * Runs the steps of a check one after another: a line each with its time, output only of what
 * failed.
 */

import { spawnSync } from "node:child_process";
import process from "node:process";

export interface StepOutcome {
  readonly isOk: boolean;
  /** What it looked at, in a few words. */
  readonly summary: string;
  /** Shown when it failed. */
  readonly details: readonly string[];
}

export interface Step {
  readonly name: string;
  run(): StepOutcome | Promise<StepOutcome>;
}

/**
 * Runs all steps, also after one failed, and returns the number of failures. A step that throws has
 * failed.
 */
export async function runSteps(
  steps: readonly Step[],
  print: (line: string) => void,
): Promise<number> {
  let failed = 0;
  for (const step of steps) {
    const began = performance.now();
    const outcome = await attempt(step);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const verdict = outcome.isOk ? "ok  " : "FAIL";
    print(`${verdict} ${step.name.padEnd(12)} ${seconds.padStart(6)} s  ${outcome.summary}`);
    if (outcome.isOk) continue;
    failed += 1;
    for (const line of outcome.details) print(`     ${line}`);
  }
  return failed;
}

async function attempt(step: Step): Promise<StepOutcome> {
  try {
    return await step.run();
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { isOk: false, summary: "threw", details: text.split("\n") };
  }
}

/** A step that runs a Node program and goes by its exit code. */
export function programStep(
  name: string,
  root: string,
  args: readonly string[],
  summarize: (output: string) => string,
): Step {
  return {
    name,
    run() {
      const env = { ...process.env, NO_COLOR: "1" };
      const options = { cwd: root, encoding: "utf8", env, maxBuffer: 1 << 26 } as const;
      const result = spawnSync(process.execPath, args, options);
      const output = `${result.stdout}${result.stderr}${result.error?.message ?? ""}`;
      const isOk = result.status === 0;
      const summary = isOk ? summarize(output) : `exit ${result.status ?? result.signal}`;
      return { isOk, summary, details: output.trimEnd().split("\n") };
    },
  };
}
