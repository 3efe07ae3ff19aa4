/** Frames: how packets keep their edges on a byte stream. Layout: docs/reference/wire-format.md. */

import { crc32, crc32OfWord } from "../crc32.ts";
import { u32At } from "../wal/bytes.ts";

/** Length, its checksum and that of the payload, before each payload. */
export const FRAME_HEADER_BYTES = 12;

/** CRC-32 as zlib computes it, of `bytes` behind what has the checksum `seed`. */
export type Checksum = (bytes: Uint8Array, seed: number) => number;

/**
 * The stream is not what a peer of this version sends: drop the connection, nothing behind this can
 * be trusted.
 */
export class FrameError extends Error {
  readonly code = "WIRE_BAD_FRAME";
  readonly why: "oversize" | "checksum";

  constructor(why: "oversize" | "checksum", message: string) {
    super(message);
    this.name = "FrameError";
    this.why = why;
  }
}

/**
 * Writes one frame at `at`, where there is room for it, and returns where it ends. The length has a
 * checksum of its own: a reader that believed a damaged one would wait for megabytes and meanwhile
 * swallow all that follows, heartbeats too, for hours (N14).
 */
export function writeFrame(
  target: Uint8Array,
  at: number,
  payload: Uint8Array,
  checksum: Checksum = crc32,
): number {
  putU32(target, at, payload.length);
  putU32(target, at + 4, crc32OfWord(payload.length));
  putU32(target, at + 8, checksum(payload, payload.length));
  target.set(payload, at + FRAME_HEADER_BYTES);
  return at + FRAME_HEADER_BYTES + payload.length;
}

/** Cuts a stream that arrives in any pieces back into payloads. */
export class FrameReader {
  private readonly payloadBytesMax: number;
  private readonly onPayload: (payload: Uint8Array) => void;
  private readonly checksum: Checksum;
  /**
   * Pieces of the frame that is not complete yet, joined only when it is: memory grows with what
   * arrived.
   */
  private held: Uint8Array[] = [];
  private bytes = 0;
  private wantedBytes = FRAME_HEADER_BYTES;

  constructor(
    payloadBytesMax: number,
    onPayload: (payload: Uint8Array) => void,
    checksum: Checksum = crc32,
  ) {
    this.payloadBytesMax = payloadBytesMax;
    this.onPayload = onPayload;
    this.checksum = checksum;
  }

  /** Bytes of a frame that is not complete yet. */
  get heldBytes(): number {
    return this.bytes;
  }

  /**
   * Calls `onPayload` for each frame that is now complete. Payloads are views into what was pushed,
   * where one piece holds them whole. Throws {@link FrameError}; the reader is of no use after
   * that.
   */
  push(piece: Uint8Array): void {
    const bytes = this.join(piece);
    if (bytes === undefined) return;
    let at = 0;
    let frameBytes = FRAME_HEADER_BYTES;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      frameBytes = FRAME_HEADER_BYTES + this.payloadBytes(bytes, at);
      if (bytes.length - at < frameBytes) break;
      this.onPayload(this.payloadAt(bytes, at, frameBytes));
      at += frameBytes;
      frameBytes = FRAME_HEADER_BYTES;
    }
    if (at === bytes.length) return;
    this.held = [bytes.subarray(at)];
    this.bytes = bytes.length - at;
    this.wantedBytes = frameBytes;
  }

  /** What is held with `piece` behind it, once that is enough for something. */
  private join(piece: Uint8Array): Uint8Array | undefined {
    if (this.bytes === 0) return piece;
    this.held.push(piece);
    this.bytes += piece.length;
    if (this.bytes < this.wantedBytes) return undefined;
    const joined = new Uint8Array(this.bytes);
    let at = 0;
    for (const one of this.held) {
      joined.set(one, at);
      at += one.length;
    }
    this.held = [];
    this.bytes = 0;
    return joined;
  }

  private payloadBytes(bytes: Uint8Array, at: number): number {
    const payloadBytes = u32At(bytes, at);
    if (u32At(bytes, at + 4) !== crc32OfWord(payloadBytes)) {
      throw new FrameError("checksum", "Frame's length has a wrong checksum");
    }
    if (payloadBytes > this.payloadBytesMax) {
      throw new FrameError("oversize", `Frame of ${payloadBytes} bytes exceeds the limit`);
    }
    return payloadBytes;
  }

  private payloadAt(bytes: Uint8Array, at: number, frameBytes: number): Uint8Array {
    const begin = bytes.byteOffset + at + FRAME_HEADER_BYTES;
    const payload = new Uint8Array(bytes.buffer, begin, frameBytes - FRAME_HEADER_BYTES);
    if (u32At(bytes, at + 8) !== this.checksum(payload, payload.length)) {
      throw new FrameError("checksum", `Frame of ${payload.length} bytes has a wrong checksum`);
    }
    return payload;
  }
}

function putU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}
