/** The public surface of the Node package. */

export type { RaftEvent } from "@holdfast/raft";
export {
  type Applied,
  type Machine,
  NotCommittedError,
  type NotCommittedReason,
  OutcomeUnknownError,
  type Position,
  type ProposeOptions,
} from "@holdfast/replica";
export { systemClock } from "./clock.ts";
export {
  type BoundMachine,
  bindMachine,
  type Codec,
  defineMachine,
  type TypedMachine,
} from "./define-machine.ts";
export { type DirectoryDisk, openDirectoryDisk } from "./disk.ts";
export { CommandEncodingError, NodeConfigError } from "./errors.ts";
export type { HoldfastNode, NodeStatus } from "./holdfast-node.ts";
export { DirectoryInUseError } from "./lock.ts";
export {
  openTcpNetwork,
  type TcpNetwork,
  type TcpNetworkOptions,
} from "./network.ts";
export { AddressError, AddressInUseError } from "./network-errors.ts";
export type { LaneLimits, LaneStats } from "./network-lane.ts";
export type { PeerStats } from "./network-peer.ts";
export type { NetworkEvent, NetworkReport, TurnedAway } from "./network-report.ts";
export type {
  LimitOptions,
  NodeOptions,
  SnapshotPolicyOptions,
  TimingOptions,
} from "./node-options.ts";
export { openNode } from "./open-node.ts";
export type { TraceStats } from "./trace-file.ts";
