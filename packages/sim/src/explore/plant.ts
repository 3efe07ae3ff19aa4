/** The place for planted bugs: what a faulty core would do, wrapped around the real one. */

import type { Effects, Input, Raft } from "@holdfast/raft";

/** Each hook stands between the core and its driver; those that are left out change nothing. */
export interface Plant {
  /** What the core is told instead of `input`, which may be nothing. */
  readonly inputs?: (raft: Raft, input: Input) => readonly Input[];
  /** Alters the state behind the step that took `input`. */
  readonly stepped?: (raft: Raft, input: Input) => void;
  /** What the driver is told instead of `effects`. */
  readonly effects?: (raft: Raft, effects: Effects) => Effects;
}

/** The core as it is. */
export const SOUND: Plant = {};
