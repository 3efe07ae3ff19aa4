/**
 * What faults are drawn for: the cluster, its pace, and the habits that one plan's faults share.
 */

import type { NodeId } from "@holdfast/raft";
import type { Keep } from "../disk-inode.ts";
import type { Dice } from "./dice.ts";
import type { DiskFault, Ending, NetworkFault, ProcessFault, Who } from "./fault.ts";
import type { Pace } from "./pace.ts";

/** What happens, without when. */
export type What = ProcessFault | NetworkFault | DiskFault;

/** A fault before it gets its place in the plan. */
export type Draft = { readonly at: number } & What;

export interface Scene {
  readonly ids: readonly NodeId[];
  readonly majority: number;
  readonly pace: Pace;
  /** The first phase lasts this long. */
  readonly endMs: number;
  /** Operations that clients try in a second. */
  readonly perSecond: number;
  /** Nodes that the healing leaves out, sorted. */
  readonly outsiders: readonly NodeId[];
  /** Nodes whose promises may be destroyed; see `Budget`. */
  readonly spent: readonly NodeId[];
}

/** One kind of fault as the swarm draws it. */
export interface SwarmKind {
  /** Of 100 plans so many have it on. */
  readonly percent: number;
  /** How often it then happens in the whole cluster, per second. */
  readonly perSecond: readonly [low: number, high: number];
  /** Undefined when the cluster has no node for it. */
  draw(dice: Dice, scene: Scene, habits: Habits): What | undefined;
}

/** Drawn once per plan: a plan whose faults have something in common digs deeper. */
export interface Habits {
  /** Of 100 faults on one node so many hit who leads then. */
  readonly leaderBias: number;
  /** Of 100 crashes so many take the power, too. */
  readonly powerPercent: number;
  /** What a power loss leaves; undefined: each time anew. */
  readonly keep: Keep | undefined;
  readonly downMs: readonly number[];
}

export function drawHabits(dice: Dice, { pace }: Scene): Habits {
  // P3: fast restarts find what wasn't on disk, slow ones let others take over.
  const downs = [1, 50, 500, Math.round(pace.longMs / 2), Math.round(pace.longMs * 4)];
  return {
    leaderBias: dice.pick([0, 50, 100]),
    powerPercent: dice.pick([0, 50, 100, 100]),
    keep: dice.weighted<Keep | undefined>([
      [30, "none"],
      [10, "all"],
      [30, "some"],
      [30, undefined],
    ]),
    downMs: dice.chance(50) ? downs : dice.some(downs, 2),
  };
}

export function drawWho(dice: Dice, { ids }: Scene, { leaderBias }: Habits): Who {
  if (dice.chance(leaderBias)) return "leader";
  if (dice.chance(90)) return dice.pick(ids);
  return dice.pick(["follower", "follower", "candidate"] as const);
}

export function drawEnding(dice: Dice, { powerPercent, keep, downMs }: Habits): Ending {
  const power = dice.chance(powerPercent);
  return {
    power,
    keep: keep ?? dice.pick(["none", "all", "some"]),
    downMs: dice.pick(downMs),
  };
}

/** A duration in election timeouts of this plan, at most a third of the phase. */
export function drawTimeouts(dice: Dice, scene: Scene, low: number, high: number): number {
  const { longMs } = scene.pace;
  const most = scene.endMs / 3;
  return dice.spreadMs(Math.min(low * longMs, most), Math.min(high * longMs, most));
}
