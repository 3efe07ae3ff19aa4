/** The public surface of the replica. */

export { CodecError } from "./codec/errors.ts";
export {
  type Checksum,
  FRAME_HEADER_BYTES,
  FrameError,
  FrameReader,
  writeFrame,
} from "./codec/framing.ts";
export {
  decodePacket,
  encodePacket,
  type ForwardReason,
  type ForwardRequest,
  type ForwardResponse,
  laneOf,
  PACKET_KINDS,
  type Packet,
  peekKind,
  WIRE_VERSION,
} from "./codec/packet.ts";
export { crc32 } from "./crc32.ts";
export type { ReplicaOptions } from "./driver-options.ts";
export type { ProposeOptions } from "./driver-proposals.ts";
export {
  BrokenInvariantError,
  DiskFailedError,
  MachineError,
  NotCommittedError,
  type NotCommittedReason,
  OutcomeUnknownError,
  SnapshotDamagedError,
  SnapshotFailedError,
  SnapshotMissingError,
  SnapshotRefusedError,
  StoreGapError,
  StoreIdentityError,
  StoreIncompleteError,
  StoreVersionError,
  WalClosedError,
  WalDamagedError,
  WalFailedError,
} from "./errors.ts";
export type { StoreIdentity } from "./identity.ts";
export type { Machine, Position, Signal } from "./machine.ts";
export { REPLICA_MARKS } from "./marks.ts";
export { decideMaybe, maybe } from "./maybe.ts";
export { MAYBE_POINTS, type MaybePoint } from "./maybe-points.ts";
export {
  type Clock,
  type Disk,
  DiskError,
  type DiskErrorCode,
  type DiskFile,
  type Lane,
  type Network,
  type Receiver,
  type Timer,
} from "./ports.ts";
export { joinProbes, type Probe } from "./probe.ts";
export type { Applied } from "./proposal.ts";
export { openReplica, type Replica } from "./replica.ts";
export { type ImageHeader, readImage } from "./snapshots/image.ts";
export { snapshotIndexOf } from "./snapshots/names.ts";
export {
  type DamagedSnapshot,
  openSnapshots,
  type SnapshotOptions,
  SnapshotStore,
} from "./snapshots/snapshot-store.ts";
export type { PeerStatus, ReplicaState, ReplicaStatus } from "./status.ts";
export { TraceFormatError } from "./trace/errors.ts";
export { narrateTrace } from "./trace/narrate-trace.ts";
export { readTrace } from "./trace/read-trace.ts";
export {
  type NodeAction,
  type Recording,
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceEvent,
  type TraceHeader,
  type TraceKind,
  type TracePlace,
  type TraceStamp,
  type TraceStanding,
  type TraceWrite,
  type WorldAction,
} from "./trace/trace-event.ts";
export { encodeTraceLine } from "./trace/trace-line.ts";
export { TraceLines } from "./trace/trace-lines.ts";
export type { TraceMessage, TraceRun } from "./trace/trace-message.ts";
export { type TraceProbe, type TraceProbeOptions, traceProbe } from "./trace/trace-probe.ts";
export {
  type TraceOutlet,
  TraceRecorder,
  type TraceSink,
  type Who,
  WORLD,
} from "./trace/trace-recorder.ts";
export { openWal, type Recovered } from "./wal/open-wal.ts";
export { type PlacedRecord, recordAt } from "./wal/placed-record.ts";
export type { Head, LogPoint, WalRecord } from "./wal/record.ts";
export {
  type PlacedHeader,
  readHeader as readSegmentHeader,
  type SegmentHeader,
  sequenceOf as segmentSequenceOf,
} from "./wal/segment-header.ts";
export { Wal, type WalOptions } from "./wal/wal.ts";
