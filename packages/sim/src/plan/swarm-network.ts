/** Faults of the network in the swarm (N1-N14, N17). */

import { type Lane, PACKET_KINDS } from "@holdfast/replica";
import { LANES, type Weather } from "../network.ts";
import type { Dice } from "./dice.ts";
import type { MessageKind, NetworkFault, Shape } from "./fault.ts";
import { drawTimeouts, drawWho, type Habits, type Scene, type SwarmKind } from "./scene.ts";

/** Of 100 faults that can hit single lanes so many do. */
const LANES_PERCENT = 35;
/** Routes are lost for all lanes at once, but for a device that forgets one connection. */
const LANES_CUT_PERCENT = 12;

export const NETWORK_KINDS: Readonly<Record<NetworkFault["kind"], SwarmKind>> = {
  weather: {
    percent: 50,
    perSecond: [0.05, 0.3],
    draw: (dice, scene) => ({
      kind: "weather",
      weather: drawStorm(dice, scene),
      forMs: drawTimeouts(dice, scene, 0.3, 15),
    }),
  },
  partition: {
    percent: 65,
    perSecond: [0.05, 0.6],
    draw: (dice, scene, habits) => ({
      kind: "partition",
      shape: drawShape(dice, scene, habits),
      forMs: drawTimeouts(dice, scene, 0.3, 12),
      ...drawLanes(dice.fork("lanes"), LANES_CUT_PERCENT),
    }),
  },
  flap: {
    percent: 18,
    perSecond: [0.04, 0.2],
    draw: (dice, scene, habits) => ({
      kind: "flap",
      shape: drawShape(dice, scene, habits),
      periodMs: drawTimeouts(dice, scene, 0.1, 3),
      times: dice.between(2, 10),
    }),
  },
  clog: {
    percent: 28,
    perSecond: [0.05, 0.4],
    draw: (dice, scene, habits) => ({
      kind: "clog",
      shape: drawShape(dice, scene, habits),
      forMs: drawTimeouts(dice, scene, 0.1, 5),
      ...drawLanes(dice.fork("lanes"), LANES_PERCENT),
    }),
  },
  "slow-link": {
    percent: 18,
    perSecond: [0.04, 0.2],
    draw: (dice, scene, habits) => ({
      kind: "slow-link",
      shape: drawShape(dice, scene, habits),
      bytesPerSecond: dice.spreadWhole(2000, 1_000_000),
      forMs: drawTimeouts(dice, scene, 0.5, 10),
      ...drawLanes(dice.fork("lanes"), LANES_PERCENT),
    }),
  },
  break: {
    percent: 35,
    perSecond: [0.1, 1.2],
    draw: (dice, scene, habits) => ({
      kind: "break",
      shape: drawShape(dice, scene, habits),
      ...drawLanes(dice.fork("lanes"), LANES_PERCENT),
    }),
  },
  corrupt: {
    percent: 8,
    perSecond: [0.05, 0.4],
    draw: (dice, scene, habits) => ({
      kind: "corrupt",
      shape: dice.chance(50) ? "all" : drawShape(dice, scene, habits),
      damaged: dice.pick([2, 10, 50, 300]),
      forMs: drawTimeouts(dice, scene, 0.3, 8),
    }),
  },
  filter: {
    percent: 22,
    perSecond: [0.05, 0.3],
    draw: (dice, scene, habits) => ({
      kind: "filter",
      shape: dice.chance(50) ? "all" : drawShape(dice, scene, habits),
      messages: drawMessages(dice),
      lost: dice.pick([300, 800, 1000, 1000]),
      forMs: drawTimeouts(dice, scene, 0.3, 6),
    }),
  },
};

/** N17: snapshots stall while heartbeats flow, or votes pass while the log waits. */
function drawLanes(dice: Dice, percent: number): { readonly lanes?: readonly Lane[] } {
  return dice.chance(percent) ? { lanes: dice.some(LANES, dice.between(1, 2)) } : {};
}

/** N6-N9: one node, two sides, or less regular. Clusters of one or two have few shapes. */
export function drawShape(dice: Dice, scene: Scene, habits: Habits): Shape {
  const { ids } = scene;
  const isSmall = ids.length < 3;
  const kind = dice.weighted<Shape["kind"]>([
    [30, "isolate"],
    [isSmall ? 0 : 25, "split"],
    [10, "deaf"],
    [10, "mute"],
    [15, "link"],
    [isSmall ? 0 : 6, "bridge"],
    [isSmall ? 0 : 6, "ring"],
  ]);
  switch (kind) {
    case "isolate":
    case "deaf":
    case "mute":
    case "bridge":
      return { kind, who: drawWho(dice, scene, habits) };
    case "split":
      return { kind, groups: drawGroups(dice, ids) };
    case "ring":
      return { kind, order: dice.shuffled(ids) };
    case "link":
      return drawLink(dice, scene);
  }
}

function drawLink(dice: Dice, { ids }: Scene): Shape {
  const [from, to] = dice.shuffled(ids);
  if (from === undefined || to === undefined) return { kind: "isolate", who: dice.pick(ids) };
  return { kind: "link", from, to };
}

/** Two sides of any size, or each node on the side that a coin says; now and then three. */
function drawGroups(dice: Dice, ids: readonly number[]): number[][] {
  const groups: number[][] = Array.from({ length: dice.pick([2, 2, 3]) }, () => []);
  for (const id of ids) dice.pick(groups).push(id);
  const filled = groups.filter((group) => group.length > 0);
  if (filled.length > 1 && dice.chance(50)) return filled;
  const side = dice.some(ids, dice.between(1, ids.length - 1));
  return [side, ids.filter((id) => !side.includes(id))];
}

/**
 * N1-N4: long delays make late answers overtake everything, packets come back from earlier terms
 * and lives; loss as on a bad day.
 */
function drawStorm(dice: Dice, { pace, endMs }: Scene): Weather {
  const isLong = dice.chance(40);
  const longest = isLong ? pace.longMs / 2 : pace.longMs * 2;
  return {
    delayMs: dice.spreadMs(pace.packetMs, Math.max(pace.packetMs, pace.shortMs / 2)),
    jitterMs: dice.chance(60) ? dice.spreadMs(pace.packetMs, longest) : 0,
    lost: dice.pick([0, 10, 50, 200, 500]),
    repeated: dice.pick([0, 0, 50, 200, 500]),
    ...(isLong ? { tail: "long" } : {}),
    ...(dice.chance(20) ? { lateReplies: dice.pick([50, 300, 667]) } : {}),
    ...(dice.chance(30)
      ? { replayed: dice.pick([5, 50, 200]), replayMs: dice.spreadWhole(100, endMs) }
      : {}),
  };
}

/** N17: one kind, a request with its answers, or any few. */
function drawMessages(dice: Dice): MessageKind[] {
  const pairs: MessageKind[][] = [
    ["vote-request", "vote-response"],
    ["append-request"],
    ["append-response"],
    ["snapshot-request", "snapshot-response"],
    ["forward-request", "forward-response"],
    ["vote-response", "append-response", "snapshot-response"],
  ];
  if (dice.chance(60)) return dice.pick(pairs);
  return dice.some(PACKET_KINDS, dice.between(1, 4));
}
