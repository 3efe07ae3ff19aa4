/**
 * The order of durable work: a received snapshot is put in force before the write that builds on
 * it, and nothing overtakes (H4, D15).
 */

import {
  assert,
  entryBytes,
  type Index,
  type SnapshotMeta,
  sometimes,
  type Write,
} from "@holdfast/raft";

/** Where the work goes. */
export interface DiskTargets {
  readonly wal: { append(write: Write): Promise<void> };
  readonly snapshots: { install(meta: SnapshotMeta): Promise<void> };
}

/** What the queue tells its owner. */
export interface DiskQueueEvents {
  /** This write and all before it are on disk. Called in the order of `seq`. */
  durable(write: Write): void;
  /** Called at most once. Nothing becomes durable afterwards, as far as anybody may know. */
  failed(doing: string, cause: unknown): void;
}

/**
 * FIFO over snapshot installs and log writes; log writes without a snapshot are handed on at once,
 * so that they share a sync.
 */
export class DiskQueue {
  readonly #targets: DiskTargets;
  readonly #events: DiskQueueEvents;
  /** Writes that wait behind a snapshot. */
  readonly #waiting: Write[] = [];
  readonly #idlers: (() => void)[] = [];
  readonly #installing: { readonly index: Index; readonly resolve: () => void }[] = [];
  #isBlocked = false;
  #hasFailed = false;
  #inFlight = 0;
  #lastSeq = 0;
  #pendingBytes = 0;

  constructor(targets: DiskTargets, events: DiskQueueEvents) {
    this.#targets = targets;
    this.#events = events;
  }

  /** Writes that were handed over and are not on disk yet. */
  get pending(): number {
    return this.#inFlight + this.#waiting.length;
  }

  /** The entries among them, in bytes. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  push(write: Write): void {
    assert(write.seq > this.#lastSeq, "disk queue: sequence");
    this.#lastSeq = write.seq;
    if (this.#hasFailed) return;
    this.#pendingBytes += bytesOf(write);
    if (this.#isBlocked) {
      sometimes("disk queue: a write waits behind a snapshot");
      this.#waiting.push(write);
    } else if (write.snapshot === undefined) {
      this.#append(write);
    } else {
      this.#waiting.push(write);
      void this.#unblock();
    }
  }

  /** Resolves when nothing is pending, or nothing more will happen. */
  async idle(): Promise<void> {
    while (this.pending > 0 && !this.#hasFailed) await this.#quiet();
  }

  /**
   * Resolves when no install of the snapshot at `index` is due; never when the queue has failed
   * before that.
   */
  installed(index: Index): Promise<void> {
    const isDue = this.#waiting.some((write) => write.snapshot?.index === index);
    if (!isDue) return this.#hasFailed ? new Promise(() => {}) : Promise.resolve();
    return new Promise((resolve) => {
      this.#installing.push({ index, resolve });
    });
  }

  #append(write: Write): void {
    this.#inFlight++;
    this.#targets.wal.append(write).then(
      () => {
        this.#inFlight--;
        this.#pendingBytes -= bytesOf(write);
        if (this.#hasFailed) return;
        this.#events.durable(write);
        this.#wakeIdlers();
      },
      (error: unknown) => {
        this.#inFlight--;
        this.#fail("writing the log", error);
      },
    );
  }

  /**
   * Works off what waits. A snapshot may be in force only when all that was promised before it is
   * on disk.
   */
  async #unblock(): Promise<void> {
    this.#isBlocked = true;
    for (let write = this.#waiting[0]; write !== undefined; write = this.#waiting[0]) {
      if (write.snapshot !== undefined && !(await this.#install(write.snapshot))) break;
      this.#waiting.shift();
      this.#append(write);
      if (write.snapshot !== undefined) this.#wakeInstalled(write.snapshot.index);
    }
    this.#isBlocked = false;
  }

  async #install(meta: SnapshotMeta): Promise<boolean> {
    if (this.#inFlight > 0) sometimes("disk queue: a snapshot waits for writes before it");
    while (this.#inFlight > 0 && !this.#hasFailed) await this.#quiet();
    if (this.#hasFailed) return false;
    try {
      await this.#targets.snapshots.install(meta);
    } catch (error) {
      this.#fail("installing a snapshot", error);
    }
    return !this.#hasFailed;
  }

  #fail(doing: string, error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#waiting.length = 0;
    this.#events.failed(doing, error);
    this.#wakeIdlers();
  }

  /** Resolves when something in flight has come back. */
  #quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#idlers.push(resolve);
    });
  }

  #wakeInstalled(index: Index): void {
    for (const { resolve } of this.#installing.filter((one) => one.index === index)) resolve();
    const rest = this.#installing.filter((one) => one.index !== index);
    this.#installing.splice(0, this.#installing.length, ...rest);
  }

  #wakeIdlers(): void {
    for (const wake of this.#idlers.splice(0)) wake();
  }
}

function bytesOf({ entries }: Write): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}
