/** Faults of processes and clocks in the swarm (P1-P5, P12, C2-C4). */

import type { Dice } from "./dice.ts";
import type { ProcessFault } from "./fault.ts";
import { DISK_MOMENTS, SEND_MOMENTS } from "./moments.ts";
import {
  drawEnding,
  drawTimeouts,
  drawWho,
  type Habits,
  type Scene,
  type SwarmKind,
} from "./scene.ts";

/** Of all crashes so many leave the node down until the cluster heals, in percent. */
const FOR_GOOD_PERCENT = 4;

export const PROCESS_KINDS: Readonly<Record<Exclude<ProcessFault["kind"], "twin">, SwarmKind>> = {
  crash: { percent: 65, perSecond: [0.02, 1], draw: drawCrash },
  "crash-on": { percent: 55, perSecond: [0.05, 1], draw: drawCrashOn },
  outage: {
    percent: 12,
    perSecond: [0.05, 0.2],
    draw: (dice, _scene, habits) => ({ kind: "outage", ...drawEnding(dice, habits) }),
  },
  "crash-loop": { percent: 15, perSecond: [0.05, 0.15], draw: drawCrashLoop },
  pause: {
    percent: 35,
    perSecond: [0.03, 0.4],
    draw: (dice, scene, habits) => ({
      kind: "pause",
      who: drawWho(dice, scene, habits),
      // The longest are rare: nearly everything of a node is out of date after them.
      forMs: dice.chance(90)
        ? drawTimeouts(dice, scene, 0.05, 10)
        : drawTimeouts(dice, scene, 10, 20),
    }),
  },
  stop: {
    percent: 20,
    perSecond: [0.03, 0.4],
    draw: (dice, scene, habits) => ({
      kind: "stop",
      who: drawWho(dice, scene, habits),
      downMs: dice.spreadMs(1, 2000),
    }),
  },
  "clock-jump": { percent: 18, perSecond: [0.03, 0.3], draw: drawClockJump },
  "clock-drift": {
    percent: 15,
    perSecond: [0.03, 0.2],
    draw: (dice, scene) => ({
      kind: "clock-drift",
      who: dice.pick(scene.ids),
      // Not more: 10 % both ways still let heartbeats arrive in time, and nothing sets it right.
      ppm: dice.pick([1000, 10_000, 100_000]) * dice.pick([-1, 1]),
    }),
  },
};

function drawCrash(dice: Dice, scene: Scene, habits: Habits): ProcessFault {
  const ending = drawEnding(dice, habits);
  // Only by id, and only nodes that the core can do without: the others must come back, or
  // nothing happens any more in this phase.
  if (scene.outsiders.length > 0 && dice.chance(FOR_GOOD_PERCENT)) {
    return { kind: "crash", who: dice.pick(scene.outsiders), ...ending, downMs: undefined };
  }
  return { kind: "crash", who: drawWho(dice, scene, habits), ...ending };
}

function drawCrashOn(dice: Dice, scene: Scene, habits: Habits): ProcessFault {
  return {
    kind: "crash-on",
    who: drawWho(dice, scene, habits),
    moment: dice.pick(dice.chance(60) ? DISK_MOMENTS : SEND_MOMENTS),
    nth: dice.chance(50) ? 1 : dice.spreadWhole(2, 40),
    ...drawEnding(dice, habits),
  };
}

/** P2: mostly so short that it dies in recovery or in its first election. */
function drawCrashLoop(dice: Dice, scene: Scene, habits: Habits): ProcessFault {
  const { syncMs, longMs } = scene.pace;
  return {
    kind: "crash-loop",
    who: dice.chance(70) ? dice.pick(scene.ids) : drawWho(dice, scene, habits),
    times: dice.between(2, 6),
    upMs: dice.chance(60) ? dice.spreadMs(syncMs / 4, syncMs * 8) : dice.spreadMs(syncMs, longMs),
    ...drawEnding(dice, { ...habits, downMs: [1, 20, 100] }),
  };
}

function drawClockJump(dice: Dice, scene: Scene): ProcessFault {
  const aheadMs = dice.chance(10) ? 3_600_000 : drawTimeouts(dice, scene, 0.1, 10);
  return { kind: "clock-jump", who: dice.pick(scene.ids), aheadMs };
}
