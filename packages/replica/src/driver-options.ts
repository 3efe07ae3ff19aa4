/** What a replica is made of, and the defaults of what may be left open. */

import { ConfigError, makeConfig, type RaftConfig, type RaftEvent } from "@holdfast/raft";
import type { Machine } from "./machine.ts";
import type { Clock, Disk, Network } from "./ports.ts";
import type { Probe } from "./probe.ts";

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
  /**
   * Take a snapshot after so many bytes of applied entries; 64 MiB unless told, 0 = never by
   * itself.
   */
  readonly snapshotEveryBytes?: number;
  /** How long the state machine may keep everything else waiting; 5 unless told. */
  readonly applySliceMs?: number;
  /** Callers of `propose` that may wait at a time; 10,000 unless told. */
  readonly proposalsMax?: number;
  /** What happens, as it happens. Must not throw. */
  readonly observe?: (event: RaftEvent) => void;
  /** Sees everything from close by: for traces and simulation. */
  readonly probe?: Probe;
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

/** Options with nothing left open. */
export type FilledOptions<R> = ReplicaOptions<R> & Required<Pick<ReplicaOptions<R>, Optional>>;

/** Throws `ConfigError` for a wrong option, so that nothing is opened in vain. */
export function fillOptions<R>(options: ReplicaOptions<R>): FilledOptions<R> {
  const filled = { ...DEFAULTS, ...options, config: makeConfig(options.config) };
  for (const field of ["segmentBytes", "snapshotChunkBytes", "proposalsMax"] as const) {
    need(filled[field], 1, field);
  }
  for (const field of ["snapshotEveryEntries", "snapshotEveryBytes", "clusterId"] as const) {
    need(filled[field], 0, field);
  }
  if (!(filled.applySliceMs > 0)) {
    throw new ConfigError("applySliceMs", `must be more than 0, got ${filled.applySliceMs}`);
  }
  return filled;
}

function need(value: number, least: number, field: string): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ConfigError(field, `must be a whole number, ${least} or more, got ${value}`);
}
