/** Recipes of disks: slow, full, damaged; and of the snapshots on them (D5, D7, D10, E). */

import type { Dice } from "../dice.ts";
import type { Draft, Scene } from "../scene.ts";
import { drawDamage } from "../swarm-disk.ts";
import { rounds, someTimeouts, timeouts } from "./recipe.ts";

/** Some disks are slow for long, all of them now and then (D5, B15, G8). */
export function slowDisk(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [4, 10], (at, own) => {
    const syncMs = someTimeouts(own, scene, 0.05, 1.5);
    const forMs = someTimeouts(own, scene, 2, 8);
    const slow = own.some(scene.ids, own.between(1, scene.ids.length));
    return slow.map((who): Draft => ({ at, kind: "disk-slow", who, syncMs, forMs }));
  });
}

/** One disk is full for a while, and free again without a restart of the machine (D10, H12). */
export function diskFull(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [3, 8], (at, own) => {
    const who = own.chance(50) ? "leader" : own.pick(scene.ids);
    return [{ at, kind: "disk-full", who, forMs: someTimeouts(own, scene, 1, 6) }];
  });
}

/** A majority has no space at the same time: nothing commits, and nothing is lost (D10, H12). */
export function diskFullOnMajority(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [6, 12], (at, own) =>
    own.some(scene.ids, scene.majority).map(
      (who): Draft => ({
        at: at + own.between(0, timeouts(scene, 1)),
        kind: "disk-full",
        who,
        forMs: someTimeouts(own, scene, 2, 6),
      }),
    ),
  );
}

/**
 * What a minority has stored rots while they are down: they must notice and refuse, and feed none
 * of it to the others (D6, D7, D13, H9, E16).
 */
export function damageMinority(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [3, 9], (at, own) => {
    const damages = scene.spent.map(
      (who): Draft => ({ at: at + own.between(0, 200), ...drawDamage(own, who) }),
    );
    const crash: Draft = {
      at: at + someTimeouts(own, scene, 0.5, 2),
      kind: "crash",
      who: "leader",
      power: own.chance(70),
      keep: "some",
      downMs: someTimeouts(own, scene, 0.2, 2),
    };
    return own.chance(50) ? [...damages, crash] : damages;
  });
}

/** One node gets everything late and writes it slowly: the leader must keep its budget (G3, G8). */
export function slowFollower(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [6, 14], (at, own) => {
    const who = own.chance(30) ? "follower" : own.pick(scene.ids);
    const forMs = someTimeouts(own, scene, 4, 12);
    const bytesPerSecond = own.spreadWhole(1000, 50_000);
    const link: Draft = {
      at,
      kind: "slow-link",
      shape: { kind: "isolate", who },
      bytesPerSecond,
      forMs,
    };
    const syncMs = someTimeouts(own, scene, 0.1, 1);
    return own.chance(60) ? [link, { at, kind: "disk-slow", who, syncMs, forMs }] : [link];
  });
}

/**
 * Snapshots all the time: followers fall behind, pieces are lost on the way, and nodes die while
 * one is written, sent or put in force (E1-E4, E11, E12, E17, D15).
 */
export function snapshotStorm(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [1.5, 3.5], (at, own) => {
    const who = own.chance(70) ? own.pick(scene.ids) : ("follower" as const);
    const forMs = someTimeouts(own, scene, 0.5, 2.5);
    const cut: Draft = { at, kind: "partition", shape: { kind: "isolate", who }, forMs };
    const after = at + forMs;
    const disturbances: readonly Draft[] = [
      { at: after + own.between(1, 30), kind: "break", shape: { kind: "isolate", who } },
      {
        at: after,
        kind: "filter",
        shape: "all",
        messages: [own.pick(["snapshot-request", "snapshot-response"])],
        lost: own.pick([300, 800]),
        forMs: timeouts(scene, 1),
      },
      {
        at: after,
        kind: "crash-on",
        who: own.chance(50) ? "leader" : who,
        moment: own.pick([
          { on: "send", message: "snapshot-request" },
          { on: "send", message: "snapshot-response" },
          { on: "disk", operation: "rename", side: "after" },
          { on: "disk", operation: "sync-directory", side: "before" },
        ] as const),
        nth: own.between(1, 6),
        power: own.chance(60),
        keep: own.pick(["none", "some"]),
        downMs: own.pick([1, 50, timeouts(scene, 1)]),
      },
    ];
    return [cut, own.pick(disturbances)];
  });
}

/**
 * A node falls behind again and again while its disk is slow: more snapshots come than it can put
 * in force, and what waits must be neither lost nor without bound (E12; seed 4007258).
 */
export function slowInstall(dice: Dice, scene: Scene): readonly Draft[] {
  const who = dice.pick(scene.ids);
  return rounds(dice, scene, [8, 16], (at, own) => {
    const syncMs = someTimeouts(own, scene, 4, 8);
    const slow: Draft = { at, kind: "disk-slow", who, syncMs, forMs: timeouts(scene, 10) };
    const flaps: Draft = {
      at: at + 1,
      kind: "flap",
      shape: { kind: "isolate", who },
      periodMs: someTimeouts(own, scene, 1, 2),
      times: own.between(4, 8),
    };
    return [slow, flaps];
  });
}

/**
 * The power fails while the log moves on to its next segment: old names may come back, over files
 * that hold something new (H2, H4, H10, D12, D14).
 */
export function segmentRotation(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [0.7, 2], (at, own) => [
    {
      at,
      kind: "crash-on",
      who: own.chance(40) ? "leader" : own.pick(scene.ids),
      moment: {
        on: "disk",
        operation: own.pick(["rename", "rename", "sync-directory"]),
        side: own.pick(["before", "after"]),
      },
      nth: own.between(1, 4),
      power: true,
      keep: own.pick(["none", "none", "some"]),
      downMs: own.pick([1, 50, timeouts(scene, 0.5)]),
    },
  ]);
}
