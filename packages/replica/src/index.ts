/** The public surface of the replica. */

export { CodecError } from "./codec/errors.ts";
export {
  decodePacket,
  encodePacket,
  type ForwardReason,
  type ForwardRequest,
  type ForwardResponse,
  laneOf,
  type Packet,
  WIRE_VERSION,
} from "./codec/packet.ts";
export { crc32 } from "./crc32.ts";
export {
  SnapshotDamagedError,
  SnapshotMissingError,
  StoreIdentityError,
  StoreVersionError,
  WalClosedError,
  WalDamagedError,
  WalFailedError,
} from "./errors.ts";
export type { StoreIdentity } from "./identity.ts";
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
export {
  type DamagedSnapshot,
  openSnapshots,
  type SnapshotOptions,
  SnapshotStore,
} from "./snapshots/snapshot-store.ts";
export type { LogPoint } from "./wal/record.ts";
export { openWal, type Recovered, Wal, type WalOptions } from "./wal/wal.ts";
