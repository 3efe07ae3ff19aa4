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
  switch (kind) {
    case "flip":
      return flipped(frame, random);
    case "miss": {
      const { from, to } = runIn(frame, random);
      return joined(frame.subarray(0, from), frame.subarray(to));
    }
    case "add": {
      const at = placeIn(frame, random);
      const strange = random.bytes(1 + random.below(RUN_BYTES_MAX));
      return joined(frame.subarray(0, at), strange, frame.subarray(at));
    }
    case "repeat": {
      const { from, to } = runIn(frame, random);
      return joined(frame.subarray(0, to), frame.subarray(from));
    }
  }
}

/** Now and then all of it: then no framing can know, and the packet is gone or comes twice. */
function runIn(frame: Uint8Array, random: Random): { readonly from: number; readonly to: number } {
  if (random.chance(1, 10)) return { from: 0, to: frame.length };
  const from = placeIn(frame, random);
  const most = Math.min(RUN_BYTES_MAX, frame.length - from);
  return { from, to: from + 1 + random.below(most) };
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
