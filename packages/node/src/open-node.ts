/** What a user opens: one node of a cluster on a real directory, TCP and the system's clock. */

import { randomBytes } from "node:crypto";
import type { RaftConfig, RaftEvent } from "@holdfast/raft";
import {
  type Machine,
  openReplica,
  type Replica,
  type ReplicaOptions,
  type TraceProbe,
} from "@holdfast/replica";
import { systemClock } from "./clock.ts";
import { type BoundMachine, bindBytes, bindMachine, type TypedMachine } from "./define-machine.ts";
import { openDirectoryDisk } from "./disk.ts";
import { HoldfastNode } from "./holdfast-node.ts";
import { openTcpNetwork, type TcpNetwork } from "./network.ts";
import { checkOptions, type NodeOptions } from "./node-options.ts";
import type { TraceFile } from "./trace-file.ts";
import { openTrace, traceInto } from "./trace-node.ts";

/** What a frame holds beside the commands: more than any message's own fields, in bytes. */
const FRAME_ROOM_BYTES = 1 << 20;
const FRAME_BYTES_MIN = 16 << 20;

/**
 * Opens a node: takes the directory, listens, recovers, restores the state machine, then takes
 * part. The nodes of a cluster may be opened in any order. Rejects with a typed error and leaves
 * nothing open: `HOLDFAST_CONFIG`; `DIR_IN_USE`, `ADDRESS_IN_USE`, `ADDRESS_UNUSABLE`; a store that
 * must not be used: `STORE_IDENTITY`, `STORE_VERSION`, `STORE_INCOMPLETE`, `STORE_GAP`,
 * `WAL_DAMAGED`; `MACHINE_FAILED`; what the disk fails with: `WAL_FAILED`, `SNAPSHOT_DAMAGED`, its
 * own. When `signal` fires, with its reason.
 */
export function openNode<C, R, S>(
  options: NodeOptions<TypedMachine<C, R, S>>,
): Promise<HoldfastNode<C, R, S>>;
/** With a machine at byte level: commands are bytes, and `read` shows the machine itself. */
export function openNode<R>(
  options: NodeOptions<Machine<R>>,
): Promise<HoldfastNode<Uint8Array, R, Machine<R>>>;
export async function openNode<C, R, S>(
  options: NodeOptions<TypedMachine<C, R, S> | Machine<R>>,
): Promise<HoldfastNode<C, R, S> | HoldfastNode<Uint8Array, R, Machine<R>>> {
  const config = checkOptions(options);
  options.signal?.throwIfAborted();
  const { machine } = options;
  return "initial" in machine
    ? open(options, config, bindMachine(machine))
    : open(options, config, bindBytes(machine));
}

async function open<C, R, S>(
  options: NodeOptions<unknown>,
  config: RaftConfig,
  bound: BoundMachine<C, R, S>,
): Promise<HoldfastNode<C, R, S>> {
  const disk = await openDirectoryDisk(options.dir);
  let network: TcpNetwork | undefined;
  let trace: TraceFile | undefined;
  let replica: Replica<R> | undefined;
  try {
    trace = await openTrace(options, config);
    network = await listen(options, config);
    const probe = trace === undefined ? undefined : traceInto(trace, config.id);
    const parts = { machine: bound.machine, disk, network, probe };
    replica = await openReplica(replicaOptions(options, config, parts));
    // It may have fired meanwhile.
    options.signal?.throwIfAborted();
  } catch (error) {
    await replica?.close();
    await network?.close();
    await trace?.close();
    await disk.close();
    throw error;
  }
  const node = new HoldfastNode({ replica, bound, disk, network, trace });
  options.signal?.addEventListener("abort", () => void node.close(), { once: true });
  return node;
}

function listen(options: NodeOptions<unknown>, config: RaftConfig): Promise<TcpNetwork> {
  const { id, clusterId = 1, peers, report } = options;
  const frame = config.commandBytesMax + config.messageBytesMax + FRAME_ROOM_BYTES;
  return openTcpNetwork({
    id,
    clusterId,
    listen: options.listen,
    peers,
    packetBytesMax: Math.max(FRAME_BYTES_MIN, frame),
    ...(report === undefined ? {} : { report }),
  });
}

function replicaOptions<R>(
  options: NodeOptions<unknown>,
  config: RaftConfig,
  parts: Pick<ReplicaOptions<R>, "machine" | "disk" | "network"> & {
    readonly probe: TraceProbe | undefined;
  },
): ReplicaOptions<R> {
  const { clusterId = 1, snapshot = {}, limits = {}, onFailure } = options;
  const { machine, disk, network, probe } = parts;
  const observe = observerOf(options.observe, probe);
  const { everyEntries, everyBytes } = snapshot;
  const { proposalsMax } = limits;
  return {
    config,
    clusterId,
    disk,
    network,
    clock: systemClock(),
    machine,
    random: randomBytes(4).readUInt32LE(),
    ...(everyEntries === undefined ? {} : { snapshotEveryEntries: everyEntries }),
    ...(everyBytes === undefined ? {} : { snapshotEveryBytes: everyBytes }),
    ...(proposalsMax === undefined ? {} : { proposalsMax }),
    ...(observe === undefined ? {} : { observe }),
    ...(probe === undefined ? {} : { probe }),
    ...(onFailure === undefined ? {} : { onFailure }),
  };
}

function observerOf(
  observe: ((event: RaftEvent) => void) | undefined,
  probe: TraceProbe | undefined,
): ((event: RaftEvent) => void) | undefined {
  if (probe === undefined) return observe;
  return (event) => {
    probe.observe(event);
    observe?.(event);
  };
}
