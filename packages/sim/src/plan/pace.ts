/**
 * How fast a plan's world goes: the election timeouts that all of its durations are drawn against
 * (paper §5.6: broadcast time must stay well below the election timeout).
 */

import type { NodeId } from "@holdfast/raft";
import type { Dice } from "./dice.ts";
import type { Knobs } from "./plan.ts";

/** The timing options of one node. */
export interface Timing {
  readonly electionTimeoutMs: number;
  readonly electionTimeoutMaxMs: number;
  readonly heartbeatMs: number;
}

export interface Pace {
  /** Of all nodes but those that differ; none is more patient. */
  readonly common: Timing;
  readonly timings: ReadonlyMap<NodeId, Timing>;
  /** Shortest and longest election timeout of any node. */
  readonly shortMs: number;
  readonly longMs: number;
  readonly heartbeatMs: number;
  /** Longest time that a packet, and a sync, take when nothing is wrong. */
  readonly packetMs: number;
  readonly syncMs: number;
}

/**
 * Parts of the narrowest election timeout (and of the narrowest range that it is drawn from) that a
 * packet and a sync may take. A candidate is alone for three packets and a sync: with these parts
 * that is less than a fifth of the range, so that most rounds elect somebody even among many
 * (§5.2).
 */
const PACKET_PART = 0.04;
const SYNC_PART = 0.04;

/** The healed core has fair weather, in which packets take up to two ms. */
const RANGE_MS_LEAST = 40;

/** Packets of the first phase come again for so many longest election timeouts of the second. */
export const ECHO_TIMEOUTS = 2;

/** Of a heartbeat, so many fit into the shortest timeout of any node, also when clocks drift. */
const HEARTBEATS_LEAST = 2.5;

export function drawPace(dice: Dice, ids: readonly NodeId[], fixed: Knobs): Pace {
  const common = drawTiming(dice.fork("common"), fixed);
  const differs = dice.fork("differs").chance(15) && fixed.electionTimeoutMs === undefined;
  const timings = new Map<NodeId, Timing>();
  for (const id of ids) {
    const own = dice.fork(id);
    timings.set(id, differs && own.chance(50) ? drawOther(own, common, fixed) : common);
  }
  const all = [...timings.values()];
  const shortMs = Math.min(...all.map((one) => one.electionTimeoutMs));
  const ranges = all.map((one) => one.electionTimeoutMaxMs - one.electionTimeoutMs);
  const room = Math.min(shortMs, ...ranges);
  const packets = dice.fork("packets");
  return {
    common,
    timings,
    shortMs,
    longMs: common.electionTimeoutMaxMs,
    heartbeatMs: common.heartbeatMs,
    // Mostly as in one data centre; a third of the plans goes to the limit.
    packetMs: packets.spreadMs(Math.min(0.2, room * PACKET_PART), room * PACKET_PART),
    syncMs: packets.spreadMs(Math.min(0.05, room * SYNC_PART), room * SYNC_PART),
  };
}

function drawTiming(dice: Dice, fixed: Knobs): Timing {
  // Tight ones cost events without end and wide ones leave little to happen: both are rare.
  const [low, high] = dice.weighted<readonly [number, number]>([
    [6, [60, 120]],
    [42, [120, 350]],
    [44, [350, 900]],
    [8, [900, 1800]],
  ]);
  const factor = dice.weighted([
    [10, 0.3],
    [55, 1],
    [25, 0.5],
    [high < 900 ? 10 : 0, 2],
  ]);
  const ratio = dice.pick([3, 4, 5, 10, 20]);
  const wish = dice.spreadWhole(low, high);
  const electionTimeoutMs = fixed.electionTimeoutMs ?? fitting(wish, fixed, factor);
  const range = Math.max(RANGE_MS_LEAST, Math.round(electionTimeoutMs * factor));
  return {
    electionTimeoutMs,
    electionTimeoutMaxMs: fixed.electionTimeoutMaxMs ?? electionTimeoutMs + range,
    heartbeatMs: fixed.heartbeatMs ?? heartbeatFor(electionTimeoutMs, ratio),
  };
}

/** A timeout that goes with what is fixed of the other two. */
function fitting(wish: number, fixed: Knobs, factor: number): number {
  const { electionTimeoutMaxMs, heartbeatMs = 0, coalesceMs = 0 } = fixed;
  const least = Math.ceil((heartbeatMs + coalesceMs) * HEARTBEATS_LEAST) || 1;
  if (electionTimeoutMaxMs === undefined) return Math.max(wish, least);
  const most = Math.max(1, Math.floor(electionTimeoutMaxMs / (1 + factor)));
  return Math.min(electionTimeoutMaxMs - 1, Math.max(Math.min(wish, most), least));
}

function heartbeatFor(electionTimeoutMs: number, ratio: number): number {
  return Math.max(1, Math.floor(electionTimeoutMs / ratio));
}

/**
 * U5: options differ between nodes. A leader's heartbeat must still reach the most impatient
 * follower in time, so it is only the patience that differs; the common one stays the longest, as
 * all bounds of the healing count in it.
 */
function drawOther(dice: Dice, common: Timing, fixed: Knobs): Timing {
  const heard = Math.ceil(common.heartbeatMs * HEARTBEATS_LEAST);
  const wish = Math.round(common.electionTimeoutMs * dice.spread(0.6, 1));
  const electionTimeoutMs = Math.max(wish, heard);
  const range = common.electionTimeoutMaxMs - common.electionTimeoutMs;
  return {
    electionTimeoutMs,
    electionTimeoutMaxMs: fixed.electionTimeoutMaxMs ?? electionTimeoutMs + range,
    heartbeatMs: common.heartbeatMs,
  };
}
