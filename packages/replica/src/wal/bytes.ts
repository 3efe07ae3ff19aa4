/** Whole numbers and byte strings to and from a buffer, as the log's files hold them. */

import { crc32Of } from "../crc32.ts";

/**
 * Length of `value` as a varint: seven bits a byte, low bits first. `value` is a safe integer, 0 or
 * more.
 */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  let bytes = 2;
  for (let rest = Math.floor(value / 0x4000); rest > 0; rest = Math.floor(rest / 128)) bytes += 1;
  return bytes;
}

/** Appends to a buffer that grows as needed and can be used again. */
export class ByteWriter {
  #buffer: Uint8Array;
  /** Of the same bytes. */
  #view: DataView;
  #length = 0;

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity);
    this.#view = new DataView(this.#buffer.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written, as a view: valid until the next call of `reset` or a `put` method. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Checksum of what was written from `from` on, see `crc32`. */
  crc32(from: number, seed: number): number {
    return crc32Of(this.#view, seed, from, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  putByte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  /** Little endian. */
  putU16(value: number): void {
    this.#reserve(2);
    const at = this.#length;
    this.#buffer[at] = value;
    this.#buffer[at + 1] = value >>> 8;
    this.#length = at + 2;
  }

  /** Little endian. */
  putU32(value: number): void {
    this.putU16(value);
    this.putU16(value >>> 16);
  }

  putVarint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.putByte((rest % 128) | 128);
    this.putByte(rest);
  }

  putBytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const bigger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    bigger.set(this.view());
    this.#buffer = bigger;
    this.#view = new DataView(bigger.buffer);
  }
}

/**
 * Reads a range of a buffer. What does not fit, or is not a safe integer, reads as 0 (or nothing)
 * and clears `ok`: one look at the end of a record replaces a check per field.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
  readonly end: number;
  ok = true;

  constructor(bytes: Uint8Array, offset: number, end: number) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = Math.min(end, bytes.length);
  }

  byte(): number {
    const value = this.offset < this.end ? this.bytes[this.offset] : undefined;
    this.offset += 1;
    if (value !== undefined) return value;
    this.ok = false;
    return 0;
  }

  u32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count += 1) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (Number.isSafeInteger(value)) return value;
        break;
      }
      scale *= 128;
    }
    this.ok = false;
    return 0;
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const from = this.offset;
    this.offset += length;
    if (this.offset <= this.end) return this.bytes.subarray(from, this.offset);
    this.ok = false;
    return this.bytes.subarray(0, 0);
  }
}

/**
 * Little endian. The four bytes must lie within `bytes`: `as number` drops a check, not a case.
 */
export function u32At(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}
