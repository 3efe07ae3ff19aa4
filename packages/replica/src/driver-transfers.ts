/**
 * Snapshots between nodes (§7, Fig. 13): pieces out to a peer, pieces in from the leader, the
 * check of the whole.
 */

import type {
  NodeId,
  SnapshotLoad,
  SnapshotMeta,
  SnapshotPiece,
  SnapshotRequest,
} from "@holdfast/raft";
import { sometimes } from "@holdfast/raft";
import { DiskError } from "./ports.ts";

/** What transfers need of the store. */
export interface SnapshotTransferStore {
  piece(index: number, offset: number): Promise<{ data: Uint8Array; done: boolean } | undefined>;
  receive(piece: SnapshotPiece): Promise<void>;
  check(meta: SnapshotMeta): Promise<boolean>;
  discard(meta: SnapshotMeta): Promise<void>;
}

export interface TransferHooks {
  send(packet: SnapshotRequest): void;
  /**
   * Whether the core still waits for this snapshot: of a transfer that has ended nothing is kept.
   */
  isExpected(meta: SnapshotMeta): boolean;
  /** A piece that a peer needs is gone. */
  unreadable(to: NodeId, index: number): void;
  /**
   * All pieces of an incoming snapshot are here, and the whole is as its sender says, or not. True
   * when it will be installed: until then the store must keep it, however slow the disk is.
   */
  checked(meta: SnapshotMeta, ok: boolean): Promise<boolean>;
  failed(doing: string, cause: unknown): void;
}

export interface TransferOptions {
  readonly id: NodeId;
  /** Of incoming pieces so many bytes may wait for the disk before more are turned away. */
  readonly waitingBytesMax: number;
}

export class Transfers {
  readonly #id: NodeId;
  readonly #waitingBytesMax: number;
  readonly #store: SnapshotTransferStore;
  readonly #hooks: TransferHooks;
  /** Incoming pieces are kept one after the other. */
  #keeping: Promise<void> = Promise.resolve();
  /** What the store is doing. */
  readonly #busy = new Set<Promise<unknown>>();
  #waitingBytes = 0;
  #isComplete = false;
  #isStopped = false;

  constructor(options: TransferOptions, store: SnapshotTransferStore, hooks: TransferHooks) {
    this.#id = options.id;
    this.#waitingBytesMax = options.waitingBytesMax;
    this.#store = store;
    this.#hooks = hooks;
  }

  /**
   * True while the disk is so far behind that no piece can be taken. The core answers a piece when
   * it sees it: without a limit a whole snapshot would wait in memory behind a slow install.
   */
  get isBehind(): boolean {
    return this.#waitingBytes >= this.#waitingBytesMax;
  }

  load(load: SnapshotLoad): void {
    const { to, term, seq, snapshot, offset } = load;
    this.#track(this.#store.piece(snapshot.index, offset)).then(
      (piece) => {
        if (this.#isStopped) return;
        if (piece === undefined) {
          sometimes("snapshots: a piece that a peer needs is gone");
          this.#hooks.unreadable(to, snapshot.index);
          return;
        }
        this.#hooks.send({
          kind: "snapshot-request",
          from: this.#id,
          to,
          term,
          seq,
          lastIndex: snapshot.index,
          lastTerm: snapshot.term,
          members: snapshot.members,
          offset,
          data: piece.data,
          done: piece.done,
        });
      },
      () => {
        if (!this.#isStopped) this.#hooks.unreadable(to, snapshot.index);
      },
    );
  }

  store(piece: SnapshotPiece): void {
    this.#waitingBytes += piece.data.length;
    this.#keeping = this.#keeping.then(() => this.#keep(piece));
  }

  /** Resolves when the disk is left alone. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return Promise.allSettled(this.#busy).then(() => {});
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#busy.add(work);
    const done = (): void => {
      this.#busy.delete(work);
    };
    work.then(done, done);
    return work;
  }

  async #keep(piece: SnapshotPiece): Promise<void> {
    this.#waitingBytes -= piece.data.length;
    if (this.#isStopped) return;
    if (!this.#hooks.isExpected(piece.snapshot)) {
      // Its check would come too late, and the store may have let go of its beginning: what came of
      // an earlier transfer of the same snapshot may be in force by now (E12).
      sometimes("snapshots: a piece comes to the disk when nobody waits for it");
      this.#isComplete = false;
      return;
    }
    if (piece.offset === 0) this.#isComplete = true;
    try {
      // One lost piece spoils the whole; the check tells the core, which asks for it anew.
      if (this.#isComplete) await this.#track(this.#store.receive(piece));
    } catch (error) {
      this.#isComplete = false;
      if (isFull(error)) sometimes("snapshots: no room for one that arrives");
      else this.#fail("keeping a piece of a snapshot", error);
    }
    if (piece.done) await this.#check(piece.snapshot);
  }

  async #check(meta: SnapshotMeta): Promise<void> {
    if (this.#isStopped) return;
    try {
      const ok = this.#isComplete && (await this.#track(this.#store.check(meta)));
      if (this.#isStopped) return;
      const isAwaited = await this.#hooks.checked(meta, ok);
      if (this.#isStopped || !ok || isAwaited) return;
    } catch (error) {
      this.#fail("checking a snapshot", error);
      return;
    }
    sometimes("snapshots: one that was checked is not wanted any more");
    try {
      await this.#track(this.#store.discard(meta));
    } catch (error) {
      this.#fail("removing a snapshot", error);
    }
  }

  #fail(doing: string, cause: unknown): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#hooks.failed(doing, cause);
  }
}

/** A full disk takes no snapshot now, but nothing that it holds is in doubt (D10). */
export function isFull(error: unknown): boolean {
  return error instanceof DiskError && error.code === "no-space";
}
