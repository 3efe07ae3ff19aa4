/** Documents that are generated from the sources: written by `fix`, compared by `verify`. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Step } from "./steps.ts";

export interface Document {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  /** What is wrong with the sources that it was made from. */
  readonly faults: readonly string[];
}

/**
 * Fails when the file on disk differs from what the sources give now, or the sources have faults.
 */
export function compareStep(name: string, root: string, make: () => Document): Step {
  return {
    name,
    run() {
      const { path: place, text, faults } = make();
      const isCurrent = read(path.join(root, place)) === text;
      const details = isCurrent ? faults : [...faults, `${place} is out of date: npm run fix`];
      const summary = details.length === 0 ? `${place} is up to date` : `${details.length} faults`;
      return { isOk: details.length === 0, summary, details };
    },
  };
}

/** Writes the file; fails only for faults in the sources. */
export function writeStep(name: string, root: string, make: () => Document): Step {
  return {
    name,
    run() {
      const { path: place, text, faults } = make();
      const file = path.join(root, place);
      const isCurrent = read(file) === text;
      if (!isCurrent) {
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      const summary = isCurrent ? `${place} was up to date` : `${place} written`;
      return { isOk: faults.length === 0, summary, details: faults };
    },
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Not there yet: written by fix, a difference for verify.
    return undefined;
  }
}
