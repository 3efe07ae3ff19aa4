/** Faults of disks in the swarm (D3-D8, D10, D13, D17). */

import type { NodeId } from "@holdfast/raft";
import type { DiskOperation } from "../disk-operation.ts";
import type { Dice } from "./dice.ts";
import type { DiskFault, DrawnKind } from "./fault.ts";
import { drawTimeouts, drawWho, type Habits, type Scene, type SwarmKind } from "./scene.ts";

export const DISK_KINDS: Readonly<Record<DiskFault["kind"] & DrawnKind, SwarmKind>> = {
  "disk-error": { percent: 18, perSecond: [0.04, 0.3], draw: drawError },
  "disk-slow": {
    percent: 24,
    perSecond: [0.05, 0.2],
    draw: (dice, scene, habits) => ({
      kind: "disk-slow",
      who: drawWho(dice, scene, habits),
      syncMs: dice.spreadMs(scene.pace.syncMs * 4, scene.pace.longMs * 2),
      forMs: drawTimeouts(dice, scene, 0.5, 12),
    }),
  },
  "disk-hang": {
    percent: 15,
    perSecond: [0.04, 0.2],
    draw: (dice, scene, habits) => ({
      kind: "disk-hang",
      who: drawWho(dice, scene, habits),
      forMs: drawTimeouts(dice, scene, 0.2, 8),
    }),
  },
  "disk-full": {
    percent: 13,
    perSecond: [0.04, 0.15],
    draw: (dice, scene, habits) => ({
      kind: "disk-full",
      who: drawWho(dice, scene, habits),
      forMs: drawTimeouts(dice, scene, 0.3, 6),
    }),
  },
  "disk-dead": {
    percent: 8,
    perSecond: [0.02, 0.05],
    // As a crash for good: the others must come back.
    draw: (dice, { outsiders }) =>
      outsiders.length === 0 ? undefined : { kind: "disk-dead", who: dice.pick(outsiders) },
  },
  "disk-damage": {
    // Few clusters have a node to spend.
    percent: 50,
    perSecond: [0.05, 0.15],
    draw: (dice, { spent }) =>
      spent.length === 0 ? undefined : drawDamage(dice, dice.pick(spent)),
  },
  "disk-loss": {
    percent: 15,
    perSecond: [0.05, 0.08],
    draw: (dice, { spent }) =>
      spent.length === 0
        ? undefined
        : {
            kind: "disk-loss",
            who: dice.pick(spent),
            area: dice.chance(50) ? "wal" : "snapshot",
            downMs: dice.spreadMs(1, 1000),
          },
  },
  "disk-clone": {
    percent: 10,
    perSecond: [0.03, 0.05],
    draw: (dice, { spent, ids }) => {
      const who = spent.length === 0 ? undefined : dice.pick(spent);
      const others = ids.filter((id) => id !== who);
      if (who === undefined || others.length === 0) return undefined;
      return { kind: "disk-clone", who, of: dice.pick(others), downMs: dice.spreadMs(1, 1000) };
    },
  },
};

/** D3, D4, D6, D10: mostly where promises are made; a bad sector is met again at the next try. */
function drawError(dice: Dice, scene: Scene, habits: Habits): DiskFault {
  const operation = dice.weighted<DiskOperation>([
    [40, "sync"],
    [20, "write"],
    [10, "sync-directory"],
    [8, "create"],
    [8, "rename"],
    [6, "read"],
    [4, "open"],
    [2, "truncate"],
    [2, "remove"],
  ]);
  const isSpace = operation === "write" || operation === "create" || operation === "rename";
  return {
    kind: "disk-error",
    who: drawWho(dice, scene, habits),
    operation,
    code: isSpace && dice.chance(50) ? "no-space" : "io",
    times: dice.weighted([
      [70, 1],
      [20, dice.between(2, 4)],
      [10, dice.between(5, 20)],
    ]),
  };
}

/**
 * D6, D7, D8, D13: `who` must be a node to spend. The disk leaves alone what passes for a write
 * that a crash cut short: a store can't notice that.
 */
export function drawDamage(dice: Dice, who: NodeId): DiskFault {
  return {
    kind: "disk-damage",
    who,
    area: dice.chance(65) ? "wal" : "snapshot",
    place: dice.pick(["head", "middle", "middle", "tail"]),
    damage: dice.pick(["flip-bit", "zero-sector", "noise-sector", "truncate", "misdirected-write"]),
    downMs: dice.spreadMs(1, 1000),
  };
}
