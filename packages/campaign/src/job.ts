/** One run for a worker thread to make, and what came of it. */

import type { Failure, Outcome, Plan } from "@holdfast/sim";

/** One seed or plan to run. */
export interface Job {
  readonly source: { readonly seed: number } | { readonly plan: Plan };
  /** Run it again and compare. */
  readonly twice: boolean;
  /** Look for resources of the platform that are made behind the guard's stubs. */
  readonly isWatched: boolean;
}

/** What came of a job. */
export interface Ran {
  /** Of the run, or of what should have run it. */
  readonly failure: Failure | undefined;
  /** Absent when the run came to no end. */
  readonly outcome: Outcome | undefined;
  /** Real time, in ms. */
  readonly wallMs: number;
}

/** A run that came to no end. `check` is constant text. */
export function withoutEnd(check: string, message: string, wallMs: number, stack = ""): Ran {
  const failure = { check, message, at: 0, node: 0, stack };
  return { failure, outcome: undefined, wallMs };
}
