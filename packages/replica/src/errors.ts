/** Every error of the replica, told apart by what the caller can do next. Codes are stable. */

import type { DiskErrorCode } from "./ports.ts";

/**
 * The write-ahead log holds something that no crash can explain: bytes that were durable have changed, or a file is
 * missing. Nothing was modified. Recover the node from its peers, or the directory from a copy.
 */
export class WalDamagedError extends Error {
  readonly code = "WAL_DAMAGED";
  readonly file: string;
  /** Where the first bad record begins, in bytes. */
  readonly offset: number;
  readonly reason: string;

  constructor(file: string, offset: number, reason: string) {
    super(`Write-ahead log damaged at ${file}:${offset}: ${reason}`);
    this.name = "WalDamagedError";
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }
}

/**
 * The write-ahead log could not write or sync and has stopped for good: what was not acknowledged may or may not be
 * on disk. Every later append rejects with the same error. Close, see `diskCode`, and open the store anew.
 */
export class WalFailedError extends Error {
  readonly code = "WAL_FAILED";
  /** What the disk said, `no-space` for instance; `unknown` when it was not the disk that failed. */
  readonly diskCode: DiskErrorCode | "unknown";

  constructor(diskCode: DiskErrorCode | "unknown", cause: unknown) {
    super(`Write-ahead log stopped after a failed write (${diskCode})`, { cause });
    this.name = "WalFailedError";
    this.diskCode = diskCode;
  }
}

/** An append came after `close`. */
export class WalClosedError extends Error {
  readonly code = "WAL_CLOSED";

  constructor() {
    super("Write-ahead log is closed");
    this.name = "WalClosedError";
  }
}

/** The directory belongs to another node or another cluster. Nothing was modified; check the path. */
export class StoreIdentityError extends Error {
  readonly code = "STORE_IDENTITY";
  readonly file: string;

  constructor(file: string, what: "cluster" | "node", expected: number, found: number) {
    super(`${file} belongs to ${what} ${found}, not to ${what} ${expected}`);
    this.name = "StoreIdentityError";
    this.file = file;
  }
}

/** A file was written by another version of the format. Nothing was modified; use a release that reads it. */
export class StoreVersionError extends Error {
  readonly code = "STORE_VERSION";
  readonly file: string;
  readonly version: number;

  constructor(file: string, version: number, supported: number) {
    super(`${file} has format version ${version}, this release reads version ${supported}`);
    this.name = "StoreVersionError";
    this.file = file;
    this.version = version;
  }
}

/** A stored snapshot fails its checks. Use another one, or take the state from a peer. */
export class SnapshotDamagedError extends Error {
  readonly code = "SNAPSHOT_DAMAGED";
  readonly file: string;
  readonly reason: string;

  constructor(file: string, reason: string) {
    super(`Snapshot ${file} is damaged: ${reason}`);
    this.name = "SnapshotDamagedError";
    this.file = file;
    this.reason = reason;
  }
}

/** No snapshot of that index is kept (any more). */
export class SnapshotMissingError extends Error {
  readonly code = "SNAPSHOT_MISSING";

  constructor(index: number) {
    super(`No snapshot is stored for index ${index}`);
    this.name = "SnapshotMissingError";
  }
}
