/**
 * Every error class of the replica: told apart by what the caller can do next, each with a stable
 * `code`.
 */

import type { Index, Term } from "@holdfast/raft";
import type { DiskErrorCode } from "./ports.ts";

/**
 * The write-ahead log holds something that no crash can explain: bytes that were durable have
 * changed, or a file is missing. Nothing was modified. Recover the node from its peers, or the
 * directory from a copy.
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
 * The write-ahead log could not write or sync and has stopped for good: what was not acknowledged
 * may or may not be on disk. Every later append rejects with the same error. Close, see `diskCode`,
 * and open the store anew.
 */
export class WalFailedError extends Error {
  readonly code = "WAL_FAILED";
  /**
   * What the disk said, `no-space` for instance; `unknown` when it was not the disk that failed.
   */
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

/**
 * The directory belongs to another node or another cluster. Nothing was modified; check the path.
 */
export class StoreIdentityError extends Error {
  readonly code = "STORE_IDENTITY";
  readonly file: string;

  constructor(file: string, what: "cluster" | "node", expected: number, found: number) {
    super(`${file} belongs to ${what} ${found}, not to ${what} ${expected}`);
    this.name = "StoreIdentityError";
    this.file = file;
  }
}

/**
 * A file was written by another version of the format. Nothing was modified; use a release that
 * reads it.
 */
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

/**
 * Why a command was certainly not applied, and never will be:
 * - `no-leader`: none was found in time; try again.
 * - `overloaded`: a budget is spent; try again after `retryAfterMs`.
 * - `too-large`: it exceeds `commandBytesMax` and will never fit.
 * - `superseded`: another leader's entry took its place; try again.
 * - `aborted`: the signal fired before the command left.
 * - `closed`, `failed`: this replica takes no more; try another.
 */
export type NotCommittedReason =
  | "no-leader"
  | "overloaded"
  | "too-large"
  | "superseded"
  | "aborted"
  | "closed"
  | "failed";

/** The command was certainly not applied: proposing it again can't apply it twice. */
export class NotCommittedError extends Error {
  readonly code = "RAFT_NOT_COMMITTED";
  readonly reason: NotCommittedReason;
  /**
   * How long to wait before another try, in milliseconds; undefined when waiting won't help or
   * isn't needed.
   */
  readonly retryAfterMs: number | undefined;

  constructor(reason: NotCommittedReason, message: string, retryAfterMs?: number) {
    super(message);
    this.name = "NotCommittedError";
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The command may have been applied or may yet be: proposing it again may apply it twice. */
export class OutcomeUnknownError extends Error {
  readonly code = "RAFT_OUTCOME_UNKNOWN";
  /** The place in the log that the command was given; 0 when that isn't known either. */
  readonly index: Index;
  readonly term: Term;

  constructor(message: string, index: Index, term: Term) {
    super(message);
    this.name = "OutcomeUnknownError";
    this.index = index;
    this.term = term;
  }
}

/**
 * The disk refused or failed a write. The replica has stopped for good: what is on disk is known
 * only after a restart.
 */
export class DiskFailedError extends Error {
  readonly code = "DISK_FAILED";

  constructor(doing: string, cause: unknown) {
    super(`The disk failed at ${doing}: ${messageOf(cause)}`, { cause });
    this.name = "DiskFailedError";
  }
}

/**
 * The application's state machine threw. The replica has stopped: skipping the entry would make it
 * differ from the others.
 */
export class MachineError extends Error {
  readonly code = "MACHINE_FAILED";
  /** The entry (or snapshot) that it was given; 0 while it gave a snapshot. */
  readonly index: Index;

  constructor(doing: string, index: Index, options: { readonly cause: unknown }) {
    const reason = messageOf(options.cause);
    super(`The state machine failed at ${doing} (index ${index}): ${reason}`, options);
    this.name = "MachineError";
    this.index = index;
  }
}

/**
 * The core broke one of its own rules: a bug in Holdfast. The replica has stopped and leaves its
 * disk as it is.
 */
export class BrokenInvariantError extends Error {
  readonly code = "RAFT_INVARIANT";
  /** The last inputs, oldest first, one line each: what to put into the report. */
  readonly recent: readonly string[];

  constructor(cause: unknown, recent: readonly string[]) {
    super(`An invariant is broken: ${messageOf(cause)}; last inputs: ${recent.join(" | ")}`, {
      cause,
    });
    this.name = "BrokenInvariantError";
    this.recent = recent;
  }
}

/**
 * There is a snapshot, if only a damaged one, and no log: the log was lost, and with it the votes
 * that this node has given. It must not take part again under its id (P10).
 */
export class StoreIncompleteError extends Error {
  readonly code = "STORE_INCOMPLETE";
  /** Where the newest usable snapshot ends; 0 when none is usable. */
  readonly snapshotIndex: Index;

  constructor(snapshotIndex: Index, unusable?: Error) {
    const usable = snapshotIndex > 0 ? `a snapshot up to index ${snapshotIndex}` : "a snapshot";
    const why = unusable === undefined ? "" : ` (${unusable.message})`;
    super(
      `There is ${usable} but no log${why}: restore the missing log files, or replace this node`,
      { cause: unusable },
    );
    this.name = "StoreIncompleteError";
    this.snapshotIndex = snapshotIndex;
  }
}

/**
 * The log on disk begins after the newest good snapshot: entries are missing, and nobody may guess
 * them.
 */
export class StoreGapError extends Error {
  readonly code = "STORE_GAP";
  readonly snapshotIndex: Index;
  readonly logStart: Index;

  constructor(snapshotIndex: Index, logStart: Index, unusable?: Error) {
    const why = unusable === undefined ? "" : ` (${unusable.message})`;
    super(
      `The log starts after index ${logStart}, the newest usable snapshot ends at ` +
        `${snapshotIndex}${why}: restore the missing snapshot file, or replace this node`,
      { cause: unusable },
    );
    this.name = "StoreGapError";
    this.snapshotIndex = snapshotIndex;
    this.logStart = logStart;
  }
}

/**
 * A snapshot couldn't be made or saved. The replica goes on with a longer log; trying again later
 * is safe.
 */
export class SnapshotFailedError extends Error {
  readonly code = "SNAPSHOT_FAILED";
  readonly index: Index;

  constructor(index: Index, cause: unknown) {
    super(`No snapshot at index ${index}: ${messageOf(cause)}`, { cause });
    this.name = "SnapshotFailedError";
    this.index = index;
  }
}

/**
 * A snapshot was asked for that this replica can't give: it has stopped, or has not applied that
 * much.
 */
export class SnapshotRefusedError extends Error {
  readonly code = "SNAPSHOT_REFUSED";

  constructor(message: string) {
    super(message);
    this.name = "SnapshotRefusedError";
  }
}

/** What to quote of something that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
