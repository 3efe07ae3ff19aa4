/** What a user or a campaign can fix before a plan is drawn; all else is left to the seed. */

import type { MaybeOdds } from "./draw-surroundings.ts";
import type { DrawnKind } from "./fault.ts";
import type { Knobs, Load } from "./plan.ts";

export interface Profile {
  /** Size of the cluster, or the sizes to choose from; 1 to 9. */
  readonly nodes?: number | readonly number[];
  /** Length of the first phase, in ms. */
  readonly safetyMs?: number;
  /**
   * Only these kinds, each of them certainly; `all`: every kind that the cluster can survive;
   * `none`: calm sea. Each of them leaves out recipes unless one is named.
   */
  readonly faults?: readonly DrawnKind[] | "none" | "all";
  /** A name of `RECIPES`, or `none`. */
  readonly recipe?: string;
  readonly load?: Partial<Load>;
  /** On all nodes. Throws `ConfigError` when the core refuses them. */
  readonly knobs?: Knobs;
  /** Rare legal paths of production code that the plan may turn on: see `maybe` of the replica. */
  readonly maybePoints?: readonly MaybeOdds[];
}
