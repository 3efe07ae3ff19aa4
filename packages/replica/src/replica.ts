/** One durable replica: the core, its driver, log, snapshots and state machine, put together over three ports. */

import {
  createRaft,
  type Index,
  leaderOf,
  type Raft,
  type RaftConfig,
  type RaftEvent,
  type SnapshotMeta,
  type StepResult,
} from "@holdfast/raft";
import { ApplyPump, restoreMachine } from "./apply-pump.ts";
import { DiskQueue } from "./disk-queue.ts";
import { Driver } from "./driver.ts";
import { ProposalDesk, type ProposeOptions } from "./driver-proposals.ts";
import { OwnSnapshots, Slicer } from "./driver-snapshots.ts";
import { openStore, type OpenStore } from "./driver-start.ts";
import { isFull, Transfers } from "./driver-transfers.ts";
import { DiskFailedError, type SnapshotFailedError, SnapshotRefusedError } from "./errors.ts";
import type { Machine, Position } from "./machine.ts";
import { type Clock, type Disk, DiskError, type Network } from "./ports.ts";
import type { Applied } from "./proposals.ts";
import { coreStatus, type ReplicaState, type ReplicaStatus } from "./status.ts";

export interface ReplicaOptions<R> {
  readonly config: RaftConfig;
  /** Names the cluster: files and packets of another one are refused. A safe integer. */
  readonly clusterId: number;
  readonly disk: Disk;
  readonly network: Network;
  readonly clock: Clock;
  readonly machine: Machine<R>;
  /** A random word, another one at each start: seeds timeouts and request numbers. */
  readonly random: number;
  /** Size at which a new log file begins; 8 MiB unless told. */
  readonly segmentBytes?: number;
  /** Reserve disk space ahead of need; on unless told. */
  readonly preallocate?: boolean;
  /** Size of the pieces in which snapshots travel; 256 KiB unless told. */
  readonly snapshotChunkBytes?: number;
  /** Take a snapshot after so many applied entries; 10,000 unless told, 0 = never by itself. */
  readonly snapshotEveryEntries?: number;
  /** Take a snapshot after so many bytes of applied entries; 64 MiB unless told, 0 = never by itself. */
  readonly snapshotEveryBytes?: number;
  /** How long the state machine may keep everything else waiting; 5 unless told. */
  readonly applySliceMs?: number;
  /** Callers of `propose` that may wait at a time; 10,000 unless told. */
  readonly proposalsMax?: number;
  /** What happens, as it happens. Must not throw. */
  readonly observe?: (event: RaftEvent) => void;
  /** The replica has stopped by itself; called once. See `error.code`. */
  readonly onFailure?: (error: Error) => void;
}

type Optional =
  | "segmentBytes"
  | "preallocate"
  | "snapshotChunkBytes"
  | "snapshotEveryEntries"
  | "snapshotEveryBytes"
  | "applySliceMs"
  | "proposalsMax";

const DEFAULTS: Required<Pick<ReplicaOptions<never>, Optional>> = {
  segmentBytes: 8 << 20,
  preallocate: true,
  snapshotChunkBytes: 256 << 10,
  snapshotEveryEntries: 10_000,
  snapshotEveryBytes: 64 << 20,
  applySliceMs: 5,
  proposalsMax: 10_000,
};

type Filled<R> = ReplicaOptions<R> & Required<Pick<ReplicaOptions<R>, Optional>>;

/**
 * Recovers what the disk holds, restores the state machine from the newest snapshot, then takes part. Rejects with a
 * typed error, and leaves nothing running, when the disk's content can't be trusted (`STORE_GAP`, `WAL_DAMAGED`,
 * `STORE_IDENTITY`, ...), the machine can't be restored (`MACHINE_FAILED`) or an option is wrong (`RAFT_CONFIG`).
 */
export async function openReplica<R>(options: ReplicaOptions<R>): Promise<Replica<R>> {
  const filled: Filled<R> = { ...DEFAULTS, ...options };
  const store = await openStore(filled.disk, filled);
  try {
    const raft = createRaft(filled.config, store.restored, filled.clock.now());
    const { snapshot } = store.restored;
    if (snapshot !== undefined) {
      await restoreMachine(filled.machine, store.snapshots.stream(snapshot.index), snapshot);
    }
    return new Replica(filled, store, raft);
  } catch (error) {
    await store.wal.close();
    throw error;
  }
}

/** A running replica. Made by {@link openReplica}. */
export class Replica<R> {
  readonly #options: Filled<R>;
  readonly #store: OpenStore;
  readonly #raft: Raft;
  readonly #driver: Driver;
  readonly #queue: DiskQueue;
  readonly #pump: ApplyPump<R>;
  readonly #desk: ProposalDesk<R>;
  readonly #own: OwnSnapshots<R>;
  readonly #transfers: Transfers;
  #state: ReplicaState = "running";
  #failure: Error | undefined;
  #snapshotFailure: string | undefined;
  /** A snapshot of the application's that is durable, but whose last entry is still being applied. */
  #takenAhead: Index = 0;
  #turnWaiters: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(options: Filled<R>, store: OpenStore, raft: Raft) {
    this.#options = options;
    this.#store = store;
    this.#raft = raft;
    this.#queue = this.#makeQueue();
    this.#driver = this.#makeDriver();
    this.#desk = this.#makeDesk();
    this.#own = this.#makeOwnSnapshots();
    this.#pump = this.#makePump();
    this.#transfers = this.#makeTransfers();
    this.#driver.start();
  }

  /**
   * Steps a command at once and never waits: refused unless this node leads. `first` is the index it was given; it is
   * committed only if the state machine gets it there with the same term. The bytes must not be changed afterwards.
   */
  start(command: Uint8Array): StepResult {
    return this.#driver.step({ kind: "propose", commands: [command] });
  }

  /**
   * On any node: resolves when the state machine of this node has applied the command. Rejects with
   * `NotCommittedError` (certainly never applied) or `OutcomeUnknownError` (may have been applied, or may yet be). The
   * bytes must not be changed afterwards.
   */
  propose(command: Uint8Array, options: ProposeOptions = {}): Promise<Applied<R>> {
    return this.#desk.propose(command, options);
  }

  /** Takes a snapshot of all that is applied now. Resolves with its index once it is on disk. */
  snapshot(): Promise<Index> {
    if (this.#state !== "running") return this.#refuseSnapshot();
    const taken = this.#own.request();
    this.#pump.kick();
    return taken;
  }

  /**
   * Keeps a snapshot that the application made itself of its state as of `index`, which it must have applied or be
   * applying. The chunks are read later. Resolves when it is on disk.
   */
  async compact(index: Index, chunks: Iterable<Uint8Array>): Promise<void> {
    if (this.#state !== "running") await this.#refuseSnapshot();
    const { log, handed } = this.#raft;
    if (!Number.isSafeInteger(index) || index < 0 || index > handed) {
      throw new SnapshotRefusedError(`Index ${index} is not applied yet, the last one handed out is ${handed}`);
    }
    if (index <= log.startIndex) return;
    await this.#own.keep({ index, term: log.termAt(index) }, chunks);
  }

  status(): ReplicaStatus {
    const { wal, snapshots } = this.#store;
    const snapshotIndex = snapshots.newest()?.index ?? 0;
    return {
      ...coreStatus(this.#raft, this.#driver.now()),
      state: this.#state,
      ...(this.#failure === undefined ? {} : { failure: this.#failure.message }),
      walBytes: wal.usedBytes,
      snapshotIndex,
      snapshotBytes: snapshotIndex === 0 ? 0 : snapshots.bytesOf(snapshotIndex),
      ...(this.#snapshotFailure === undefined ? {} : { snapshotFailure: this.#snapshotFailure }),
      waitingProposals: this.#desk.proposals.size,
      waitingWrites: this.#queue.pending,
      refusedPackets: this.#driver.refusedPackets,
    };
  }

  /** Stops: settles all proposals, lets queued disk work end, closes network and log. Repeated calls share one end. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#state === "running") this.#state = "closed";
    const quiet = this.#halt("closed", "The replica was closed");
    await this.#options.network.close();
    await quiet;
    // What it rejects with was told by the write that failed.
    await this.#store.wal.close().catch(() => {});
  }

  /** Ends everything but the disk work under way. Resolves when that has ended too. */
  async #halt(reason: "closed" | "failed", message: string): Promise<void> {
    this.#driver.stop();
    this.#pump.stop();
    this.#desk.end(reason, message);
    for (const wake of this.#turnWaiters.splice(0)) wake();
    await Promise.all([this.#own.stop(message), this.#transfers.stop(), this.#queue.idle()]);
  }

  /** Stops by itself, for good. A node whose disk failed must not promise anything any more. */
  #fail(error: Error): void {
    if (this.#state !== "running") return;
    this.#state = "failed";
    this.#failure = error;
    void this.#halt("failed", `The replica has failed: ${error.message}`);
    this.#options.network.close().catch(() => {});
    this.#options.onFailure?.(error);
  }

  #diskFailed(doing: string, cause: unknown): void {
    this.#fail(new DiskFailedError(doing, cause));
  }

  #refuseSnapshot(): Promise<never> {
    return Promise.reject(new SnapshotRefusedError(`The replica is ${this.#state}`));
  }

  #makeQueue(): DiskQueue {
    return new DiskQueue(this.#store, {
      durable: (write) => this.#driver.durable(write),
      failed: (doing, cause) => this.#diskFailed(doing, cause),
    });
  }

  #makeDriver(): Driver {
    const { network, clock, observe } = this.#options;
    return new Driver(
      { raft: this.#raft, network, clock, observe },
      {
        write: (write) => this.#queue.push(write),
        restore: (meta) => this.#pump.restore(meta),
        apply: (entries) => this.#pump.apply(entries),
        load: (load) => this.#transfers.load(load),
        store: (piece) => this.#transfers.store(piece),
        forwarded: (packet) => this.#desk.received(packet),
        unreachable: (peer) => this.#desk.proposals.lost(peer),
        turned: () => this.#turned(),
        broken: (error) => this.#fail(error),
      },
    );
  }

  #makeDesk(): ProposalDesk<R> {
    const { clock, random, proposalsMax } = this.#options;
    const { config, snapshot } = this.#raft;
    const host = {
      id: config.id,
      term: () => this.#raft.term,
      leader: () => leaderOf(this.#raft),
      start: (command: Uint8Array) => this.start(command),
      send: (packet: Parameters<Driver["send"]>[0]) => this.#driver.send(packet),
      now: () => this.#driver.now(),
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
    const { machine, clock, applySliceMs, snapshotEveryEntries, snapshotEveryBytes } = this.#options;
    const policy = { everyEntries: snapshotEveryEntries, everyBytes: snapshotEveryBytes };
    return new OwnSnapshots(this.#store.snapshots, machine, policy, new Slicer(clock, applySliceMs), {
      meta: ({ index, term }) => ({ index, term, members: this.#raft.members }),
      taken: (index) => this.#snapshotTaken(index),
      saveFailed: (error) => this.#snapshotFailed(error),
      ended: () => this.#pump.kick(),
    });
  }

  #makePump(): ApplyPump<R> {
    const { machine, clock, applySliceMs } = this.#options;
    const { snapshots } = this.#store;
    const { snapshot } = this.#raft;
    const start: Position = { index: snapshot?.index ?? 0, term: snapshot?.term ?? 0 };
    const open = async (meta: SnapshotMeta): Promise<AsyncIterable<Uint8Array>> => {
      await this.#queue.installed(meta.index);
      return snapshots.stream(meta.index);
    };
    return new ApplyPump<R>({ machine, clock, sliceMs: applySliceMs, open, start }, {
      applied: (entry, result) => {
        this.#own.count(entry);
        this.#desk.proposals.applied(entry, result);
      },
      passed: (entry) => {
        this.#own.count(entry);
        this.#desk.proposals.passed(entry);
      },
      restored: (meta) => {
        this.#own.reset();
        this.#desk.proposals.restored(meta);
      },
      progress: (index) => this.#progress(index),
      between: (at) => this.#own.between(at),
      failed: (error) => this.#fail(error),
      broken: (error) => this.#driver.broken(error),
    });
  }

  #makeTransfers(): Transfers {
    return new Transfers(this.#raft.config.id, this.#store.snapshots, {
      send: (packet) => this.#driver.send(packet),
      unreadable: (to, index) => {
        this.#driver.step({ kind: "snapshot-unreadable", to, index });
      },
      checked: async ({ index, term }, ok) => {
        this.#driver.step({ kind: "snapshot-checked", index, term, ok });
        if (!ok || this.#state !== "running") return;
        await this.#nextTurn();
        await this.#queue.installed(index);
      },
      failed: (doing, cause) => this.#diskFailed(doing, cause),
    });
  }

  #turned(): void {
    this.#desk.turn();
    for (const wake of this.#turnWaiters.splice(0)) wake();
  }

  /** Resolves when the effects of what was stepped so far are under way. */
  #nextTurn(): Promise<void> {
    return new Promise((resolve) => {
      this.#turnWaiters.push(resolve);
    });
  }

  #progress(index: Index): void {
    this.#driver.step({ kind: "applied", index });
    if (this.#takenAhead !== 0 && this.#takenAhead <= this.#raft.applied) {
      const taken = this.#takenAhead;
      this.#takenAhead = 0;
      this.#snapshotTaken(taken);
    }
  }

  #snapshotTaken(index: Index): void {
    this.#snapshotFailure = undefined;
    if (index > this.#raft.applied) this.#takenAhead = Math.max(this.#takenAhead, index);
    else this.#driver.step({ kind: "snapshot-taken", index });
  }

  /** A full disk or a state machine that can't give its state leave the log as it is; a bad disk is not trusted. */
  #snapshotFailed(error: SnapshotFailedError): void {
    this.#snapshotFailure = error.message;
    if (error.cause instanceof DiskError && !isFull(error.cause)) {
      this.#diskFailed("saving a snapshot", error.cause);
    }
  }
}
