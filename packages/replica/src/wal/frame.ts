/**
 * The shell of a record in a segment. Its checks are bound to the segment and the place, so that a
 * record can be recognised on its own, also behind damage, and none from elsewhere passes. The
 * reasons: docs/reference/disk-format.md.
 */

import { crc32Of } from "../crc32.ts";
import { ByteReader, type ByteWriter, u32At, varintBytes } from "./bytes.ts";
import { putRecord, recordBytes, type WalRecord } from "./record.ts";

const CHECK_BYTES = 2;
const CRC_BYTES = 4;

/** What the frame of a record adds to its body, at most: check, two lengths, checksum. */
export const SHELL_BYTES_MAX: number = CHECK_BYTES + 2 * 8 + CRC_BYTES;

/** Where a segment's records are written: moves on with each of them. */
export interface FrameChain {
  /** The header's checksum: differs from segment to segment, also when a file is used again. */
  readonly key: number;
  /** Where in the file the next record goes, in bytes. */
  offset: number;
  /** Checksum over the checksums of all records so far, see `sumWith`. */
  sum: number;
}

/** Bytes that `record` takes at `offset` in a batch that begins at `batchStart`. */
export function frameBytes(record: WalRecord, offset: number, batchStart: number): number {
  const body = recordBytes(record);
  return CHECK_BYTES + varintBytes(body) + varintBytes(offset - batchStart) + body + CRC_BYTES;
}

/** Appends `record` to `writer`, whose next byte goes to `chain.offset` in the file. */
export function putFrame(
  writer: ByteWriter,
  record: WalRecord,
  chain: FrameChain,
  batchStart: number,
): void {
  const from = writer.length;
  const length = recordBytes(record);
  const back = chain.offset - batchStart;
  writer.putU16(checkOf(length, back, chain.offset, chain.key));
  writer.putVarint(length);
  writer.putVarint(back);
  putRecord(writer, record);
  const crc = writer.crc32(from, chain.key ^ chain.offset);
  writer.putU32(crc);
  chain.sum = writer.crc32(writer.length - CRC_BYTES, chain.sum);
  chain.offset += writer.length - from;
}

/**
 * The sum over a segment once `frame`, in `bytes`, is added: what the next segment's header
 * repeats.
 */
export function sumWith(sum: number, bytes: DataView, frame: Frame): number {
  return crc32Of(bytes, sum, frame.bodyEnd, frame.end);
}

export interface Frame {
  readonly start: number;
  /**
   * Where the write that carried it began: all before that was durable when this record was
   * written.
   */
  readonly batchStart: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly end: number;
  readonly crc: number;
}

/**
 * The record shell at `start`, if its short check holds and it fits into `bytes`; its checksum is
 * not looked at.
 */
export function shellAt(bytes: Uint8Array, start: number, key: number): Frame | undefined {
  // A record is never empty, so the length's first byte is never zero: free space is rejected at
  // once.
  if (bytes[start + CHECK_BYTES] === 0) return undefined;
  const reader = new ByteReader(bytes, start, bytes.length);
  const check = reader.byte() | (reader.byte() << 8);
  const length = reader.varint();
  const back = reader.varint();
  if (!reader.ok || check !== checkOf(length, back, start, key) || back > start) return undefined;
  const bodyEnd = reader.offset + length;
  const end = bodyEnd + CRC_BYTES;
  if (end > bytes.length) return undefined;
  const crc = u32At(bytes, bodyEnd);
  return { start, batchStart: start - back, bodyStart: reader.offset, bodyEnd, end, crc };
}

/** The record at `start`, if it is whole. Who reads many has a `view` of the same bytes. */
export function frameAt(
  bytes: Uint8Array,
  start: number,
  key: number,
  view?: DataView,
): Frame | undefined {
  const frame = shellAt(bytes, start, key);
  if (frame === undefined) return undefined;
  const crc = crc32Of(view ?? viewOf(bytes), key ^ start, start, frame.bodyEnd);
  return crc === frame.crc ? frame : undefined;
}

/** Another view of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * The first whole record after `from` whose batch began after `from` too. It was written when
 * `from` was durable already, so an unreadable record at `from` was not torn by a crash: it has
 * been damaged since.
 */
export function laterBatch(bytes: Uint8Array, from: number, key: number): Frame | undefined {
  for (let start = from + 1; start + CHECK_BYTES < bytes.length; start += 1) {
    if (bytes[start + CHECK_BYTES] === 0) continue;
    const shell = shellAt(bytes, start, key);
    if (shell === undefined || shell.batchStart <= from) continue;
    const frame = frameAt(bytes, start, key);
    if (frame !== undefined) return frame;
  }
  return undefined;
}

/**
 * Sixteen bits over what must be known before the body can be checked: makes looking for records
 * cheap.
 */
function checkOf(length: number, back: number, offset: number, key: number): number {
  let hash = Math.imul(key ^ length, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ back, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 13) ^ offset, 0x27d4eb2f);
  return (hash ^ (hash >>> 16)) & 0xffff;
}
