/**
 * The swarm: each plan turns some kinds of faults on and others off, each with a strength of its
 * own. Kinds that are off let the others get further.
 */

import type { Dice } from "./dice.ts";
import type { DrawnKind } from "./fault.ts";
import { type Draft, drawHabits, type Scene, type SwarmKind } from "./scene.ts";
import { DISK_KINDS } from "./swarm-disk.ts";
import { NETWORK_KINDS } from "./swarm-network.ts";
import { PROCESS_KINDS } from "./swarm-process.ts";

export const SWARM: Readonly<Record<DrawnKind, SwarmKind>> = {
  ...PROCESS_KINDS,
  ...NETWORK_KINDS,
  ...DISK_KINDS,
};

export const FAULT_KINDS: readonly DrawnKind[] = Object.keys(SWARM) as DrawnKind[];

/** No plan has more faults of one kind, or altogether: beyond that nothing new happens. */
const PER_KIND_MAX = 30;
const PER_PLAN_MAX = 90;

/** How a plan's faults spread over time: evenly, or so close together that they meet. */
type Rhythm = "even" | "bursts" | "late";

export interface SwarmChoice {
  /** Kinds that are certainly on, and all others off; undefined: by chance. */
  readonly kinds: readonly DrawnKind[] | undefined;
  /** Multiplies all rates. */
  readonly strength: number;
}

export function drawSwarm(dice: Dice, scene: Scene, choice: SwarmChoice): Draft[] {
  const habits = drawHabits(dice.fork("habits"), scene);
  const rhythm = dice.fork("rhythm").weighted<Rhythm>([
    [65, "even"],
    [25, "bursts"],
    [10, "late"],
  ]);
  const bursts = drawBursts(dice.fork("bursts"), scene);
  const drafts: Draft[] = [];
  for (const kind of kindsOf(dice.fork("kinds"), choice)) {
    const own = dice.fork(kind);
    const count = countOf(own, kind, scene, choice);
    for (let i = 0; i < count; i++) {
      const one = own.fork(i);
      const what = SWARM[kind].draw(one, scene, habits);
      if (what !== undefined) drafts.push({ at: drawTime(one, scene, rhythm, bursts), ...what });
    }
  }
  return dice.fork("cap").some(drafts, PER_PLAN_MAX);
}

function kindsOf(dice: Dice, { kinds }: SwarmChoice): readonly DrawnKind[] {
  if (kinds !== undefined) return kinds;
  // Now and then nothing, or one thing alone.
  if (dice.chance(3)) return [];
  if (dice.chance(8)) return [dice.pick(FAULT_KINDS)];
  return FAULT_KINDS.filter((kind) => dice.fork(kind).chance(SWARM[kind].percent));
}

function countOf(dice: Dice, kind: DrawnKind, scene: Scene, { strength }: SwarmChoice): number {
  const [low, high] = SWARM[kind].perSecond;
  const expected = dice.spread(low, high) * strength * (scene.endMs / 1000);
  const whole = Math.floor(expected) + (dice.chance((expected % 1) * 100) ? 1 : 0);
  return Math.max(1, Math.min(PER_KIND_MAX, whole));
}

function drawBursts(dice: Dice, scene: Scene): number[] {
  const count = dice.between(1, 4);
  return Array.from({ length: count }, () => dice.between(0, Math.floor(scene.endMs * 0.9)));
}

function drawTime(
  dice: Dice,
  { endMs, pace }: Scene,
  rhythm: Rhythm,
  bursts: readonly number[],
): number {
  if (rhythm === "bursts") {
    const from = dice.pick(bursts);
    return Math.min(endMs - 1, dice.between(from, Math.round(from + 2 * pace.longMs)));
  }
  const first = rhythm === "late" ? Math.floor(endMs * 0.7) : 0;
  return dice.between(first, endMs - 1);
}
