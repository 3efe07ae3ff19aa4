/** What a campaign is made of: so it can also be tried with something quicker than a cluster. */

import type { Outcome, Plan, Profile } from "@holdfast/sim";

/** Who wants to know what happens in a run, as it happens. */
export interface Onlooker {
  /** A line for people. */
  readonly narrate?: (line: string) => void;
  /** A line of the trace format, the header first. */
  readonly record?: (line: string) => void;
}

/** A module that exports one as `engine` can be given to worker threads. */
export interface Engine {
  /** All there are; a large campaign must reach each. */
  readonly marks: readonly string[];
  /** Always the same for a seed and a profile. Throws for a profile that can't be. */
  plan(seed: number, profile: Profile): Plan;
  run(plan: Plan, onlooker: Onlooker): Promise<Outcome>;
  /** In words, a line each. */
  describe(plan: Plan): readonly string[];
  toJson(plan: Plan): string;
  /** Throws for what is no plan. */
  fromJson(text: string): Plan;
}
