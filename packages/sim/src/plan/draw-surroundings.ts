/** Draws what is there all the time, faults or not: weather, disks, clocks, rare legal paths. */

import type { MaybePoint } from "@holdfast/replica";
import type { Weather } from "../network.ts";
import { type Dice, readable } from "./dice.ts";
import { ECHO_TIMEOUTS, type Pace } from "./pace.ts";
import type { ClockHabits, DiskHabits } from "./plan.ts";

/** N1-N4, mild: what the cluster has to live with. Storms are faults. */
export function drawWeather(dice: Dice, pace: Pace): Weather {
  const part = dice.pick([0, 0.1, 0.5, 1]);
  const delayMs = readable(pace.packetMs * (1 - part));
  return {
    delayMs: part === 1 ? 0 : delayMs,
    jitterMs: readable(pace.packetMs * part),
    lost: dice.weighted([
      [60, 0],
      [25, dice.between(1, 20)],
      [15, dice.between(20, 100)],
    ]),
    repeated: dice.weighted([
      [60, 0],
      [25, dice.between(1, 50)],
      [15, dice.between(50, 300)],
    ]),
    ...(dice.chance(15)
      ? { replayed: dice.between(1, 20), replayMs: Math.round(ECHO_TIMEOUTS * pace.longMs) }
      : {}),
  };
}

/** The weather of the healed core: nothing is lost any more, and nothing is faster than before. */
export function healedWeather(weather: Weather): Weather {
  const { delayMs, jitterMs } = weather;
  return { delayMs, jitterMs, lost: 0, repeated: 0 };
}

export function drawDisks(dice: Dice, pace: Pace): DiskHabits {
  const part = dice.pick([0, 0.3, 0.9]);
  const other = dice.fork("other");
  // Slow enough that something comes between the pieces of a snapshot that is read.
  const otherMs = other.chance(40)
    ? readable(other.spread(0.01, Math.min(4, pace.longMs / 200)))
    : 0;
  return {
    syncMs: readable(pace.syncMs * (1 - part)),
    syncJitterMs: part === 0 ? 0 : readable(pace.syncMs * part),
    afterFailedSync: dice.pick(["keeps", "reverts"]),
    ...(otherMs > 0 ? { otherMs } : {}),
  };
}

/** C1 and C2: no node knows the time, and seconds are of different lengths. */
export function drawClocks(dice: Dice, nodes: number): ClockHabits[] {
  const ppm = dice.weighted([
    [55, 0],
    [20, 1000],
    [15, 10_000],
    [10, 100_000],
  ]);
  const isOffset = dice.chance(30);
  return Array.from({ length: nodes }, (_, at) => {
    const own = dice.fork(at + 1);
    return {
      offsetMs: isOffset ? own.spreadWhole(1, 3_600_000) : 0,
      driftPpm: ppm === 0 ? 0 : own.between(-ppm, ppm),
    };
  });
}

/** A rare path, and how often of 1000 times it may be taken at most. */
export type MaybeOdds = Pick<MaybePoint, "name" | "oftenMax">;

/**
 * Each point is on in a quarter of the plans, and taken in 5 to 25 of 100 cases when it is on, or
 * as often as it may be.
 */
export function drawMaybe(dice: Dice, points: readonly MaybeOdds[]): Record<string, number> {
  const odds: Record<string, number> = {};
  for (const { name, oftenMax } of points) {
    const own = dice.fork(name);
    if (own.chance(25)) odds[name] = Math.min(oftenMax, own.between(50, 250));
  }
  return odds;
}
