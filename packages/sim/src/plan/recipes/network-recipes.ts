/** Recipes of the network: partitions that are no clean cuts (N5-N12, C8). */

import type { Dice } from "../dice.ts";
import type { Draft, Scene } from "../scene.ts";
import { rounds, someTimeouts, timeouts } from "./recipe.ts";

/**
 * A random part of the nodes is clogged one by one, and let go in another order: what was sent
 * arrives in bursts, from several terms at once (N5, N12, B3).
 */
export function swizzleClog(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [5, 10], (at, own) => {
    const chosen = own.shuffled(scene.ids).slice(0, own.between(1, scene.ids.length));
    const ends = own.shuffled(chosen);
    const step = someTimeouts(own, scene, 0.1, 0.8);
    return chosen.map((who, place): Draft => {
      const from = at + place * step;
      const until = at + (chosen.length + ends.indexOf(who) + 1) * step;
      return { at: from, kind: "clog", shape: { kind: "isolate", who }, forMs: until - from };
    });
  });
}

/** One or two connections come and go all the time (N10, N13, G4). */
export function flakyLink(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [2, 5], (at, own) => {
    const [from = 1, to = 1] = own.shuffled(scene.ids);
    const periodMs = someTimeouts(own, scene, 0.05, 1);
    const times = own.between(3, 12);
    const there: Draft = { at, kind: "flap", shape: { kind: "link", from, to }, periodMs, times };
    const back: Draft = { ...there, shape: { kind: "link", from: to, to: from } };
    const reset: Draft = { at: at + 1, kind: "break", shape: { kind: "link", from, to } };
    return own.chance(60) ? [there, back, reset] : [there, reset];
  });
}

/**
 * A follower hears nothing until the leader has compacted past what it has, and often dies while it
 * takes in the snapshot (N18, E1-E8, D15).
 */
export function blackholeUntilSnapshot(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [6, 12], (at, own) => {
    const who = own.pick(scene.ids);
    // Long enough for some thirty writes.
    const forMs = Math.min(
      scene.endMs / 3,
      Math.max(timeouts(scene, 3), Math.round(60_000 / scene.perSecond)),
    );
    const hole: Draft = {
      at,
      kind: "partition",
      shape: { kind: "isolate", who },
      forMs: Math.round(forMs),
    };
    if (own.chance(40)) return [hole];
    const moment = own.pick([
      { on: "send", message: "snapshot-response" },
      { on: "disk", operation: "rename", side: "before" },
      { on: "disk", operation: "rename", side: "after" },
      { on: "disk", operation: "sync-directory", side: "before" },
      { on: "disk", operation: "sync", side: "after" },
      { on: "disk", operation: "remove", side: "after" },
    ] as const);
    const crash: Draft = {
      at: at + Math.round(forMs) - 1,
      kind: "crash-on",
      who,
      moment,
      nth: own.pick([1, 1, 2, 3, 5]),
      power: own.chance(70),
      keep: own.pick(["none", "some", "all"]),
      downMs: own.pick([1, 50, timeouts(scene, 1)]),
    };
    return [hole, crash];
  });
}

/** Each node sees a majority, and no two the same one (N9). */
export function majorityRing(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [3, 8], (at, own) => [
    {
      at,
      kind: "partition",
      shape: { kind: "ring", order: own.shuffled(scene.ids) },
      forMs: someTimeouts(own, scene, 2, 8),
    },
  ]);
}

/** Two halves that only one node can see both of, now and then the leader (N8). */
export function bridge(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [3, 8], (at, own) => [
    {
      at,
      kind: "partition",
      shape: { kind: "bridge", who: own.chance(40) ? "leader" : own.pick(scene.ids) },
      forMs: someTimeouts(own, scene, 2, 8),
    },
  ]);
}

/**
 * Somebody who hears nothing and asks for votes for ever must not keep the others from working
 * (N7, thesis §9.6, C10).
 */
export function deafNodeForever(dice: Dice, scene: Scene): readonly Draft[] {
  const at = dice.between(1, Math.round(scene.endMs / 3));
  const deaf = scene.outsiders.map(
    (who): Draft => ({
      at,
      kind: "partition",
      shape: { kind: "deaf", who },
      forMs: Math.round(scene.endMs - at),
    }),
  );
  const crashes = rounds(dice.fork("crashes"), scene, [4, 9], (when, own) => [
    {
      at: when,
      kind: "crash",
      who: "leader",
      power: own.chance(50),
      keep: "none",
      downMs: someTimeouts(own, scene, 0.1, 3),
    },
  ]);
  return [...deaf, ...crashes];
}

/** Messages pass along a row of nodes in one direction only (N7, C8). */
export function oneWayChain(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [4, 9], (at, own) => {
    const row = own.shuffled(scene.ids);
    const forMs = someTimeouts(own, scene, 2, 6);
    return row.flatMap((to, place) =>
      row
        .slice(place + 1)
        .map(
          (from): Draft => ({ at, kind: "partition", shape: { kind: "link", from, to }, forMs }),
        ),
    );
  });
}

/**
 * Two nodes don't see each other, all others see both: the one of them that doesn't lead is tempted
 * to campaign for ever (C8, C1).
 */
export function partialCut(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [3, 7], (at, own) => {
    const [one = 1, other = 1] = own.shuffled(scene.ids);
    const from = own.chance(60) ? "leader" : one;
    const forMs = someTimeouts(own, scene, 2, 8);
    return [
      { at, kind: "partition", shape: { kind: "link", from, to: other }, forMs },
      { at, kind: "partition", shape: { kind: "link", from: other, to: from }, forMs },
    ];
  });
}

/**
 * Answers come late, twice and in any order, from disks that are slow in turn: an acknowledgement
 * must be about what is on disk now, not about what was asked first (B3, B10-B12, B15, F1).
 */
export function lateAnswers(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [1.5, 4], (at, own) => {
    const forMs = someTimeouts(own, scene, 1, 4);
    const weather = {
      delayMs: scene.pace.packetMs,
      jitterMs: someTimeouts(own, scene, 0.1, 1),
      lost: own.pick([0, 50]),
      repeated: own.pick([200, 500]),
    };
    const slow: Draft = {
      at,
      kind: "disk-slow",
      who: own.pick([...scene.ids, "follower"] as const),
      syncMs: someTimeouts(own, scene, 0.05, 0.5),
      forMs,
    };
    const crash: Draft = {
      at: at + 1,
      kind: "crash-on",
      who: own.pick(["follower", "leader"] as const),
      moment: { on: "send", message: own.pick(["append-response", "append-request"]) },
      nth: own.spreadWhole(1, 30),
      power: true,
      keep: own.pick(["none", "some"]),
      downMs: own.pick([1, 50, timeouts(scene, 1)]),
    };
    const storm: Draft = { at, kind: "weather", weather, forMs };
    return own.chance(70) ? [storm, slow, crash] : [storm, slow];
  });
}
