/**
 * Own snapshots (§7): when one is due, how it is read from the machine and saved, and who hears of
 * it.
 */

import type { Entry, Index, SnapshotMeta } from "@holdfast/raft";
import { entryBytes } from "@holdfast/raft";
import { SnapshotFailedError, SnapshotRefusedError } from "./errors.ts";
import type { Machine, Position } from "./machine.ts";
import { maybe } from "./maybe.ts";
import type { Clock } from "./ports.ts";

type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What own snapshots need of the store. */
export interface SnapshotSaver {
  newest(): SnapshotMeta | undefined;
  save(meta: SnapshotMeta, chunks: Chunks): Promise<void>;
}

export interface SnapshotPolicy {
  /** Applied entries and their bytes after which a snapshot is taken; 0 = never by itself. */
  readonly everyEntries: number;
  readonly everyBytes: number;
}

export interface OwnSnapshotHooks {
  /** What a snapshot at this place stands for. */
  meta(at: Position): SnapshotMeta;
  /** It is durable: the log before it may go. */
  taken(index: Index): void;
  /** Saving failed. The log stays; the next one is tried when the policy says so. */
  saveFailed(error: SnapshotFailedError): void;
  /** One has ended: perhaps another one is due (E10). */
  ended(): void;
}

interface Waiter {
  readonly resolve: (index: Index) => void;
  readonly reject: (error: Error) => void;
}

export class OwnSnapshots<R> {
  readonly #store: SnapshotSaver;
  readonly #machine: Machine<R>;
  readonly #policy: SnapshotPolicy;
  readonly #slicer: Slicer;
  readonly #hooks: OwnSnapshotHooks;
  #entries = 0;
  #bytes = 0;
  #waiters: Waiter[] = [];
  #saving: Promise<void> = Promise.resolve();
  #isTaking = false;
  #isStopped = false;

  constructor(
    store: SnapshotSaver,
    machine: Machine<R>,
    policy: SnapshotPolicy,
    slicer: Slicer,
    hooks: OwnSnapshotHooks,
  ) {
    this.#store = store;
    this.#machine = machine;
    this.#policy = policy;
    this.#slicer = slicer;
    this.#hooks = hooks;
  }

  /** One more entry was applied. */
  count(entry: Entry): void {
    this.#entries++;
    this.#bytes += entryBytes(entry);
  }

  /** The state was taken from a snapshot: the policy counts from there. */
  reset(): void {
    this.#entries = 0;
    this.#bytes = 0;
  }

  /**
   * Between two applies. Begins a snapshot when one is due; the machine must rest until the promise
   * resolves.
   */
  between(at: Position): Promise<void> | undefined {
    if (this.#isTaking || this.#isStopped || !this.#isDue()) return undefined;
    const newest = this.#store.newest()?.index ?? 0;
    if (at.index <= newest) {
      this.reset();
      for (const waiter of this.#waiters.splice(0)) waiter.resolve(newest);
      return undefined;
    }
    return this.#take(at);
  }

  /**
   * Resolves with the index of a snapshot that covers all that was applied when this was called.
   */
  request(): Promise<Index> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  /**
   * Keeps a snapshot that the application made itself. Older than what is kept already: nothing to
   * do.
   */
  keep(at: Position, chunks: Iterable<Uint8Array>): Promise<void> {
    const meta = this.#hooks.meta(at);
    const saved = this.#saving.then(() => this.#save(meta, chunks));
    this.#saving = saved.catch(() => {});
    return saved;
  }

  /**
   * No new snapshot begins and one under way ends at its next piece. Resolves when the disk is left
   * alone.
   */
  stop(message: string): Promise<void> {
    this.#isStopped = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new SnapshotRefusedError(message));
    return this.#saving;
  }

  #isDue(): boolean {
    const { everyEntries, everyBytes } = this.#policy;
    return (
      this.#waiters.length > 0 ||
      (everyEntries > 0 && this.#entries >= everyEntries) ||
      (everyBytes > 0 && this.#bytes >= everyBytes) ||
      maybe("snapshots: take one that is not due")
    );
  }

  /**
   * Resolves when the machine has given its last piece: the disk may take longer, the machine
   * needn't wait for it.
   */
  #take(at: Position): Promise<void> {
    const meta = this.#hooks.meta(at);
    const waiters = this.#waiters.splice(0);
    this.#isTaking = true;
    this.reset();
    return new Promise((wasRead) => {
      const saved = this.#saving.then(() => this.#save(meta, this.#read(wasRead)));
      this.#saving = saved
        .then(
          () => {
            for (const waiter of waiters) waiter.resolve(meta.index);
          },
          (error: Error) => {
            for (const waiter of waiters) waiter.reject(error);
          },
        )
        .then(() => {
          wasRead();
          this.#isTaking = false;
          if (!this.#isStopped) this.#hooks.ended();
        });
    });
  }

  async *#read(wasRead: () => void): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#slicer.slice(this.#machine.snapshot(), () => this.#isStopped);
    } finally {
      wasRead();
    }
  }

  async #save(meta: SnapshotMeta, chunks: Chunks): Promise<void> {
    if (this.#isStopped) throw new SnapshotRefusedError("The replica has stopped");
    if (meta.index <= (this.#store.newest()?.index ?? 0)) return;
    try {
      await this.#store.save(meta, chunks);
    } catch (cause) {
      const error = new SnapshotFailedError(meta.index, cause);
      if (!this.#isStopped) this.#hooks.saveFailed(error);
      throw error;
    }
    if (!this.#isStopped) this.#hooks.taken(meta.index);
  }
}

/** Passes pieces on and lets everything else have its turn now and then. */
export class Slicer {
  readonly #clock: Clock;
  readonly #sliceMs: number;

  constructor(clock: Clock, sliceMs: number) {
    this.#clock = clock;
    this.#sliceMs = sliceMs;
  }

  async *slice(chunks: Chunks, isStopped: () => boolean): AsyncGenerator<Uint8Array> {
    let until = this.#clock.now() + this.#sliceMs;
    for await (const chunk of chunks) {
      if (isStopped()) throw new SnapshotRefusedError("The replica has stopped");
      yield chunk;
      if (this.#clock.now() < until && !maybe("snapshots: pause after a piece")) continue;
      await new Promise<void>((resolve) => {
        this.#clock.soon(resolve);
      });
      until = this.#clock.now() + this.#sliceMs;
    }
  }
}
