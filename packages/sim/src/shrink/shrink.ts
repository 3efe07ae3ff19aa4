/** Makes a failing plan as small as it gets while it fails in the same way. */

import type { Failure } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { Candidates, type Runner } from "./candidates.ts";
import { STAGES } from "./simpler.ts";

/** How far a shrinking has come. */
export interface ShrinkProgress {
  /** What is being made simpler. */
  readonly stage: string;
  readonly runs: number;
  /** The smallest plan so far. */
  readonly plan: Plan;
}

/** What to make smaller, and what that may take. */
export interface ShrinkOptions {
  readonly plan: Plan;
  /** How it fails: candidates that fail by the same check are kept. */
  readonly failure: Failure;
  readonly run: Runner;
  /** 1000 unless told. */
  readonly runsMax?: number;
  /** Candidates that are run at a time, 1 unless told; the result doesn't depend on it. */
  readonly width?: number;
  /** Told after each run. */
  readonly onProgress?: (progress: ShrinkProgress) => void;
}

/** The smallest plan that was found; `runs` is how many it took. */
export interface Shrunk {
  readonly plan: Plan;
  readonly failure: Failure;
  readonly runs: number;
  /** Nothing that shrinking knows can be taken away any more; false when runs ran out before. */
  readonly isMinimal: boolean;
}

/** The same plan, failure and code give the same result. */
export async function shrink(options: ShrinkOptions): Promise<Shrunk> {
  const { plan, failure, run, runsMax = 1000, width = 1, onProgress } = options;
  let stage = "";
  const onRun = (candidates: Candidates): void =>
    onProgress?.({ stage, runs: candidates.runs, plan: candidates.plan });
  const candidates = new Candidates({ plan, failure, run, runsMax, width, onRun });
  let before: Plan;
  do {
    before = candidates.plan;
    for (const { name, run: simplify } of STAGES) {
      stage = name;
      await simplify(candidates);
    }
  } while (candidates.plan !== before && !candidates.isSpent);
  const { runs, isSpent } = candidates;
  return { plan: candidates.plan, failure: candidates.failure, runs, isMinimal: !isSpent };
}
