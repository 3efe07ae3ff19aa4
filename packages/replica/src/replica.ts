/**
 * One durable replica: the core with log, snapshots and state machine on a disk, a network and a
 * clock.
 */

import { createRaft, type Index, type StepResult } from "@holdfast/raft";
import { restoreMachine } from "./apply-pump.ts";
import { Engine } from "./driver-engine.ts";
import { fillOptions, type ReplicaOptions } from "./driver-options.ts";
import type { ProposeOptions } from "./driver-proposals.ts";
import { closeStore, openStore } from "./driver-start.ts";
import { SnapshotRefusedError } from "./errors.ts";
import type { Applied } from "./proposal.ts";
import { coreStatus, type ReplicaStatus } from "./status.ts";

/**
 * Recovers what the disk holds, restores the state machine from the newest snapshot, then takes
 * part. Rejects with a typed error, and leaves nothing running, when the disk's content can't be
 * trusted (`STORE_GAP`, `WAL_DAMAGED`, `STORE_IDENTITY`, ...), the machine can't be restored
 * (`MACHINE_FAILED`) or an option is wrong (`RAFT_CONFIG`).
 */
export async function openReplica<R>(options: ReplicaOptions<R>): Promise<Replica<R>> {
  const filled = fillOptions(options);
  const store = await openStore(filled.disk, filled);
  try {
    const raft = createRaft(filled.config, store.restored, filled.clock.now());
    const { snapshot } = store.restored;
    if (snapshot !== undefined) {
      await restoreMachine(filled.machine, store.snapshots.stream(snapshot.index), snapshot);
    }
    return new Replica(new Engine(filled, store, raft));
  } catch (error) {
    await closeStore(store);
    throw error;
  }
}

/** A running replica. Made by {@link openReplica}. */
export class Replica<R> {
  readonly #engine: Engine<R>;

  /** @internal */
  constructor(engine: Engine<R>) {
    this.#engine = engine;
  }

  /**
   * Steps a command at once and never waits: refused unless this node leads. `first` is the index
   * it was given; it is committed only if the state machine gets it there with the same term. The
   * bytes must not be changed afterwards.
   */
  start(command: Uint8Array): StepResult {
    return this.#engine.start(command);
  }

  /**
   * On any node: resolves when the state machine of this node has applied the command. Rejects with
   * `NotCommittedError` (certainly never applied) or `OutcomeUnknownError` (may have been applied,
   * or may yet be). The bytes must not be changed afterwards.
   */
  propose(command: Uint8Array, options: ProposeOptions = {}): Promise<Applied<R>> {
    return this.#engine.desk.propose(command, options);
  }

  /** Takes a snapshot of all that is applied now. Resolves with its index once it is on disk. */
  async snapshot(): Promise<Index> {
    this.#requireRunning();
    const { own, pump } = this.#engine;
    const taken = own.request();
    pump.kick();
    return taken;
  }

  /**
   * Keeps a snapshot that the application made itself of its state as of `index`, which it must
   * have applied or be applying. The chunks are read later. Resolves when it is on disk.
   */
  async compact(index: Index, chunks: Iterable<Uint8Array>): Promise<void> {
    this.#requireRunning();
    const { raft, own } = this.#engine;
    const { log, handed } = raft;
    if (!Number.isSafeInteger(index) || index < 0 || index > handed) {
      throw new SnapshotRefusedError(`Index ${index} is not applied yet, ${handed} was handed out`);
    }
    if (index <= log.startIndex) return;
    await own.keep({ index, term: log.termAt(index) }, chunks);
  }

  status(): ReplicaStatus {
    const { raft, driver, store, queue, desk, state, failure, snapshotFailure } = this.#engine;
    const { wal, snapshots } = store;
    const snapshotIndex = snapshots.newest()?.index ?? 0;
    return {
      ...coreStatus(raft, driver.now()),
      state,
      ...(failure === undefined ? {} : { failure: failure.message }),
      walBytes: wal.usedBytes,
      snapshotIndex,
      snapshotBytes: snapshotIndex === 0 ? 0 : snapshots.bytesOf(snapshotIndex),
      ...(snapshotFailure === undefined ? {} : { snapshotFailure }),
      waitingProposals: desk.proposals.size,
      waitingWrites: queue.pending,
      refusedPackets: driver.refusedPackets,
    };
  }

  /**
   * Stops: settles all proposals, lets queued disk work end, closes network and log. Repeated calls
   * share one end.
   */
  close(): Promise<void> {
    return this.#engine.close();
  }

  #requireRunning(): void {
    const { state } = this.#engine;
    if (state !== "running") throw new SnapshotRefusedError(`The replica is ${state}`);
  }
}
