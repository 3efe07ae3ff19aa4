/**
 * Draws who is healed in the end, who never is, and which nodes a fault may spend: those that a
 * cluster can't survive on a majority.
 */

import { majorityOf, type NodeId } from "@holdfast/raft";
import type { Dice } from "./dice.ts";
import type { Fault } from "./fault.ts";
import type { Pace } from "./pace.ts";
import type { Healing, Knobs } from "./plan.ts";

export type Fate = Healing["others"][NodeId];

export interface HealingFrame {
  readonly ids: readonly NodeId[];
  readonly pace: Pace;
  /** The options that node `id` will have. */
  readonly knobsOf: (id: NodeId) => Knobs;
  /** Nobody is left out. */
  readonly isWhole: boolean;
  /** A recipe needs one node outside of the core, with this fate. */
  readonly outsider: Fate | undefined;
  /** A recipe needs nodes to spend. */
  readonly spends: boolean;
}

/**
 * The fault budget: `spent` nodes may have what they promised destroyed (damage, lost files). They
 * are a minority, and none of them is in the core: so every committed entry and every vote is also
 * on the rest of its majority, and the core reaches a majority without them. Everything else that
 * happens to a node takes back nothing that it has promised, and may happen to all of them.
 */
export interface Budget {
  readonly healing: Healing;
  readonly spent: readonly NodeId[];
}

export function drawHealing(dice: Dice, frame: HealingFrame): Budget {
  const { ids } = frame;
  const minority = frame.isWhole ? 0 : ids.length - majorityOf(ids.length);
  const needed = frame.outsider !== undefined || frame.spends ? 1 : 0;
  const outside = Math.min(minority, Math.max(needed, dice.between(0, minority)));
  const others = dice.fork("others").some(ids, outside);
  const core = ids.filter((id) => !others.includes(id));
  const spending = dice.fork("spent");
  const least = frame.spends ? outside : 0;
  const spentCount = spending.chance(50) ? least : spending.between(least, outside);
  const spent = frame.outsider === undefined ? spending.some(others, spentCount) : [];
  const calmTimeouts = drawCalm(dice, frame.pace);
  const fates: Record<NodeId, Fate> = {};
  for (const id of others) {
    const manners = mannersOf(frame.knobsOf(id), calmTimeouts);
    fates[id] = frame.outsider ?? drawFate(dice.fork(id), spent.includes(id), manners);
  }
  return { healing: { core, others: fates, calmTimeouts }, spent };
}

/** What may be done to a node for good without it taking all progress from the rest. */
interface Manners {
  /**
   * Deaf it would campaign for ever unless it asks before it raises its term (pre-vote), and each
   * time unseat the leader or spoil an election (thesis §4.2.3, §9.6; seed 10015886).
   */
  readonly mayBeDeaf: boolean;
  /**
   * With a bad disk it campaigns in vain: a term that isn't durable doesn't leave. What is durable
   * already leaves, and unseats a leader once, which is too often only in the calm (seed 5026645).
   */
  readonly mayNotWrite: boolean;
}

function mannersOf({ checkQuorum, preVote }: Knobs, calmTimeouts: number): Manners {
  // A leader that hears nobody, or can't write, gives up its office only with check-quorum.
  const leavesOffice = checkQuorum === true;
  return {
    mayBeDeaf: leavesOffice && preVote === true,
    mayNotWrite: leavesOffice && (preVote === true || calmTimeouts === 0),
  };
}

function drawFate(dice: Dice, isSpent: boolean, { mayBeDeaf, mayNotWrite }: Manners): Fate {
  // A spent node may have refused to start: there is nothing to deafen or to pause.
  if (isSpent) return dice.pick(mayNotWrite ? ["down", "cut", "dead-disk"] : ["down", "cut"]);
  return dice.weighted<Fate>([
    [25, "down"],
    [25, "cut"],
    [mayBeDeaf ? 30 : 0, "deaf"],
    [15, "mute"],
    [15, "paused"],
    [mayNotWrite ? 15 : 0, "hung-disk"],
    // It lives until it has to write, and then is gone.
    [mayNotWrite ? 10 : 0, "dead-disk"],
  ]);
}

/** In a tenth of the plans; as long as a minute at most. */
function drawCalm(dice: Dice, { longMs }: Pace): number {
  const own = dice.fork("calm");
  if (!own.chance(10)) return 0;
  return Math.max(10, Math.min(100, Math.floor(60_000 / longMs)));
}

/** Nodes whose disks a plan damages or robs: see {@link Budget}. They may refuse to start again. */
export function spentNodes(faults: readonly Fault[]): ReadonlySet<NodeId> {
  const spent = new Set<NodeId>();
  for (const fault of faults) {
    const { kind } = fault;
    const spends = kind === "disk-damage" || kind === "disk-loss" || kind === "disk-clone";
    if (spends && typeof fault.who === "number") spent.add(fault.who);
  }
  return spent;
}
