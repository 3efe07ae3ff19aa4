/** What a world is made for: the machines that its servers run, and the clients that use them. */

import type { Index, NodeId } from "@holdfast/raft";
import type { Machine } from "@holdfast/replica";
import type { Broken } from "../load/broken.ts";
import type { Chosen } from "../load/check-log.ts";
import type { HashLedger } from "../load/hash-ledger.ts";
import type { Progress, ProgressBounds } from "../load/progress.ts";
import type { RunFigures } from "../outcome.ts";
import type { World } from "./world.ts";

export interface WatchedMachine extends Machine<unknown> {
  /**
   * Of the state, a safe integer: compared between all replicas after each index. Absent when the
   * machine is compared in another way.
   */
  stateHash?(): number;
}

/** Put into a world to be looked at. */
export interface Specimen {
  /** A machine for a process that starts on this node. */
  make(node: NodeId): WatchedMachine;
  /**
   * Its machines throw on purpose: a server that stops with this is started again, as after any
   * crash (P11). Otherwise it is a failure.
   */
  excuses?(error: Error): boolean;
  /** Who uses the machines. */
  stage(world: World): Stage;
}

/** Clients, and the checks of what they were told. */
export interface Stage {
  /** How operations ended so far. */
  readonly operations: RunFigures["operations"];
  start(): void;
  /** No client asks anything more. Resolves when none waits. */
  stop(): Promise<void>;
  /** Asks each node of the core in turn, and says whether all answered in time. */
  progress(bounds: ProgressBounds): Promise<Progress>;
  /** The first thing that doesn't fit when the run is over and nothing has failed. */
  audit(end: StageEnd): Broken | undefined;
}

export interface StageEnd {
  readonly chosen: Chosen;
  readonly ledger: HashLedger;
  /** Of the healed core, once all have caught up. */
  readonly places: readonly Place[];
}

/** How far a server has come. */
export interface Place {
  readonly node: NodeId;
  readonly applied: Index;
  readonly machine: WatchedMachine | undefined;
}
