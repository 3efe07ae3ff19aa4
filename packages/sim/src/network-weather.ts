/** How packets fare on a link when nothing is broken: delay, loss, repetition (N1 to N4). */

import { peekKind } from "@holdfast/replica";
import type { Random } from "./random.ts";

/** How packets fare. Those with a larger delay are overtaken, unless a connection keeps order. */
export interface Weather {
  /** Every packet takes this long, in ms. */
  readonly delayMs: number;
  /** And at random up to this much longer; with a `long` tail this much on average. */
  readonly jitterMs: number;
  /** How many of 1000 packets vanish. A connection sends them again instead, much later. */
  readonly lost: number;
  /** How many of 1000 packets arrive twice. Not on connections. */
  readonly repeated: number;
  /** `even`, or exponential: most come soon, a few very late. `even` unless told. */
  readonly tail?: "even" | "long";
  /** How many of 1000 responses take 200 to 2400 ms longer. */
  readonly lateReplies?: number;
  /** How many of 1000 packets come again at some time in `replayMs`. Not on connections. */
  readonly replayed?: number;
  /** In ms; two minutes unless told. */
  readonly replayMs?: number;
}

/** Nothing is lost; now and then a packet overtakes another. */
export const FAIR: Weather = { delayMs: 1, jitterMs: 1, lost: 0, repeated: 0 };

export const REPLAY_MS = 120_000;

const WORDS = 4294967296;
const LATE_MS_MIN = 200;
const LATE_MS_MAX = 2400;

/** How long a packet is under way, in ms. */
export function drawDelay(weather: Weather, random: Random): number {
  const { delayMs, jitterMs } = weather;
  if (jitterMs === 0) return delayMs;
  // In (0, 1]: its logarithm is finite.
  const draw = (random.word() + 1) / WORDS;
  if (weather.tail !== "long") return delayMs + draw * jitterMs;
  // Logarithms may differ in their last bit between machines: cut off.
  return delayMs + Math.round(-Math.log(draw) * jitterMs * 1024) / 1024;
}

/** How much longer than others this packet takes, in ms. */
export function drawLateness(weather: Weather, random: Random, packet: Uint8Array): number {
  const { lateReplies = 0 } = weather;
  if (lateReplies === 0 || !isReply(packet) || !random.chance(lateReplies, 1000)) return 0;
  return LATE_MS_MIN + random.below(LATE_MS_MAX - LATE_MS_MIN + 1);
}

function isReply(packet: Uint8Array): boolean {
  switch (peekKind(packet)) {
    case "vote-response":
    case "append-response":
    case "snapshot-response":
    case "forward-response":
      return true;
    default:
      return false;
  }
}
