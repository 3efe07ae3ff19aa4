/** What came of a run. */

import type { NodeId } from "@holdfast/raft";
import type { FaultKind } from "./plan/fault.ts";

/** What was found wrong first; a run ends with it. */
export interface Failure {
  /** Constant text of what was broken: the same bug gives the same one. */
  readonly check: string;
  /** What exactly, with values. */
  readonly message: string;
  /** Virtual time, in ms. */
  readonly at: number;
  /** 0 when it is about no single node. */
  readonly node: NodeId;
  readonly stack: string;
}

/** How much happened in a run, over all nodes and all their lives. */
export interface RunFigures {
  /** Size of the cluster. */
  readonly nodes: number;
  readonly events: number;
  readonly simulatedMs: number;
  /** Faults that took effect, by kind. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly operations: { readonly ok: number; readonly failed: number; readonly unknown: number };
  /** Highest committed index, elections won, times a process was started. */
  readonly committed: number;
  readonly elections: number;
  readonly starts: number;
  readonly packets: number;
  readonly bytes: number;
  readonly syncs: number;
  /**
   * From the healing until there was a leader, a commit, and all had caught up; in longest election
   * timeouts.
   */
  readonly recovery?: {
    readonly leader: number;
    readonly commit: number;
    readonly caughtUp: number;
  };
}

/** What came of a run. */
export interface Outcome {
  readonly failure: Failure | undefined;
  /** Of everything that happened: equal for equal plans and code, on every machine. */
  readonly hash: string;
  readonly figures: RunFigures;
  /** `sometimes` marks and `maybe` points that were reached. */
  readonly marks: readonly string[];
}
