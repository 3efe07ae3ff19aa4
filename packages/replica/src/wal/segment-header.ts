/**
 * The first bytes of a segment file: whose it is, where it stands in the log, and how it continues
 * the one before.
 */

import { crc32 } from "../crc32.ts";
import { StoreIdentityError, StoreVersionError, WalDamagedError } from "../errors.ts";
import type { StoreIdentity } from "../identity.ts";
import { ByteReader, type ByteWriter } from "./bytes.ts";

const MAGIC = "HFWL";
const VERSION = 1;
const RECYCLED = 1;

/** More than any header needs, in bytes: what to read of a file to be sure to have all of it. */
export const HEADER_BYTES_MAX = 64;

export interface SegmentHeader {
  readonly identity: StoreIdentity;
  /** Grows by one from segment to segment, from 1. */
  readonly sequence: number;
  /**
   * The file held other data before: what follows the last record may be anything, not only zeros.
   */
  readonly recycled: boolean;
  /** The records that were on disk before the file got its name, in bytes after the header. */
  readonly createdBytes: number;
  /**
   * Where the segment before ends, in bytes: what follows there doesn't count. 0 in the first
   * segment.
   */
  readonly previousEnd: number;
  /** Sum over the records of the segment before, see `sumWith`. 0 in the first segment. */
  readonly previousSum: number;
}

export interface PlacedHeader {
  readonly header: SegmentHeader;
  /** Length of the header, in bytes: the first record begins here. */
  readonly end: number;
  /** The header's own checksum: the key of all records in the segment. */
  readonly crc: number;
}

export function segmentName(sequence: number): string {
  return `wal-${sequence.toString(16).padStart(16, "0")}.log`;
}

/** `undefined` for the names of other files. */
export function sequenceOf(name: string): number | undefined {
  const digits = /^wal-([0-9a-f]{16})\.log$/.exec(name)?.[1];
  const sequence = digits === undefined ? 0 : Number.parseInt(digits, 16);
  return Number.isSafeInteger(sequence) && sequence > 0 ? sequence : undefined;
}

export function putHeader(writer: ByteWriter, header: SegmentHeader): PlacedHeader {
  const from = writer.length;
  for (const letter of MAGIC) writer.putByte(letter.charCodeAt(0));
  writer.putByte(VERSION);
  writer.putByte(header.recycled ? RECYCLED : 0);
  writer.putU32(header.createdBytes);
  writer.putU32(header.previousSum);
  writer.putVarint(header.identity.clusterId);
  writer.putVarint(header.identity.nodeId);
  writer.putVarint(header.sequence);
  writer.putVarint(header.previousEnd);
  const crc = crc32(writer.view(), 0, from);
  writer.putU32(crc);
  return { header, end: writer.length - from, crc };
}

/**
 * Reads and checks the header of the segment `name`. Throws what is wrong with it. Without
 * `identity` it may be anybody's.
 */
export function readHeader(
  name: string,
  bytes: Uint8Array,
  identity: StoreIdentity | undefined,
): PlacedHeader {
  const reader = new ByteReader(bytes, 0, bytes.length);
  const magic = reader.take(MAGIC.length);
  if (String.fromCharCode(...magic) !== MAGIC) {
    throw new WalDamagedError(name, 0, "not a log segment");
  }
  const version = reader.byte();
  if (!reader.ok) throw new WalDamagedError(name, 0, "header is cut short");
  if (version !== VERSION) throw new StoreVersionError(name, version, VERSION);
  const recycled = reader.byte() === RECYCLED;
  const createdBytes = reader.u32();
  const previousSum = reader.u32();
  const found = { clusterId: reader.varint(), nodeId: reader.varint() };
  const sequence = reader.varint();
  const previousEnd = reader.varint();
  const crc = crc32(bytes, 0, 0, Math.min(reader.offset, bytes.length));
  if (reader.u32() !== crc || !reader.ok) {
    throw new WalDamagedError(name, 0, "header checksum does not match");
  }
  if (identity !== undefined) checkIdentity(name, identity, found);
  if (segmentName(sequence) !== name) {
    throw new WalDamagedError(name, 0, "header belongs to another segment");
  }
  const header = {
    identity: found,
    sequence,
    recycled,
    createdBytes,
    previousEnd,
    previousSum,
  };
  return { header, end: reader.offset, crc };
}

function checkIdentity(name: string, expected: StoreIdentity, found: StoreIdentity): void {
  if (found.clusterId !== expected.clusterId) {
    throw new StoreIdentityError(name, "cluster", expected.clusterId, found.clusterId);
  }
  if (found.nodeId !== expected.nodeId) {
    throw new StoreIdentityError(name, "node", expected.nodeId, found.nodeId);
  }
}
