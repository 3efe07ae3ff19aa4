/** The public surface of the simulator. */

export { type SleepingClock, VirtualClock } from "./clock.ts";
export { ClusterInvariants, type DurableState } from "./cluster-invariants.ts";
export {
  type CrashOptions,
  type DiskOperation,
  type OperationHook,
  SimDisk,
  type SimDiskOptions,
} from "./disk.ts";
export { type Keep, SECTOR_BYTES } from "./disk-inode.ts";
export { FAIR, type PacketFilter, SimNetwork, type Weather } from "./network.ts";
export { Random } from "./random.ts";
export { type Pump, Scheduler, SchedulerError, type SchedulerErrorCode } from "./scheduler.ts";
export { TraceHash } from "./trace-hash.ts";
