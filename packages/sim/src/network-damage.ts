/** What can happen to the bytes of one frame on a stream (N14). */

import { FRAME_HEADER_BYTES } from "@holdfast/replica";
import type { Random } from "./random.ts";

/**
 * - `flip`: some bits are other ones; in the head also those of the length.
 * - `miss`: some bytes are gone.
 * - `add`: some bytes are between that nobody sent.
 * - `repeat`: some bytes come twice.
 */
export type DamageKind = "flip" | "miss" | "add" | "repeat";

export const DAMAGE_KINDS: readonly DamageKind[] = ["flip", "miss", "add", "repeat"];

const FLIPS_MAX = 3;
const RUN_BYTES_MAX = 64;

/** The frame as it arrives; the one that was sent stays as it is. */
export function damagedFrame(frame: Uint8Array, kind: DamageKind, random: Random): Uint8Array {
  if (kind === "flip") return flipped(frame, random);
  // Now and then all of it: then the framing can't know, and the packet is lost or comes twice.
  const isWhole = kind !== "add" && random.chance(1, 10);
  const at = isWhole ? 0 : placeIn(frame, random);
  const most = Math.min(RUN_BYTES_MAX, frame.length - at);
  const count = isWhole ? frame.length : 1 + random.below(most);
  const before = frame.subarray(0, at);
  switch (kind) {
    case "miss":
      return joined(before, frame.subarray(at + count));
    case "add":
      return joined(before, random.bytes(count), frame.subarray(at));
    case "repeat":
      return joined(frame.subarray(0, at + count), frame.subarray(at));
  }
}

/** One bit or a few, each in another byte or the same, but never the same bit twice. */
function flipped(frame: Uint8Array, random: Random): Uint8Array {
  const damaged = frame.slice();
  const bits = new Set<number>();
  const flips = 1 + random.below(FLIPS_MAX);
  for (let i = 0; i < flips; i++) bits.add(placeIn(frame, random) * 8 + random.below(8));
  for (const bit of bits) damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
  return damaged;
}

/** In the head as often as anywhere: it is where damage does most. */
function placeIn(frame: Uint8Array, random: Random): number {
  return random.below(random.chance(1, 2) ? FRAME_HEADER_BYTES : frame.length);
}

export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
