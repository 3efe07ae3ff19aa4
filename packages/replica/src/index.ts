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
