/** Begins new segments and writes batches of records into the newest one. */

import { assert } from "@holdfast/raft";
import type { StoreIdentity } from "../identity.ts";
import type { Disk, DiskFile } from "../ports.ts";
import { ByteWriter } from "./bytes.ts";
import { type FrameChain, frameBytes, putFrame, SHELL_BYTES_MAX } from "./frame.ts";
import type { Head, WalRecord } from "./record.ts";
import { putHeader, segmentName } from "./segment-header.ts";
import { SPARE_NAME, type Spare } from "./spare.ts";

export const NEW_NAME = "wal-new.tmp";

const SCRATCH_BYTES = 64 * 1024;

export interface NewSegment {
  readonly sequence: number;
  readonly previousEnd: number;
  readonly previousSum: number;
  readonly head: Head;
  /** Go into the same write as the header. */
  readonly records: readonly WalRecord[];
}

/** The newest segment while it is written to. */
export class Tail {
  readonly sequence: number;
  readonly file: DiskFile;
  /** False as long as it holds only what was in it when it got its name. */
  hasBatches = false;
  readonly #chain: FrameChain;
  readonly #scratch: ByteWriter;

  constructor(sequence: number, file: DiskFile, chain: FrameChain, scratch: ByteWriter) {
    this.sequence = sequence;
    this.file = file;
    this.#chain = chain;
    this.#scratch = scratch;
  }

  get usedBytes(): number {
    return this.#chain.offset;
  }

  /** Checksum over the checksums of all its records. */
  get sum(): number {
    return this.#chain.sum;
  }

  /**
   * Whether the file stays within `segmentBytes` when `records`, of `bodyBytes` together without
   * their frames, are written.
   */
  hasRoomFor(records: readonly WalRecord[], bodyBytes: number, segmentBytes: number): boolean {
    let length = this.usedBytes;
    if (length + bodyBytes + records.length * SHELL_BYTES_MAX <= segmentBytes) return true;
    for (const record of records) length += frameBytes(record, length, this.usedBytes);
    return length <= segmentBytes;
  }

  /** Hands `records` to the disk in one write; they are durable after the next sync of the file. */
  write(records: readonly WalRecord[]): void {
    const start = this.#chain.offset;
    this.#scratch.reset();
    for (const record of records) putFrame(this.#scratch, record, this.#chain, start);
    this.file.write(start, this.#scratch.view());
    this.hasBatches = true;
  }
}

export class SegmentWriter {
  readonly #disk: Disk;
  readonly #identity: StoreIdentity;
  readonly #spare: Spare;
  readonly #scratch: ByteWriter = new ByteWriter(SCRATCH_BYTES);

  constructor(disk: Disk, identity: StoreIdentity, spare: Spare) {
    this.#disk = disk;
    this.#identity = identity;
    this.#spare = spare;
  }

  /**
   * The file gets its name only when all that is written into it here is on disk, so a segment
   * never lacks its header. An older segment of the same sequence number is replaced.
   */
  async begin(segment: NewSegment): Promise<Tail> {
    const spare = this.#spare.take();
    const unnamed = spare === undefined ? NEW_NAME : SPARE_NAME;
    const file =
      spare === undefined ? await this.#disk.create(unnamed) : await this.#disk.open(unnamed);
    const chain = this.#compose(segment, spare?.recycled ?? false);
    try {
      file.write(0, this.#scratch.view());
      await file.sync();
    } finally {
      await file.close();
    }
    const name = segmentName(segment.sequence);
    await this.#disk.rename(unnamed, name);
    await this.#disk.syncDirectory();
    this.#spare.release();
    return new Tail(segment.sequence, await this.#disk.open(name), chain, this.#scratch);
  }

  /** Fills the scratch buffer with header, head and records. */
  #compose(segment: NewSegment, recycled: boolean): FrameChain {
    const { sequence, previousEnd, previousSum, head } = segment;
    const identity = this.#identity;
    const headRecord: WalRecord = {
      head,
      reset: undefined,
      truncateFrom: 0,
      hardState: undefined,
      entries: [],
      compact: undefined,
    };
    const header = { identity, sequence, recycled, createdBytes: 0, previousEnd, previousSum };
    const records = [headRecord, ...segment.records];
    this.#scratch.reset();
    const headerBytes = putHeader(this.#scratch, header).end;
    let end = headerBytes;
    for (const record of records) end += frameBytes(record, end, 0);
    this.#scratch.reset();
    const placed = putHeader(this.#scratch, { ...header, createdBytes: end - headerBytes });
    const chain = { key: placed.crc, offset: placed.end, sum: placed.crc };
    for (const record of records) putFrame(this.#scratch, record, chain, 0);
    assert(chain.offset === end, "wal.begin: length of the first records");
    return chain;
  }
}
