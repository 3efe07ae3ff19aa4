/**
 * The file image of a snapshot, the same on disk and on its way to a peer: a header, then the
 * application's bytes (§7).
 */

import type { SnapshotMeta } from "@holdfast/raft";
import { crc32 } from "../crc32.ts";
import { SnapshotDamagedError, StoreIdentityError, StoreVersionError } from "../errors.ts";
import type { StoreIdentity } from "../identity.ts";
import type { DiskFile } from "../ports.ts";
import { ByteReader, ByteWriter } from "../wal/bytes.ts";

const MAGIC = "HFSN";
const VERSION = 1;
/** Magic, version and the header's length: enough to know how much to read. */
const PREFIX_BYTES = 9;
const CRC_BYTES = 4;
const HEADER_BYTES_LIMIT = 1 << 20;

export interface ImageHeader {
  readonly meta: SnapshotMeta;
  readonly payloadBytes: number;
  readonly payloadCrc: number;
  /** Length of the header, in bytes: the payload begins here. */
  readonly end: number;
}

/**
 * Its length depends on `meta` alone, so that the place can be kept free until the payload is
 * known.
 */
export function headerOf(
  identity: StoreIdentity,
  meta: SnapshotMeta,
  payloadBytes: number,
  payloadCrc: number,
): Uint8Array {
  const writer = new ByteWriter(64);
  writer.putU32(payloadBytes % 2 ** 32);
  writer.putU32(Math.floor(payloadBytes / 2 ** 32));
  writer.putU32(payloadCrc);
  writer.putVarint(identity.clusterId);
  writer.putVarint(meta.index);
  writer.putVarint(meta.term);
  writer.putVarint(meta.members.voters.length);
  for (const voter of meta.members.voters) writer.putVarint(voter);
  const fields = writer.view().slice();
  writer.reset();
  for (const letter of MAGIC) writer.putByte(letter.charCodeAt(0));
  writer.putByte(VERSION);
  writer.putU32(fields.length);
  writer.putBytes(fields);
  writer.putU32(crc32(writer.view()));
  return writer.view().slice();
}

/** Throws `SnapshotDamagedError`, `StoreVersionError` or `StoreIdentityError`. */
export async function readImageHeader(
  file: DiskFile,
  identity: StoreIdentity,
): Promise<ImageHeader> {
  const end = headerEnd(file.name, await file.read(0, PREFIX_BYTES), file.size);
  return headerIn(file.name, await file.read(0, end), identity);
}

/** Reads a whole image that is in memory; throws what is wrong with it, as `verifyImage` does. */
export function readImage(name: string, bytes: Uint8Array, identity: StoreIdentity): ImageHeader {
  const end = headerEnd(name, bytes, bytes.length);
  const header = headerIn(name, bytes.subarray(0, end), identity);
  if (bytes.length !== header.end + header.payloadBytes) {
    throw new SnapshotDamagedError(name, "length does not match");
  }
  if (crc32(bytes, 0, header.end) !== header.payloadCrc) {
    throw new SnapshotDamagedError(name, "payload checksum does not match");
  }
  return header;
}

/** How long the header is that begins with `prefix`, in bytes. */
function headerEnd(name: string, prefix: Uint8Array, fileBytes: number): number {
  const reader = new ByteReader(prefix, 0, PREFIX_BYTES);
  if (String.fromCharCode(...reader.take(MAGIC.length)) !== MAGIC) {
    throw new SnapshotDamagedError(name, "not a snapshot");
  }
  const version = reader.byte();
  if (version !== VERSION) throw new StoreVersionError(name, version, VERSION);
  const end = PREFIX_BYTES + reader.u32() + CRC_BYTES;
  if (!reader.ok || end > Math.min(fileBytes, HEADER_BYTES_LIMIT)) {
    throw new SnapshotDamagedError(name, "header is cut short");
  }
  return end;
}

/** The header that is all of `bytes`. */
function headerIn(name: string, bytes: Uint8Array, identity: StoreIdentity): ImageHeader {
  const end = bytes.length;
  const crcAt = end - CRC_BYTES;
  if (new ByteReader(bytes, crcAt, end).u32() !== crc32(bytes, 0, 0, crcAt)) {
    throw new SnapshotDamagedError(name, "header checksum does not match");
  }
  return readFields(name, new ByteReader(bytes, PREFIX_BYTES, crcAt), identity, end);
}

function readFields(
  name: string,
  reader: ByteReader,
  identity: StoreIdentity,
  end: number,
): ImageHeader {
  const payloadBytes = reader.u32() + reader.u32() * 2 ** 32;
  const payloadCrc = reader.u32();
  const clusterId = reader.varint();
  const index = reader.varint();
  const term = reader.varint();
  const voters: number[] = [];
  for (let left = reader.varint(); left > 0 && reader.ok; left -= 1) voters.push(reader.varint());
  if (!reader.ok || reader.offset !== reader.end) {
    throw new SnapshotDamagedError(name, "header makes no sense");
  }
  if (clusterId !== identity.clusterId) {
    throw new StoreIdentityError(name, "cluster", identity.clusterId, clusterId);
  }
  return { meta: { index, term, members: { voters } }, payloadBytes, payloadCrc, end };
}

/**
 * The payload in pieces. Throws `SnapshotDamagedError` after the last one if the whole is not what
 * was written.
 */
export async function* readPayload(
  file: DiskFile,
  header: ImageHeader,
  chunkBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = header.end + header.payloadBytes;
  if (file.size !== end) throw new SnapshotDamagedError(file.name, "length does not match");
  let crc = 0;
  for (let at = header.end; at < end; ) {
    const chunk = await file.read(at, Math.min(chunkBytes, end - at));
    if (chunk.length === 0) throw new SnapshotDamagedError(file.name, "file is cut short");
    at += chunk.length;
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (crc !== header.payloadCrc) {
    throw new SnapshotDamagedError(file.name, "payload checksum does not match");
  }
}

/** Reads everything and throws what is wrong. */
export async function verifyImage(
  file: DiskFile,
  identity: StoreIdentity,
  chunkBytes: number,
): Promise<ImageHeader> {
  const header = await readImageHeader(file, identity);
  for await (const _chunk of readPayload(file, header, chunkBytes)) {
    // Only the checksum counts here.
  }
  return header;
}

/** Writes the image of a snapshot into an empty file and syncs it. */
export async function writeImage(
  file: DiskFile,
  identity: StoreIdentity,
  meta: SnapshotMeta,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const start = headerOf(identity, meta, 0, 0).length;
  let end = start;
  let crc = 0;
  for await (const chunk of chunks) {
    file.write(end, chunk);
    crc = crc32(chunk, crc);
    end += chunk.length;
  }
  file.write(0, headerOf(identity, meta, end - start, crc));
  await file.sync();
}

export function isSameMeta(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return (
    a.index === b.index &&
    a.term === b.term &&
    a.members.voters.length === b.members.voters.length &&
    a.members.voters.every((voter, at) => voter === b.members.voters[at])
  );
}
