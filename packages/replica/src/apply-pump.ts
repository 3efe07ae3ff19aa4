/**
 * Feeds the state machine in short slices, so that a slow one never delays a heartbeat (C6, G10);
 * single owner of it (E8).
 */

import {
  assert,
  type Entry,
  entryBytes,
  type Index,
  type SnapshotMeta,
  sometimes,
} from "@holdfast/raft";
import { MachineError } from "./errors.ts";
import type { Machine, Position } from "./machine.ts";
import { ENTRY_REST_MS, maybe, SNAPSHOT_REST_MS } from "./maybe.ts";
import type { Clock } from "./ports.ts";

export interface PumpHooks<R> {
  /** The machine has applied this command. */
  applied(entry: Entry, result: R): void;
  /** This entry is no command: there was nothing to do. */
  passed(entry: Entry): void;
  /** The machine took its state from this snapshot. */
  restored(meta: SnapshotMeta): void;
  /** The end of a slice: all up to `index` is done. */
  progress(index: Index): void;
  /** Between two applies: while the returned promise is pending, the machine is left alone. */
  between(at: Position): Promise<void> | undefined;
  /**
   * The machine threw (`MachineError`), or a snapshot can't be read. The pump has stopped: to skip
   * an entry would make this replica differ from the others.
   */
  failed(error: Error): void;
  /** Something else broke: a bug. */
  broken(error: unknown): void;
}

export interface PumpOptions<R> {
  readonly machine: Machine<R>;
  readonly clock: Clock;
  /** The machine runs at most this long (and one apply) before everything else gets its turn. */
  readonly sliceMs: number;
  /** The bytes of a snapshot that is, or is about to be, in force. */
  readonly open: (meta: SnapshotMeta) => Promise<AsyncIterable<Uint8Array>>;
  /** Where the machine stands at the start. */
  readonly start: Position;
}

interface Batch {
  readonly entries: readonly Entry[];
  next: number;
}

/** One ordered queue of snapshots to restore and entries to apply. */
export class ApplyPump<R> {
  readonly #options: PumpOptions<R>;
  readonly #hooks: PumpHooks<R>;
  readonly #queue: (Batch | SnapshotMeta)[] = [];
  #at: Position;
  #reported: Index;
  #pendingBytes = 0;
  #isRunning = false;
  #isStopped = false;

  constructor(options: PumpOptions<R>, hooks: PumpHooks<R>) {
    this.#options = options;
    this.#hooks = hooks;
    this.#at = options.start;
    this.#reported = options.start.index;
  }

  /** The last entry that the machine has applied, or the snapshot it was restored from. */
  get at(): Position {
    return this.#at;
  }

  /** Entries that were handed over and are not applied yet, in bytes. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  restore(meta: SnapshotMeta): void {
    this.#queue.push(meta);
    this.kick();
  }

  apply(entries: readonly Entry[]): void {
    this.#queue.push({ entries, next: 0 });
    for (const entry of entries) this.#pendingBytes += entryBytes(entry);
    this.kick();
  }

  /** Looks for work, and asks `between` first. */
  kick(): void {
    if (!this.#isRunning && !this.#isStopped) void this.#run();
  }

  /** The machine is not called again, but for what it is doing now. */
  stop(): void {
    this.#isStopped = true;
    this.#queue.length = 0;
    this.#pendingBytes = 0;
  }

  /**
   * Without a pause or a promise all of this is synchronous: results leave in the turn of the
   * commit.
   */
  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (!this.#isStopped) {
        const wait = this.#next();
        if (wait === "idle") break;
        if (wait !== undefined) await wait;
      }
    } catch (error) {
      this.stop();
      this.#hooks.broken(error);
    } finally {
      this.#isRunning = false;
    }
  }

  #next(): Promise<void> | undefined | "idle" {
    const pause = this.#hooks.between(this.#at);
    if (pause !== undefined) return pause;
    this.#skipToNewest();
    const work = this.#queue[0];
    if (work === undefined) return "idle";
    return "entries" in work ? this.#slice(work) : this.#restore(work);
  }

  /** Applies until the batch or the slice is over, or the machine returns a promise. */
  #slice(batch: Batch): Promise<void> | undefined {
    const { clock, sliceMs } = this.#options;
    const until = clock.now() + sliceMs;
    for (;;) {
      const entry = batch.entries[batch.next];
      if (entry === undefined) {
        this.#queue.shift();
        this.#report();
        return undefined;
      }
      const wait = this.#applyOne(batch, entry);
      if (wait !== undefined) return wait;
      if (this.#isStopped) return undefined;
      if (maybe("apply: rest after an entry")) {
        this.#report();
        return this.#rest(ENTRY_REST_MS);
      }
      if (clock.now() >= until || maybe("apply: pause after an entry")) {
        sometimes("apply: others get their turn between two entries");
        this.#report();
        return this.#pause();
      }
    }
  }

  #applyOne(batch: Batch, entry: Entry): Promise<void> | undefined {
    assert(entry.index === this.#at.index + 1, "apply pump: gap");
    if (entry.kind !== "command") {
      this.#finish(batch, entry);
      this.#hooks.passed(entry);
      return undefined;
    }
    let result: R | Promise<R>;
    try {
      result = this.#options.machine.apply(entry.data, entry);
    } catch (error) {
      this.#fail(new MachineError("applying a command", entry.index, { cause: error }));
      return undefined;
    }
    if (isPromise(result)) return this.#awaitResult(batch, entry, result);
    this.#finish(batch, entry);
    this.#hooks.applied(entry, result);
    return undefined;
  }

  async #awaitResult(batch: Batch, entry: Entry, pending: Promise<R>): Promise<void> {
    let result: R;
    try {
      result = await pending;
    } catch (error) {
      this.#fail(new MachineError("applying a command", entry.index, { cause: error }));
      return;
    }
    if (this.#isStopped) return;
    this.#finish(batch, entry);
    this.#hooks.applied(entry, result);
    this.#report();
  }

  async #restore(meta: SnapshotMeta): Promise<void> {
    assert(meta.index >= this.#at.index, "apply pump: snapshot goes back");
    const { machine, open } = this.#options;
    if (maybe("apply: rest before a snapshot")) await this.#rest(SNAPSHOT_REST_MS);
    if (this.#isStopped) return;
    try {
      await restoreMachine(machine, await open(meta), meta);
    } catch (error) {
      // A newer one may have replaced it on disk while it was read; then that one counts.
      if (!this.#skipToNewest()) this.#fail(error);
      return;
    }
    if (this.#isStopped) return;
    this.#queue.shift();
    this.#at = { index: meta.index, term: meta.term };
    this.#hooks.restored(meta);
    this.#report();
  }

  /** A snapshot that is followed by another one needn't be restored, nor what lies between. */
  #skipToNewest(): boolean {
    const first = this.#queue[0];
    if (first === undefined || "entries" in first) return false;
    const newest = this.#queue.findLastIndex((work) => !("entries" in work));
    if (newest > 0) sometimes("apply: a newer snapshot makes one needless");
    for (const work of this.#queue.splice(0, newest)) {
      if ("entries" in work) for (const entry of work.entries) this.#forget(entry);
    }
    return newest > 0;
  }

  #finish(batch: Batch, entry: Entry): void {
    batch.next++;
    this.#at = entry;
    this.#forget(entry);
  }

  #forget(entry: Entry): void {
    this.#pendingBytes -= entryBytes(entry);
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#hooks.failed(error instanceof Error ? error : new Error(String(error)));
  }

  #report(): void {
    if (this.#at.index === this.#reported) return;
    this.#reported = this.#at.index;
    this.#hooks.progress(this.#reported);
  }

  /** As long as a slow machine might take. */
  #rest(restMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimer(restMs, resolve);
    });
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.soon(resolve);
    });
  }
}

/**
 * Hands a snapshot to the machine. Rejects with what its bytes reject with, or with `MachineError`.
 */
export async function restoreMachine<R>(
  machine: Machine<R>,
  chunks: AsyncIterable<Uint8Array>,
  { index, term }: Position,
): Promise<void> {
  let unreadable: { readonly error: unknown } | undefined;
  async function* guarded(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      unreadable = { error };
      throw error;
    }
  }
  try {
    await machine.restore(guarded(), { index, term });
  } catch (error) {
    if (unreadable !== undefined) throw unreadable.error;
    const failure = new MachineError("restoring a snapshot", index, { cause: error });
    throw failure;
  }
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
