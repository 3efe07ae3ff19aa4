/**
 * The least that each check must have looked at: below it the check fails, so that nothing is green
 * by silence.
 */

import { readFileSync } from "node:fs";
import path from "node:path";

export interface Floors {
  readonly testFiles: number;
  readonly tests: number;
  readonly tidyFiles: number;
  readonly citations: number;
  readonly errorCodes: number;
  readonly scenarioTests: number;
}

const NAMES = [
  "testFiles",
  "tests",
  "tidyFiles",
  "citations",
  "errorCodes",
  "scenarioTests",
] as const;

/** Reads `tools/floors.json`; throws when a floor is missing, zero or not a whole number. */
export function readFloors(root: string): Floors {
  const text = readFileSync(path.join(root, "tools", "floors.json"), "utf8");
  const found = JSON.parse(text) as Record<string, unknown>;
  const floor = (name: (typeof NAMES)[number]): number => {
    const value = found[name];
    if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
    throw new Error(`tools/floors.json: ${name} must be a positive whole number`);
  };
  return {
    testFiles: floor("testFiles"),
    tests: floor("tests"),
    tidyFiles: floor("tidyFiles"),
    citations: floor("citations"),
    errorCodes: floor("errorCodes"),
    scenarioTests: floor("scenarioTests"),
  };
}
