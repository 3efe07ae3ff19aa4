/** Recipes that go for the leader (P5; paper §5.4.2, Fig. 8). */

import type { Dice } from "../dice.ts";
import type { Draft, Scene } from "../scene.ts";
import { rounds, someTimeouts, timeouts } from "./recipe.ts";

/**
 * Fig. 8: a leader dies when only a part of the servers has its entries, comes back, is elected
 * again and finds them uncommitted; who commits them by counting loses them (B1, §5.4.2).
 */
export function figure8(dice: Dice, scene: Scene): readonly Draft[] {
  const followers = scene.ids.length - 1;
  return rounds(dice, scene, [0.4, 1.2], (at, own) => [
    {
      at,
      kind: "crash-on",
      who: "leader",
      moment: { on: "send", message: "append-request" },
      nth: own.chance(70) ? own.between(1, followers) : own.between(1, 4 * followers),
      power: own.chance(50),
      keep: own.pick(["all", "some", "none"]),
      downMs: someTimeouts(own, scene, 0.4, 4),
    },
  ]);
}

/**
 * The same without crashes: leaders lose sight of the others in the middle of their work, and
 * answers come so late that they belong to terms long gone (B1, B12, N3).
 */
export function figure8Unreliable(dice: Dice, scene: Scene): readonly Draft[] {
  const { packetMs, longMs } = scene.pace;
  const weather = {
    delayMs: packetMs,
    jitterMs: dice.spreadMs(longMs / 4, longMs * 1.5),
    lost: dice.pick([20, 100]),
    repeated: dice.pick([0, 100]),
    // As the course's: two thirds of the answers come up to two seconds late.
    lateReplies: dice.pick([0, 667]),
  };
  const storm: Draft = { at: 1, kind: "weather", weather, forMs: Math.round(scene.endMs * 0.8) };
  const cuts = rounds(dice, scene, [0.5, 2], (at, own) => [
    {
      at,
      kind: "partition",
      shape: { kind: own.pick(["isolate", "isolate", "deaf", "mute"]), who: "leader" },
      forMs: someTimeouts(own, scene, 0.5, 5),
    },
  ]);
  return [storm, ...cuts];
}

/**
 * The leader dies right when it has told others what is committed, or one of them that its proposal
 * was taken in: an answer is out, the news is not everywhere (P5, I4, I5).
 */
export function killLeaderOnCommit(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [1.5, 4], (at, own) => [
    {
      at,
      kind: "crash-on",
      who: "leader",
      moment: { on: "send", message: own.pick(["append-request", "forward-response"]) },
      nth: own.between(1, 12),
      power: own.chance(70),
      keep: own.pick(["none", "some"]),
      downMs: own.chance(50) ? own.between(1, 20) : someTimeouts(own, scene, 1, 3),
    },
  ]);
}

/**
 * The leader is heard but hears nothing (it must step down, thesis §6.2), or the other way round
 * (C8, N7).
 */
export function muteLeader(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [3, 7], (at, own) => [
    {
      at,
      kind: "partition",
      shape: { kind: own.pick(["deaf", "deaf", "mute"]), who: "leader" },
      forMs: someTimeouts(own, scene, 2, 6),
    },
  ]);
}

/**
 * The leader sleeps through its own replacement and wakes with everything that came meanwhile: it
 * must believe the messages before its timers (C4, C19, F2).
 */
export function pauseLeader(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [2, 6], (at, own) => [
    { at, kind: "pause", who: "leader", forMs: someTimeouts(own, scene, 0.5, 5) },
  ]);
}

/** A leader that is cut off and comes back faster than anybody can settle (N10, C8). */
export function flappingLeader(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [4, 9], (at, own) => [
    {
      at,
      kind: "flap",
      shape: { kind: own.pick(["isolate", "deaf", "mute"]), who: "leader" },
      periodMs: someTimeouts(own, scene, 0.2, 2),
      times: own.between(3, 10),
    },
  ]);
}

/**
 * A leader's sync fails, and its readers see bytes that no disk has: it must stop, promise nothing
 * and trust nothing behind the last good sync; sometimes the power goes right after (D3, H7, A2).
 */
export function fsyncFailOnLeader(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [2, 6], (at, own) => {
    const failing: Draft = {
      at,
      kind: "disk-error",
      who: "leader",
      operation: own.pick(["sync", "sync", "sync", "sync-directory"]),
      code: "io",
      times: own.pick([1, 1, 3]),
    };
    if (own.chance(60)) return [failing];
    const later = at + someTimeouts(own, scene, 0.1, 2);
    const keep = own.pick(["none", "some"] as const);
    return [failing, { at: later, kind: "outage", power: true, keep, downMs: own.between(1, 200) }];
  });
}

/**
 * The leader's disk hangs, or is very slow: it must not count itself, and its heartbeats must not
 * hide that nothing gets on (D5, G14).
 */
export function hungLeaderDisk(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [3, 7], (at, own) => {
    const forMs = someTimeouts(own, scene, 1, 6);
    if (own.chance(70)) return [{ at, kind: "disk-hang", who: "leader", forMs }];
    return [{ at, kind: "disk-slow", who: "leader", syncMs: timeouts(scene, 0.7), forMs }];
  });
}

/**
 * Whoever asks for a vote or gives one dies at once and is back in time to do it again in the same
 * term (A1, A2, A4, P3).
 */
export function voteAndDie(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [1, 2.5], (at, own) => {
    const victims = own.some(scene.ids, own.between(1, scene.ids.length));
    const crashes = victims.map(
      (who): Draft => ({
        at,
        kind: "crash-on",
        who,
        moment: {
          on: "send",
          message: own.pick(["vote-response", "vote-response", "vote-request"]),
        },
        nth: own.pick([1, 1, 2]),
        power: true,
        keep: own.pick(["none", "none", "some"]),
        downMs: own.pick([1, 1, 5]),
      }),
    );
    const cut: Draft = {
      at: at + 1,
      kind: "partition",
      shape: { kind: "isolate", who: "leader" },
      forMs: timeouts(scene, 1.2),
    };
    return [...crashes, cut];
  });
}

/**
 * Voters with slow disks vote so late that the winner has stepped down again, over its own slow
 * disk, and asks in vain for the next term (A10; seed 20010111).
 */
export function lateVotes(dice: Dice, scene: Scene): readonly Draft[] {
  return rounds(dice, scene, [12, 16], (at, own) => {
    const dispensable = scene.ids.length - scene.majority;
    const voters = own.some(scene.ids, own.between(1, dispensable));
    const late = voters.map((who): Draft => {
      const syncMs = someTimeouts(own, scene, 8, 11);
      return { at, kind: "disk-slow", who, syncMs, forMs: timeouts(scene, 3.5) };
    });
    const elected = at + someTimeouts(own, scene, 1.5, 3);
    return [
      ...late,
      { at: at + 1, kind: "crash", who: "leader", power: false, keep: "all", downMs: 1 },
      {
        at: elected,
        kind: "disk-slow",
        who: "leader",
        syncMs: someTimeouts(own, scene, 2, 4.5),
        forMs: timeouts(scene, 1.5),
      },
      {
        at: elected,
        kind: "filter",
        shape: "all",
        messages: ["vote-request"],
        lost: 1000,
        forMs: timeouts(scene, 9),
      },
    ];
  });
}
