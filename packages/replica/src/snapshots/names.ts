/** Names of the files of snapshots. */

import type { Index } from "@holdfast/raft";

/** An own snapshot until it is whole and in force. */
export const SAVING_NAME = "snapshot-saving.tmp";

/** What a crash leaves behind of snapshots that were not in force yet. */
export const TEMPORARY: RegExp = /^snapshot-.*\.tmp$/;

/** The snapshot up to `index`, in force. */
export function snapshotName(index: Index): string {
  return `snapshot-${digitsOf(index)}.snap`;
}

/** The snapshot up to `index` while it arrives from a peer. */
export function incomingName(index: Index): string {
  return `snapshot-${digitsOf(index)}-incoming.tmp`;
}

/** Up to where the snapshot in the file of this name goes; `undefined` for other files. */
export function snapshotIndexOf(name: string): Index | undefined {
  const digits = /^snapshot-([0-9a-f]{16})\.snap$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

/** Names sort as the indexes do. */
function digitsOf(index: Index): string {
  return index.toString(16).padStart(16, "0");
}
