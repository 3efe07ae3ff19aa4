/** Frames: how packets keep their edges on a byte stream. Layout: docs/reference/wire-format.md. */

import { crc32 } from "node:zlib";

/** Length and checksum, before each payload. */
export const FRAME_HEADER_BYTES = 8;

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

/** Writes one frame at `at`, where there is room for it, and returns where it ends. */
export function writeFrame(target: Buffer, at: number, payload: Uint8Array): number {
  target.writeUInt32LE(payload.length, at);
  target.writeUInt32LE(checksum(payload), at + 4);
  target.set(payload, at + FRAME_HEADER_BYTES);
  return at + FRAME_HEADER_BYTES + payload.length;
}

/**
 * The length begins the checksum, so that a damaged length is found even where it cuts at a frame's
 * edge.
 */
function checksum(payload: Uint8Array): number {
  return crc32(payload, payload.length);
}

/** Cuts a stream that arrives in any pieces back into payloads. */
export class FrameReader {
  private readonly payloadBytesMax: number;
  private readonly onPayload: (payload: Uint8Array) => void;
  /**
   * Pieces of the frame that is not complete yet, joined only when it is: memory grows with what
   * arrived.
   */
  private held: Buffer[] = [];
  private heldBytes = 0;
  private wantedBytes = FRAME_HEADER_BYTES;

  constructor(payloadBytesMax: number, onPayload: (payload: Uint8Array) => void) {
    this.payloadBytesMax = payloadBytesMax;
    this.onPayload = onPayload;
  }

  /**
   * Calls `onPayload` for each frame that is now complete. Payloads are views into what was pushed,
   * where one piece holds them whole. Throws {@link FrameError}; the reader is of no use after
   * that.
   */
  push(piece: Buffer): void {
    const bytes = this.join(piece);
    if (bytes === undefined) return;
    let at = 0;
    let frameBytes = FRAME_HEADER_BYTES;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      frameBytes = FRAME_HEADER_BYTES + this.payloadBytes(bytes, at);
      if (bytes.length - at < frameBytes) break;
      this.onPayload(payloadAt(bytes, at, frameBytes));
      at += frameBytes;
      frameBytes = FRAME_HEADER_BYTES;
    }
    if (at === bytes.length) return;
    this.held = [bytes.subarray(at)];
    this.heldBytes = bytes.length - at;
    this.wantedBytes = frameBytes;
  }

  /** What is held with `piece` behind it, once that is enough for something. */
  private join(piece: Buffer): Buffer | undefined {
    if (this.heldBytes === 0) return piece;
    this.held.push(piece);
    this.heldBytes += piece.length;
    if (this.heldBytes < this.wantedBytes) return undefined;
    const joined = Buffer.concat(this.held, this.heldBytes);
    this.held = [];
    this.heldBytes = 0;
    return joined;
  }

  private payloadBytes(bytes: Buffer, at: number): number {
    const payloadBytes = bytes.readUInt32LE(at);
    if (payloadBytes > this.payloadBytesMax) {
      throw new FrameError("oversize", `Frame of ${payloadBytes} bytes exceeds the limit`);
    }
    return payloadBytes;
  }
}

function payloadAt(bytes: Buffer, at: number, frameBytes: number): Uint8Array {
  const begin = bytes.byteOffset + at + FRAME_HEADER_BYTES;
  const payload = new Uint8Array(bytes.buffer, begin, frameBytes - FRAME_HEADER_BYTES);
  if (bytes.readUInt32LE(at + 4) !== checksum(payload)) {
    throw new FrameError("checksum", `Frame of ${payload.length} bytes has a wrong checksum`);
  }
  return payload;
}
