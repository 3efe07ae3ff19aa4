/** Recipes of processes and clocks: crashes in all tempos (P1-P4, C2, C3). */

import type { Dice } from "../dice.ts";
import { RECOVERY_MOMENTS } from "../moments.ts";
import type { Draft, Scene } from "../scene.ts";
import { rounds, someTimeouts, timeouts } from "./recipe.ts";

/** Node after node crashes and comes back, fast or slow (P1, P3, I3). */
export function crashRestart(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [0.5, 2], (at, own) => [
    {
      at,
      kind: "crash",
      who: own.chance(30) ? "leader" : own.pick(scene.ids),
      power: own.chance(70),
      keep: own.pick(["none", "some", "all"]),
      downMs: own.pick([1, 50, 500, timeouts(scene, 1), timeouts(scene, 3)]),
    },
  ]);
}

/**
 * All nodes are restarted one by one, as for an upgrade, at a pace that leaves little rest (U1).
 */
export function rollingRestart(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [8, 16], (at, own) => {
    const step = someTimeouts(own, scene, 0.5, 2);
    const isClean = own.chance(70);
    return own.shuffled(scene.ids).map(
      (who, place): Draft => ({
        at: at + place * step,
        kind: "crash",
        who,
        power: !isClean,
        keep: own.pick(["none", "some"]),
        downMs: Math.max(1, Math.round(step * own.spread(0.05, 1.5))),
      }),
    );
  });
}

/** The power of all fails at once, also again while they come up (P4, H8). */
export function powerOutage(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [2, 6], (at, own) => {
    const outage: Draft = {
      at,
      kind: "outage",
      power: true,
      keep: own.pick(["none", "some", "some", "all"]),
      downMs: own.pick([1, 50, 500, timeouts(scene, 1)]),
    };
    if (own.chance(70)) return [outage];
    return [outage, { ...outage, at: at + (outage.downMs ?? 0) + own.between(1, 100) }];
  });
}

/** Several nodes die again and again in their own recovery (P2, E15). */
export function restartStorm(dice: Dice, scene: Scene): readonly Draft[] {
  const { syncMs } = scene.pace;
  return rounds(dice, scene, [4, 8], (at, own) =>
    own.some(scene.ids, own.between(1, scene.ids.length)).map(
      (who): Draft => ({
        at,
        kind: "crash-loop",
        who,
        times: own.between(3, 8),
        upMs: own.spreadMs(syncMs / 4, syncMs * 12),
        power: own.chance(70),
        keep: own.pick(["none", "some"]),
        downMs: own.pick([1, 10, 100]),
      }),
    ),
  );
}

/**
 * A crash at a step of recovery, after a crash that left something to recover: each prefix of a
 * recovery must be one that can be started again (P2, D15, H1-H5).
 */
export function recoveryCrash(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [1, 3], (at, own) => {
    const who = own.pick(scene.ids);
    const first: Draft = {
      at,
      kind: "crash-on",
      who,
      moment: {
        on: "disk",
        operation: own.pick(["sync", "write", "rename", "sync-directory"]),
        side: own.pick(["before", "after"]),
      },
      nth: own.between(1, 4),
      power: true,
      keep: own.pick(["some", "none"]),
      downMs: timeouts(scene, 0.5),
    };
    const second: Draft = {
      at: at + timeouts(scene, 0.4),
      kind: "crash-on",
      who,
      moment: own.pick(RECOVERY_MOMENTS),
      nth: own.chance(60) ? 1 : own.between(2, 8),
      power: own.chance(80),
      keep: own.pick(["some", "none", "all"]),
      downMs: own.pick([1, 20]),
    };
    return [first, second];
  });
}

/** Clocks leap and run at different speeds: nothing may rest on their agreeing (C2, C3, F7). */
export function clockJump(dice: Dice, scene: Scene): readonly Draft[] {
  const drifts = scene.ids.map(
    (who): Draft => ({
      at: dice.between(1, Math.round(scene.endMs / 2)),
      kind: "clock-drift",
      who,
      ppm: dice.pick([1000, 10_000, 100_000]) * dice.pick([-1, 1]),
    }),
  );
  const jumps = rounds(dice, scene, [0.5, 3], (at, own) => [
    {
      at,
      kind: "clock-jump",
      who: own.chance(40) ? "leader" : own.pick(scene.ids),
      aheadMs: own.chance(10) ? 3_600_000 : someTimeouts(own, scene, 0.1, 10),
    },
  ]);
  return [...drifts, ...jumps];
}
