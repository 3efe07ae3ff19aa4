/** Bytes in and out: varints for numbers to 2^53 - 1, differences, spans with their length. */

import { assert, EMPTY, isCount } from "@holdfast/raft";
import { CodecError } from "./errors.ts";

/** A varint is at most this long: 2^53 - 1 has 53 bits, 7 per byte. */
export const VARINT_BYTES_MAX = 8;

const SLAB_BYTES = 64 << 10;
const SLAB_SHARE_MAX = 8 << 10;

let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

/**
 * Writes into a piece of memory that was measured beforehand. Small outputs are cut from a shared
 * slab, because an allocation of their own would cost more than the encoding; no two outputs ever
 * overlap.
 */
export class Writer {
  private readonly bytes: Uint8Array;
  private readonly start: number;
  private readonly limit: number;
  private at: number;

  /** `boundBytes` must be at least what will be written; `finish` checks it. */
  constructor(boundBytes: number) {
    if (boundBytes > SLAB_SHARE_MAX) {
      this.bytes = new Uint8Array(boundBytes);
      this.start = 0;
    } else {
      if (slabUsed + boundBytes > SLAB_BYTES) {
        slab = new Uint8Array(SLAB_BYTES);
        slabUsed = 0;
      }
      this.bytes = slab;
      this.start = slabUsed;
      slabUsed += boundBytes;
    }
    this.limit = this.start + boundBytes;
    this.at = this.start;
  }

  byte(value: number): void {
    this.bytes[this.at++] = value;
  }

  /**
   * A whole number from 0 to 2^53 - 1: 7 bits per byte, low ones first, high bit set on all but the
   * last.
   */
  count(value: number): void {
    assert(isCount(value), "codec: number out of range");
    const bytes = this.bytes;
    let at = this.at;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.at = at;
  }

  /**
   * The difference `to - from` of two counts. Bit 0 of the first byte is the sign, bits 1 to 6 the
   * low magnitude.
   */
  difference(from: number, to: number): void {
    assert(isCount(from) && isCount(to), "codec: number out of range");
    const sign = to < from ? 1 : 0;
    const magnitude = sign === 1 ? from - to : to - from;
    if (magnitude < 0x40) {
      this.bytes[this.at++] = (magnitude << 1) | sign;
      return;
    }
    this.bytes[this.at++] = ((magnitude % 0x40) << 1) | sign | 0x80;
    this.count(Math.floor(magnitude / 0x40));
  }

  /** A length and that many bytes, copied. */
  span(data: Uint8Array): void {
    this.count(data.length);
    if (data.length > 0) this.bytes.set(data, this.at);
    this.at += data.length;
  }

  /** What was written. The writer is spent. */
  finish(): Uint8Array {
    // A store past the end of a typed array is silently lost: never let a short bound pass.
    assert(this.at <= this.limit, "codec: wrote past the bound");
    // What the bound took too much goes back, unless another writer has begun behind this one.
    if (this.bytes === slab && slabUsed === this.limit) slabUsed = this.at;
    return new Uint8Array(this.bytes.buffer, this.start, this.at - this.start);
  }
}

/**
 * Reads what a {@link Writer} wrote. Each number has one spelling only, so equal packets are equal
 * bytes.
 */
export class Reader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw new CodecError("Packet ends too early");
    this.at++;
    return value;
  }

  /** A byte of flags, of which only those in `known` may be set. */
  flags(known: number): number {
    const value = this.byte();
    if ((value & ~known) !== 0) throw new CodecError("Unknown flag");
    return value;
  }

  count(): number {
    const first = this.byte();
    return first < 0x80 ? first : this.countRest(first & 0x7f);
  }

  /**
   * A count of things that take at least `leastBytes` each, so that more cannot follow than there
   * is room for.
   */
  countOf(leastBytes: number): number {
    const value = this.count();
    if (value > this.left / leastBytes) throw new CodecError("Count exceeds the packet");
    return value;
  }

  /** A number of a rising sequence: the distance from the one before, never 0. */
  countAbove(before: number): number {
    const distance = this.count();
    if (distance === 0) throw new CodecError("Sequence does not rise");
    return checked(before + distance);
  }

  /** The other end of a difference from `from`. */
  difference(from: number): number {
    const first = this.byte();
    const low = (first & 0x7f) >>> 1;
    const magnitude = first < 0x80 ? low : this.magnitude(low);
    if ((first & 1) === 0) return checked(from + magnitude);
    if (magnitude === 0) throw new CodecError("Number has a longer spelling than needed");
    return checked(from - magnitude);
  }

  /** A view, not a copy: it shares memory with the packet. */
  span(): Uint8Array {
    const length = this.countOf(1);
    if (length === 0) return EMPTY;
    const bytes = this.bytes;
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + this.at, length);
    this.at += length;
    return view;
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.at !== this.bytes.length) throw new CodecError("Packet goes on after its end");
  }

  private countRest(low: number): number {
    let value = low;
    let scale = 0x80;
    for (let i = 1; i < VARINT_BYTES_MAX; i++) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) {
        if (next === 0) throw new CodecError("Number has a longer spelling than needed");
        return checked(value);
      }
      scale *= 0x80;
    }
    throw new CodecError("Number out of range");
  }

  private magnitude(low: number): number {
    const high = this.count();
    if (high === 0) throw new CodecError("Number has a longer spelling than needed");
    return low + high * 0x40;
  }
}

function checked(value: number): number {
  if (!isCount(value)) throw new CodecError("Number out of range");
  return value;
}
