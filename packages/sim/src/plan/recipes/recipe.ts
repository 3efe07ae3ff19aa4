/** What a recipe is: a pattern of faults with a name, for situations that chance seldom makes. */

import type { Dice } from "../dice.ts";
import type { Fate } from "../draw-healing.ts";
import type { Knobs, Load } from "../plan.ts";
import type { Draft, Scene } from "../scene.ts";

export interface Recipe {
  /** What it provokes, in one line. */
  readonly provokes: string;
  /** Ids of the catalogue and of the fault model, sections. */
  readonly cites: string;
  readonly nodesLeast: number;
  /** Options without which the situation doesn't come up. */
  readonly knobs?: (dice: Dice) => Knobs;
  readonly load?: Partial<Load>;
  /** The healing leaves out at least one node, and this becomes of it. */
  readonly outsider?: Fate;
  /** It destroys what nodes have promised: see `Budget`. */
  readonly spends?: boolean;
  readonly script: Script;
}

export type Script = (dice: Dice, scene: Scene) => readonly Draft[];

/** Nothing new comes after so many repetitions. */
const ROUNDS_MAX = 24;

/**
 * The same again and again until the phase ends, first when a leader should be there. `pause`:
 * least and longest time from one round to the next, in longest election timeouts.
 */
export function rounds(
  dice: Dice,
  scene: Scene,
  pause: readonly [low: number, high: number],
  round: (at: number, dice: Dice, count: number) => readonly Draft[],
): Draft[] {
  const { pace, endMs } = scene;
  const drafts: Draft[] = [];
  let at = Math.min(2 * pace.longMs, endMs / 4);
  for (let count = 0; count < ROUNDS_MAX && at < endMs; count++) {
    const own = dice.fork(count);
    drafts.push(...round(Math.round(at), own, count));
    at += Math.max(1, own.spread(pause[0] * pace.longMs, pause[1] * pace.longMs));
  }
  return drafts;
}

/** A time of so many longest election timeouts of this plan, in whole ms. */
export function timeouts(scene: Scene, count: number): number {
  return Math.max(1, Math.round(scene.pace.longMs * count));
}

/** As `timeouts`, drawn. */
export function someTimeouts(dice: Dice, scene: Scene, low: number, high: number): number {
  return timeouts(scene, dice.spread(low, high));
}
