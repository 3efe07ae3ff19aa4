/** Looks at the whole cluster: what must hold at every moment of every run. */

import {
  type Entry,
  type Index,
  InvariantError,
  type Message,
  type NodeId,
  type Raft,
  type RaftEvent,
  type Term,
} from "@holdfast/raft";
import { CheckFailed } from "../check-failed.ts";
import { ClusterInvariants, type DurableState } from "../cluster-invariants.ts";
import type { Broken } from "../load/broken.ts";
import { HashLedger } from "../load/hash-ledger.ts";
import type { Failure } from "../outcome.ts";
import type { Scheduler } from "../scheduler.ts";
import { Ballots } from "./ballots.ts";
import type { WatchedMachine } from "./stage.ts";

export class Watch {
  readonly invariants: ClusterInvariants = new ClusterInvariants();
  /** The state after each index, the same on all. */
  readonly ledger: HashLedger = new HashLedger((broken) => this.broken(broken));
  /** The first thing that went wrong. */
  failure: Failure | undefined;
  elections = 0;
  /** Elections won and offices lost, by node. */
  readonly changes: number[] = [];
  committed = 0;
  readonly #ballots: Ballots;
  readonly #scheduler: Scheduler;
  readonly #disks: () => readonly DurableState[];
  readonly #rafts: (id: NodeId) => Raft | undefined;
  readonly #failed: () => void;

  constructor(
    nodes: number,
    scheduler: Scheduler,
    disks: () => readonly DurableState[],
    rafts: (id: NodeId) => Raft | undefined,
    failed: () => void,
  ) {
    this.#ballots = new Ballots(nodes);
    this.#scheduler = scheduler;
    this.#disks = disks;
    this.#rafts = rafts;
    this.#failed = failed;
  }

  /** Runs a check. What it throws is the end of the run, never of the code that it looks at. */
  guard(node: NodeId, check: () => void): void {
    if (this.failure !== undefined) return;
    try {
      check();
    } catch (error) {
      this.fail(node, error);
    }
  }

  fail(node: NodeId, error: unknown): void {
    if (this.failure !== undefined) return;
    this.failure = failureOf(error, this.#scheduler.now, node);
    this.#failed();
  }

  /** After what is running now. */
  soon(run: () => void): void {
    this.#scheduler.after(0, run);
  }

  happened(raft: Raft, event: RaftEvent): void {
    if (event.kind === "became-leader" || event.kind === "stepped-down") {
      const { id } = raft.config;
      this.changes[id] = (this.changes[id] ?? 0) + 1;
      if (event.kind === "became-leader") {
        this.elections++;
        this.#ballots.elected(id, event.term);
      }
    } else if (event.kind === "committed" && event.index > this.committed) {
      this.committed = event.index;
      this.#scheduler.trace.note(event.index);
    }
    this.invariants.happened(raft, event);
  }

  applied(entry: Entry, term: Term): void {
    this.invariants.applied(entry, term, this.#disks());
  }

  /** A machine has come to the state after `index`. */
  came(node: NodeId, index: Index, machine: WatchedMachine): void {
    const hash = machine.stateHash?.();
    if (hash !== undefined) this.ledger.note(node, index, hash);
  }

  left(message: Message, disk: DurableState): void {
    const isAck = message.kind === "append-response" || message.kind === "snapshot-response";
    this.#ballots.left(message);
    this.invariants.left(message, disk, isAck ? this.#rafts(message.to) : undefined);
  }

  /** A check has found this. */
  broken({ check, message, node }: Broken): void {
    this.fail(node, new CheckFailed(check, message));
  }
}

/** The constant part of a message is the name of the check. */
function failureOf(error: unknown, at: number, node: NodeId): Failure {
  if (error instanceof CheckFailed) {
    const { check, message } = error;
    return { check, message, at, node, stack: error.stack ?? "" };
  }
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const root =
    error instanceof Error && error.cause instanceof InvariantError ? error.cause : error;
  const check = root instanceof Error ? root.message : message;
  return { check, message, at, node, stack };
}
