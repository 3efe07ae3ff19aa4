/**
 * Start-up: what the disk holds becomes a node, or a refusal with a name; nothing is guessed (D15,
 * E6, E15).
 */

import type { HardState, RaftConfig, Restored, SnapshotMeta, Write } from "@holdfast/raft";
import { NOBODY, sometimes } from "@holdfast/raft";
import { StoreGapError, StoreIncompleteError } from "./errors.ts";
import type { Disk } from "./ports.ts";
import { openSnapshots, type SnapshotStore } from "./snapshots/snapshot-store.ts";
import { hasWal, openWal, type Recovered } from "./wal/open-wal.ts";
import type { Wal } from "./wal/wal.ts";

export interface StoreOptions {
  readonly config: RaftConfig;
  readonly clusterId: number;
  readonly segmentBytes: number;
  readonly preallocate: boolean;
  readonly snapshotChunkBytes: number;
  /** Seed word of the node's random choices. */
  readonly random: number;
}

export interface OpenStore {
  readonly wal: Wal;
  readonly snapshots: SnapshotStore;
  readonly restored: Restored;
}

/**
 * Opens log and snapshots and makes them agree. Rejects with `StoreIncompleteError`,
 * `StoreGapError`, or what log and snapshots reject with: `StoreIdentityError`,
 * `StoreVersionError`, `WalDamagedError`, `WalFailedError`, the disk's own.
 */
export async function openStore(disk: Disk, options: StoreOptions): Promise<OpenStore> {
  const { config, clusterId, segmentBytes, preallocate, snapshotChunkBytes } = options;
  const identity = { clusterId, nodeId: config.id };
  const snapshots = await openSnapshots(disk, { identity, chunkBytes: snapshotChunkBytes });
  if (!(await hasWal(disk))) await refuseFormerLife(snapshots);
  const { wal, recovered } = await openWal(disk, { identity, segmentBytes, preallocate });
  const store = { wal, snapshots };
  try {
    const { start } = recovered;
    const snapshotIndex = snapshots.newest()?.index ?? 0;
    if (start.index > snapshotIndex) {
      sometimes("start: refused, entries are missing behind the snapshot");
      throw new StoreGapError(snapshotIndex, start.index, snapshots.damaged.at(-1)?.error);
    }
    const restored = await reconcile(wal, recovered, snapshots.newest(), options.random);
    return { ...store, restored };
  } catch (error) {
    await closeStore(store);
    throw error;
  }
}

/**
 * Without a log a node looks new and would vote again, so any snapshot says that it isn't: a
 * damaged one, too (seed 10018250).
 */
async function refuseFormerLife(snapshots: SnapshotStore): Promise<void> {
  const newest = snapshots.newest();
  const unusable = snapshots.damaged.at(-1);
  if (newest === undefined && unusable === undefined) return;
  await snapshots.close();
  throw new StoreIncompleteError(newest?.index ?? 0, unusable?.error);
}

/** Waits for what was begun and lets go of the files. What fails now was promised to nobody. */
export async function closeStore({ wal, snapshots }: Omit<OpenStore, "restored">): Promise<void> {
  await snapshots.close().catch(() => {});
  await wal.close();
}

async function reconcile(
  wal: Pick<Wal, "append">,
  recovered: Recovered,
  snapshot: SnapshotMeta | undefined,
  random: number,
): Promise<Restored> {
  const { hardState, start, entries } = recovered;
  if (snapshot === undefined || holds(recovered, snapshot)) {
    return { hardState, snapshot, start, entries, random };
  }
  sometimes("start: the snapshot is ahead of the log");
  // A crash came between the snapshot and the log that follows from it: what the log holds instead
  // is old or was never decided, as the snapshot stands for committed entries only.
  const raised = raise(hardState, snapshot);
  await wal.append(resetTo(snapshot, raised));
  const { index, term } = snapshot;
  return { hardState: raised, snapshot, start: { index, term }, entries: [], random };
}

/** Whether the log has the entry at which the snapshot ends. */
function holds({ start, entries }: Recovered, { index, term }: SnapshotMeta): boolean {
  if (index === start.index) return term === start.term;
  return entries[index - start.index - 1]?.term === term;
}

/** A term that this node has never spoken in, so no vote of it can be out. */
function raise(hardState: HardState, { term }: SnapshotMeta): HardState {
  return term > hardState.term ? { term, vote: NOBODY } : hardState;
}

function resetTo(snapshot: SnapshotMeta, hardState: HardState): Write {
  return {
    seq: 0,
    hardState,
    snapshot,
    truncateFrom: 0,
    entries: [],
    compactTo: 0,
    compactTerm: 0,
    thenSend: [],
  };
}
