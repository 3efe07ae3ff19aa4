/**
 * The parts of a replica, wired to each other, and the two ways in which they end: closed or
 * failed.
 */

import {
  type Index,
  InvariantError,
  leaderOf,
  NOBODY,
  type Raft,
  type SnapshotMeta,
  type StepResult,
  sometimes,
  type Term,
} from "@holdfast/raft";
import { ApplyPump } from "./apply-pump.ts";
import { DiskQueue } from "./disk-queue.ts";
import { Driver } from "./driver.ts";
import type { FilledOptions } from "./driver-options.ts";
import { ProposalDesk } from "./driver-proposals.ts";
import { OwnSnapshots, Slicer } from "./driver-snapshots.ts";
import { closeStore, type OpenStore } from "./driver-start.ts";
import { isFull, Transfers } from "./driver-transfers.ts";
import { DiskFailedError, type SnapshotFailedError } from "./errors.ts";
import type { Position } from "./machine.ts";
import { maybe, SNAPSHOT_REST_MS } from "./maybe.ts";
import { DiskError } from "./ports.ts";
import type { ReplicaState } from "./status.ts";

const BEHIND: StepResult = {
  ok: false,
  reason: "too-much-uncommitted",
  detail: "the disk or the state machine of this node is behind",
};

/** So many pieces of a snapshot, of the size that this node sends, may wait for the disk. */
const PIECES_WAITING_MAX = 4;

export class Engine<R> {
  readonly raft: Raft;
  readonly store: OpenStore;
  readonly driver: Driver;
  readonly queue: DiskQueue;
  readonly pump: ApplyPump<R>;
  readonly desk: ProposalDesk<R>;
  readonly own: OwnSnapshots<R>;
  readonly transfers: Transfers;
  state: ReplicaState = "running";
  /** Why it has failed. */
  failure: Error | undefined;
  /** Why the last own snapshot could not be saved. */
  snapshotFailure: string | undefined;
  readonly #options: FilledOptions<R>;
  /**
   * A snapshot of the application's that is durable, but whose last entry is still being applied.
   */
  #takenAhead: Index = 0;
  #closing: Promise<void> | undefined;

  /** Takes part from here on. */
  constructor(options: FilledOptions<R>, store: OpenStore, raft: Raft) {
    this.#options = options;
    this.store = store;
    this.raft = raft;
    this.queue = this.#makeQueue();
    this.driver = this.#makeDriver();
    this.desk = this.#makeDesk();
    this.own = this.#makeOwnSnapshots();
    this.pump = this.#makePump();
    this.transfers = this.#makeTransfers();
    this.#tellOpened();
    this.driver.start();
  }

  start(command: Uint8Array): StepResult {
    // A leader whose disk or state machine is slow would else take in more than it can hold (G8).
    const backlogBytes = this.queue.pendingBytes + this.pump.pendingBytes;
    if (this.raft.role.kind === "leader" && backlogBytes > this.raft.config.uncommittedBytesMax) {
      sometimes("proposals: refused because the own disk or machine is behind");
      return BEHIND;
    }
    return this.driver.step({ kind: "propose", commands: [command] });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.state === "running") {
      this.state = "closed";
      this.#options.probe?.ended?.(undefined);
    }
    const quiet = this.#halt("closed", "The replica was closed");
    try {
      await this.#options.network.close();
    } finally {
      await quiet;
      await closeStore(this.store);
    }
  }

  /** Ends everything but the disk work under way. Resolves when that has ended too. */
  async #halt(reason: "closed" | "failed", message: string): Promise<void> {
    this.driver.stop();
    this.pump.stop();
    this.desk.end(reason, message);
    await Promise.all([this.own.stop(message), this.transfers.stop(), this.queue.idle()]);
  }

  /** Stops by itself, for good. A node whose disk failed must not promise anything any more. */
  #fail(error: Error): void {
    if (this.state !== "running") return;
    this.state = "failed";
    this.failure = error;
    this.#options.probe?.ended?.(error);
    void this.#halt("failed", `The replica has failed: ${error.message}`);
    this.#options.network.close().catch(() => {});
    this.#options.onFailure?.(error);
  }

  #diskFailed(doing: string, cause: unknown): void {
    if (cause instanceof InvariantError) this.driver.broken(cause);
    else this.#fail(new DiskFailedError(doing, cause));
  }

  #tellOpened(): void {
    const { probe } = this.#options;
    probe?.opened?.(this.raft);
    if (this.raft.snapshot !== undefined) probe?.restored?.(this.raft.snapshot);
  }

  #makeQueue(): DiskQueue {
    return new DiskQueue(this.store, {
      durable: (write) => this.driver.durable(write),
      failed: (doing, cause) => this.#diskFailed(doing, cause),
    });
  }

  #makeDriver(): Driver {
    const { network, clock, observe, probe } = this.#options;
    return new Driver(
      { raft: this.raft, network, clock, observe, probe },
      {
        write: (write) => {
          probe?.writing?.(write);
          this.queue.push(write);
        },
        restore: (meta) => this.pump.restore(meta),
        apply: (entries) => this.pump.apply(entries),
        load: (load) => this.transfers.load(load),
        takesPieces: () => !this.transfers.isBehind,
        store: (piece) => this.transfers.store(piece),
        forwarded: (packet) => this.desk.received(packet),
        unreachable: (peer) => this.desk.proposals.lost(peer),
        turned: () => this.desk.turn(),
        broken: (error) => this.#fail(error),
      },
    );
  }

  #makeDesk(): ProposalDesk<R> {
    const { clock, random, proposalsMax } = this.#options;
    const { config, snapshot } = this.raft;
    const host = {
      id: config.id,
      forgottenTerm: mayHaveLed(this.raft),
      term: () => this.raft.term,
      // A leader that can't be reached is none: what is sent to it would wait in vain.
      leader: () => {
        const leader = leaderOf(this.raft);
        return this.driver.isSilent(leader) ? NOBODY : leader;
      },
      start: (command: Uint8Array) => this.start(command),
      send: (packet: Parameters<Driver["send"]>[0]) => this.driver.send(packet),
      now: () => this.driver.now(),
    };
    const desk = new ProposalDesk<R>(host, clock, {
      limits: {
        count: proposalsMax,
        bytes: config.uncommittedBytesMax,
        retryAfterMs: config.heartbeatMs,
      },
      // Also when a caller gives the same word twice, as long as time has passed.
      random: Math.abs(Math.trunc(random + clock.now() * 1000)),
      commandBytesMax: config.commandBytesMax,
    });
    if (snapshot !== undefined) desk.proposals.restored(snapshot);
    return desk;
  }

  #makeOwnSnapshots(): OwnSnapshots<R> {
    const { machine, clock, applySliceMs, snapshotEveryEntries, snapshotEveryBytes, probe } =
      this.#options;
    const policy = { everyEntries: snapshotEveryEntries, everyBytes: snapshotEveryBytes };
    return new OwnSnapshots(
      this.store.snapshots,
      machine,
      policy,
      new Slicer(clock, applySliceMs),
      {
        meta: ({ index, term }) => ({ index, term, members: this.raft.members }),
        taken: (index) => {
          probe?.snapshotTaken?.(index);
          this.#snapshotTaken(index);
        },
        saveFailed: (error) => this.#snapshotFailed(error),
        ended: () => this.pump.kick(),
      },
    );
  }

  #makePump(): ApplyPump<R> {
    const { machine, clock, applySliceMs, probe } = this.#options;
    const { snapshots } = this.store;
    const { snapshot } = this.raft;
    const start: Position = { index: snapshot?.index ?? 0, term: snapshot?.term ?? 0 };
    const open = async (meta: SnapshotMeta): Promise<AsyncIterable<Uint8Array>> => {
      await this.queue.installed(meta.index);
      return snapshots.stream(meta.index);
    };
    return new ApplyPump<R>(
      { machine, clock, sliceMs: applySliceMs, open, start },
      {
        applied: (entry, result) => {
          this.own.count(entry);
          probe?.applied?.(entry);
          this.desk.proposals.applied(entry, result);
        },
        passed: (entry) => {
          this.own.count(entry);
          probe?.applied?.(entry);
          this.desk.proposals.passed(entry);
        },
        restored: (meta) => {
          this.own.reset();
          probe?.restored?.(meta);
          this.desk.proposals.restored(meta);
        },
        progress: (index) => this.#progress(index),
        between: (at) => this.own.between(at),
        failed: (error) => this.#fail(error),
        broken: (error) => this.driver.broken(error),
      },
    );
  }

  #makeTransfers(): Transfers {
    const { clock } = this.#options;
    const options = {
      id: this.raft.config.id,
      waitingBytesMax: PIECES_WAITING_MAX * this.#options.snapshotChunkBytes,
    };
    return new Transfers(options, this.store.snapshots, {
      send: (packet) => this.driver.send(packet),
      isExpected: ({ index, term }) => {
        const { role } = this.raft;
        const meta = role.kind === "follower" ? role.incoming?.meta : undefined;
        return meta?.index === index && meta.term === term;
      },
      unreadable: (to, index) => {
        this.driver.step({ kind: "snapshot-unreadable", to, index });
      },
      checked: async ({ index, term }, ok) => {
        if (maybe("snapshots: take long to check one")) {
          await new Promise<void>((resolve) => clock.setTimer(SNAPSHOT_REST_MS, resolve));
        }
        this.driver.step({ kind: "snapshot-checked", index, term, ok });
        const installed = this.raft.outbox.snapshot;
        return installed?.index === index && installed.term === term;
      },
      failed: (doing, cause) => this.#diskFailed(doing, cause),
    });
  }

  #progress(index: Index): void {
    this.driver.step({ kind: "applied", index });
    if (this.#takenAhead !== 0 && this.#takenAhead <= this.raft.applied) {
      const taken = this.#takenAhead;
      this.#takenAhead = 0;
      this.#snapshotTaken(taken);
    }
  }

  #snapshotTaken(index: Index): void {
    this.snapshotFailure = undefined;
    if (index > this.raft.applied) this.#takenAhead = Math.max(this.#takenAhead, index);
    else this.driver.step({ kind: "snapshot-taken", index });
  }

  /**
   * A full disk or a state machine that can't give its state leave the log as it is; a bad disk is
   * not trusted.
   */
  #snapshotFailed(error: SnapshotFailedError): void {
    this.snapshotFailure = error.message;
    if (isFull(error.cause)) sometimes("snapshots: no room for an own one");
    else if (error.cause instanceof DiskError) this.#diskFailed("saving a snapshot", error.cause);
  }
}

/** The last term that this node may have led before it was started: a leader has its own vote. */
function mayHaveLed({ term, vote, config }: Raft): Term {
  return vote === config.id ? term : Math.max(0, term - 1);
}
