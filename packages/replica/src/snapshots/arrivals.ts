/** Snapshots that peers send: put together, checked, and kept until they are wanted (§7). */

import { assert, type Index, type SnapshotMeta, type SnapshotPiece } from "@holdfast/raft";
import type { StoreIdentity } from "../identity.ts";
import { type Disk, DiskError } from "../ports.ts";
import { isSameMeta } from "./image.ts";
import { Incoming } from "./incoming.ts";

export interface ArrivalOptions {
  readonly identity: StoreIdentity;
  /** Size of the pieces that are read for a check, in bytes. */
  readonly chunkBytes: number;
}

/** All that arrive at one node. Everything happens in the order of the calls. */
export class Arrivals {
  readonly #disk: Disk;
  readonly #options: ArrivalOptions;
  #incoming: Incoming | undefined;
  /**
   * Received, and waiting to be put in force, oldest first: the next one may be complete before the
   * last is installed (E12). The core lets only a few wait.
   */
  #checked: readonly Incoming[] = [];
  #arriving: Promise<void> = Promise.resolve();

  constructor(disk: Disk, options: ArrivalOptions) {
    this.#disk = disk;
    this.#options = options;
  }

  /**
   * Keeps a piece. The one at offset 0 begins anew; one that came before, or of a snapshot that was
   * checked already, changes nothing (E17). When there is no room, what had come of the snapshot
   * goes as well: it would take the room that the next one needs (D10).
   */
  receive(piece: SnapshotPiece): Promise<void> {
    return this.inTurn(async () => {
      if (this.checked(piece.snapshot) !== undefined) return;
      try {
        if (piece.offset === 0) await this.#begin(piece.snapshot);
        assert(this.#incoming !== undefined, "snapshots.receive: first piece is missing");
        this.#incoming.receive(piece);
      } catch (error) {
        if (error instanceof DiskError && error.code === "no-space") await this.#drop();
        throw error;
      }
    });
  }

  /** Whether what was received is all of this snapshot and undamaged. */
  check(meta: SnapshotMeta): Promise<boolean> {
    return this.inTurn(async () => {
      if (this.checked(meta) !== undefined) return true;
      const incoming = this.#incoming;
      if (incoming === undefined || !isSameMeta(incoming.meta, meta)) return false;
      if (!(await incoming.check(this.#options.identity, this.#options.chunkBytes))) return false;
      this.#incoming = undefined;
      this.#checked = [...this.#checked, incoming];
      return true;
    });
  }

  /** Removes one that was checked. */
  discard(meta: SnapshotMeta): Promise<void> {
    return this.inTurn(() =>
      this.#remove(this.#checked.filter((other) => isSameMeta(other.meta, meta))),
    );
  }

  /** The one that was checked and is this snapshot. */
  checked(meta: SnapshotMeta): Incoming | undefined {
    return this.#checked.find((incoming) => isSameMeta(incoming.meta, meta));
  }

  /** Lets go of one that was checked, and leaves its file. */
  release(incoming: Incoming): Promise<void> {
    this.#checked = this.#checked.filter((other) => other !== incoming);
    return incoming.close();
  }

  /** Removes those that were checked and go less far than `index`. */
  forgetBefore(index: Index): Promise<void> {
    return this.#remove(this.#checked.filter((other) => other.meta.index < index));
  }

  /** Does `work` when all that was asked for before is done. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#arriving.then(work);
    this.#arriving = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** Waits for what was begun and lets go of the files. */
  async close(): Promise<void> {
    await this.#arriving;
    await this.#incoming?.close();
    this.#incoming = undefined;
    for (const incoming of this.#checked) await incoming.close();
    this.#checked = [];
  }

  /** What was arriving is given up; a file of the same name is written anew. */
  async #begin(meta: SnapshotMeta): Promise<void> {
    const before = this.#incoming;
    if (before !== undefined && before.meta.index !== meta.index) await this.#drop();
    else await before?.close();
    this.#incoming = await Incoming.begin(this.#disk, meta);
  }

  async #drop(): Promise<void> {
    const incoming = this.#incoming;
    this.#incoming = undefined;
    if (incoming === undefined) return;
    await incoming.close();
    await this.#disk.remove(incoming.name);
  }

  async #remove(spent: readonly Incoming[]): Promise<void> {
    this.#checked = this.#checked.filter((incoming) => !spent.includes(incoming));
    for (const incoming of spent) {
      await incoming.close();
      await this.#disk.remove(incoming.name);
    }
  }
}
