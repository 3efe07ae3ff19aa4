/** What can be asked of a disk, and who may look on. */

import type { DiskErrorCode } from "@holdfast/replica";

export type DiskOperation =
  | "list"
  | "open"
  | "create"
  | "rename"
  | "remove"
  | "sync-directory"
  | "read"
  | "write"
  | "sync"
  | "truncate"
  | "close";

/**
 * Called before operation number `count` (from 1) takes effect. It may end the process or crash the
 * disk (then there is no effect), or return a code: the operation then fails with it. A failed
 * `sync` behaves as `DiskFaults.afterFailedSync` says. A `write` that fails may leave a part of its
 * bytes.
 */
export type OperationHook = (
  count: number,
  operation: DiskOperation,
  name: string,
) => DiskErrorCode | undefined;

/**
 * Called when an operation has taken effect and its caller was not told yet. It may end the process
 * or crash the disk: the caller never learns of it then.
 */
export type EffectHook = (operation: DiskOperation, name: string) => void;

/** Who acts on operations at the moment. */
export interface DiskHooks {
  before: OperationHook | undefined;
  after: EffectHook | undefined;
}

/**
 * Is told what reaches the page cache and the platter. Files go by the id of their inode, which
 * stays the same under other names and through crashes. Not told: what a failed sync may have left
 * on the platter, and damage.
 */
export interface DiskWatcher {
  /** The file has these bytes there now, in the page cache. */
  wrote(file: number, position: number, length: number): void;
  /** A sync has succeeded: `platter` is the file as it would be after a power loss; only a view. */
  synced(file: number, platter: Uint8Array): void;
  /**
   * A sync of the directory has succeeded: names are as they would be after a power loss, and only
   * these may have changed.
   */
  directorySynced(names: readonly string[]): void;
}
