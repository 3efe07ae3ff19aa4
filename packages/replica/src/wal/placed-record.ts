/** Reads single records out of a segment's bytes, for who looks at a log from outside. */

import { ByteReader } from "./bytes.ts";
import { frameAt } from "./frame.ts";
import { readRecord, type WalRecord } from "./record.ts";

export interface PlacedRecord {
  /** Its payloads are views of the segment's bytes. */
  readonly record: WalRecord;
  /** Where the write that carried it began; 0 for what was in the file before it had its name. */
  readonly batchStart: number;
  readonly start: number;
  /** The next record begins here. */
  readonly end: number;
}

/**
 * The whole and undamaged record at `start` of a segment with this key (the checksum of its
 * header), or `undefined`.
 */
export function recordAt(bytes: Uint8Array, start: number, key: number): PlacedRecord | undefined {
  const frame = frameAt(bytes, start, key);
  if (frame === undefined) return undefined;
  const record = readRecord(new ByteReader(bytes, frame.bodyStart, frame.bodyEnd));
  if (record === undefined) return undefined;
  return { record, batchStart: frame.batchStart, start, end: frame.end };
}
