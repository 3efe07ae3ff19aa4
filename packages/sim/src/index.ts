/** The public surface of the simulator. */

export { type SleepingClock, VirtualClock } from "./clock.ts";
export { ClusterInvariants, type DurableState } from "./cluster-invariants.ts";
export { type CrashOptions, SimDisk, type SimDiskOptions } from "./disk.ts";
export type { DamageDone, DamageOptions } from "./disk-damage.ts";
export { DiskFaults } from "./disk-faults.ts";
export { type AfterFailedSync, type Keep, SECTOR_BYTES } from "./disk-inode.ts";
export type {
  DiskHooks,
  DiskOperation,
  DiskWatcher,
  EffectHook,
  OperationHook,
} from "./disk-operation.ts";
export { DurableLog, type DurableLogOptions } from "./durable-log.ts";
export { type ExploreOptions, explore, type Finding, type Report } from "./explore/explore.ts";
export type { Invariant, Violation } from "./explore/invariants.ts";
export { type Plant, SOUND } from "./explore/plant.ts";
export { type Replay, type ReplayOptions, replay } from "./explore/retell.ts";
export { type Scope, SMALLEST } from "./explore/scope.ts";
export { FAIR, type PacketFilter, SimNetwork, type Weather } from "./network.ts";
export type { Failure, Outcome, RunFigures } from "./outcome.ts";
export type * from "./plan/fault.ts";
export * from "./plan/plan.ts";
export { type Caller, Process } from "./process.ts";
export { Random } from "./random.ts";
export { type RunOptions, runPlan } from "./run.ts";
export { type Pump, Scheduler, SchedulerError, type SchedulerErrorCode } from "./scheduler.ts";
export { TraceHash } from "./trace-hash.ts";
