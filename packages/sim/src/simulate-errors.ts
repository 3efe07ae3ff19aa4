/** What `simulate` rejects with. */

import type { Failure } from "./outcome.ts";
import type { Plan } from "./plan/plan.ts";
import { canonical } from "./user/canonical.ts";

/** An option of `simulate` is wrong. Nothing was run; mend the option that `field` names. */
export class SimulateOptionError extends Error {
  readonly code = "SIM_OPTION";
  readonly field: string;

  constructor(field: string, rule: string, value: unknown, options?: { readonly cause: unknown }) {
    const text = value === undefined ? "nothing" : canonical(value);
    const shown = text.length <= 80 ? text : `${text.slice(0, 77)}...`;
    super(`${field}: ${rule}, got ${shown}`, options);
    this.name = "SimulateOptionError";
    this.field = field;
  }
}

/** What a {@link SimulationFailedError} is made of; `text` is its message. */
export interface SimulationFailure {
  readonly failure: Failure;
  readonly seed: string;
  readonly plan: Plan;
  readonly text: string;
  /** What the user's own code threw. */
  readonly cause: unknown;
}

/**
 * A simulated run has found something wrong: the message tells what, and the smallest schedule that
 * was found. Run it again with the same seed, or with `plan`.
 */
export class SimulationFailedError extends Error {
  readonly code = "SIM_FAILED";
  /** What was found; `check` is constant text. */
  readonly failure: Failure;
  readonly seed: string;
  /** The smallest plan that was found to fail: an option of `simulate`, or text by `planToJson`. */
  readonly plan: Plan;

  constructor({ failure, seed, plan, text, cause }: SimulationFailure) {
    super(text, cause === undefined ? {} : { cause });
    this.name = "SimulationFailedError";
    this.failure = failure;
    this.seed = seed;
    this.plan = plan;
  }
}
