/**
 * A plan is everything that a run is made of, as plain data: drawn from a seed, stored as JSON,
 * made smaller, replayed. A run is a function of its plan and the code.
 */

import type { NodeId, RaftConfig } from "@holdfast/raft";
import type { ReplicaOptions } from "@holdfast/replica";
import type { Weather } from "../network.ts";
import type { Fault } from "./fault.ts";

export const PLAN_VERSION = 1;

/** Options of the product, as far as they are drawn. */
export type Knobs = Partial<Omit<RaftConfig, "id" | "members">> &
  Partial<
    Pick<
      ReplicaOptions<never>,
      | "segmentBytes"
      | "preallocate"
      | "snapshotChunkBytes"
      | "snapshotEveryEntries"
      | "snapshotEveryBytes"
      | "applySliceMs"
      | "proposalsMax"
    >
  >;

export interface DiskHabits {
  /** A sync takes this long, and up to `syncJitterMs` longer. */
  readonly syncMs: number;
  readonly syncJitterMs: number;
  /** All other operations but `write` take this long; at once unless told. */
  readonly otherMs?: number;
  /**
   * After a failed sync readers see the new bytes (`keeps`, as ext4) or the old ones (`reverts`).
   */
  readonly afterFailedSync: "keeps" | "reverts";
}

export interface ClockHabits {
  /** What the node's clock shows at the start of the run. */
  readonly offsetMs: number;
  /** Parts in a million by which it runs too fast. */
  readonly driftPpm: number;
}

/** What clients do all the time. */
export interface Load {
  readonly model: "register" | "key-value" | "append-list" | "counter";
  readonly clients: number;
  readonly keys: number;
  /** Mean pause of a client between two operations. */
  readonly thinkMs: number;
  /** After this long a client gives up, and the outcome is unknown. */
  readonly timeoutMs: number;
  /** Of 1000 operations so many only read. */
  readonly reads: number;
  /** Commands are filled up to this size. */
  readonly valueBytes: number;
}

/** The second phase: the core is healed, the faults of all others are there to stay. */
export interface Healing {
  /** A majority of the nodes. */
  readonly core: readonly NodeId[];
  /** What becomes of each node outside of the core. */
  readonly others: Readonly<
    Record<NodeId, "down" | "cut" | "deaf" | "mute" | "paused" | "hung-disk" | "dead-disk">
  >;
  /**
   * After all have caught up nothing may happen for so many longest election timeouts; 0 = not
   * looked at.
   */
  readonly calmTimeouts: number;
}

export interface Plan {
  readonly format: "holdfast-plan";
  readonly version: typeof PLAN_VERSION;
  /** Feeds all chance that the plan leaves open: delays, losses, torn sectors, what clients ask. */
  readonly seed: string;
  /** Name of the pattern that its faults follow, for the narration; absent in a plain swarm. */
  readonly recipe?: string;
  readonly nodes: number;
  /** Length of the first phase, in which all faults happen and no progress is demanded. */
  readonly safetyMs: number;
  readonly knobs: Knobs;
  /** What differs from `knobs` on single nodes, by id. */
  readonly nodeKnobs: Readonly<Record<NodeId, Knobs>>;
  readonly weather: Weather;
  /**
   * Each packet by itself (`raw`, the default), or in order on connections that break as a whole.
   */
  readonly carrying?: "raw" | "connections";
  /** Events of equal time run in random order; without, in the order in which they were planned. */
  readonly shuffled?: boolean;
  /**
   * A process that stopped by itself, a bad disk for instance, is started again after so long; 1000
   * unless told.
   */
  readonly supervisorMs?: number;
  /**
   * In the first phase the state machines take so long for one command in sixteen, in the mean.
   * Left out: they take no time.
   */
  readonly slowApplyMs?: number;
  readonly disks: DiskHabits;
  /** By node, from the first. */
  readonly clocks: readonly ClockHabits[];
  /** Of 1000 times, by `maybe` point; those left out are off. */
  readonly maybe: Readonly<Record<string, number>>;
  readonly load: Load;
  /** Sorted by time. */
  readonly faults: readonly Fault[];
  readonly healing: Healing;
}
