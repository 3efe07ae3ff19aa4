/** What sort of client one is: whom it asks, how it pauses, how stubborn it is. */

import type { Random } from "../random.ts";

export interface Habits {
  /** Of 1000 operations so many go to whoever seems to lead. */
  readonly leaderBias: number;
  /** Operations that it has under way at a time. */
  readonly lanes: number;
  /** How often it sends an operation before it gives up. */
  readonly triesMax: number;
  /** Most of its pauses are short, a few very long. */
  readonly isBursty: boolean;
  /** Of each lane: with several the client does as much as others. */
  readonly thinkMs: number;
}

const LEADER_BIAS = [0, 300, 950];
export const LANES_MAX = 4;

/** `random` is the client's own stream: it stays what it is when others are dropped. */
export function drawHabits(random: Random, thinkMs: number): Habits {
  const leaderBias = LEADER_BIAS[random.below(LEADER_BIAS.length)] ?? 0;
  const isPipelined = random.chance(1, 4);
  const depth = 2 + random.below(LANES_MAX - 1);
  const lanes = isPipelined ? depth : 1;
  const isStubborn = random.chance(1, 2);
  const triesMax = 2 + random.below(3);
  return {
    leaderBias,
    lanes,
    triesMax: isStubborn ? triesMax : 1,
    isBursty: random.chance(1, 3),
    thinkMs: thinkMs * lanes,
  };
}

/** In a burst of so many operations on average all but one pause are short. */
const BURST = 8;
const GRAINS_PER_MS = 8;

/**
 * The pause before the next operation, in ms; exponential, `thinkMs` on average. Always the same
 * number of draws. Rounded, so that no last bit of a logarithm decides; never 0, so that time goes
 * on.
 */
export function drawPauseMs(random: Random, { isBursty, thinkMs }: Habits): number {
  const exponential = -Math.log(1 - random.fraction());
  const isShort = random.below(BURST) > 0;
  const meanMs = isBursty ? burstMeanMs(isShort, thinkMs) : thinkMs;
  return Math.max(1, Math.round(exponential * meanMs * GRAINS_PER_MS)) / GRAINS_PER_MS;
}

function burstMeanMs(isShort: boolean, thinkMs: number): number {
  return isShort ? thinkMs / 16 : thinkMs * (BURST - (BURST - 1) / 16);
}
