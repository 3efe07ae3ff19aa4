/** The public surface of the replica. */

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
