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
export { type ExploreOptions, explore, type Finding, type Report } from "./explore/explore.ts";
export type { Invariant, Violation } from "./explore/invariants.ts";
export { type Plant, SOUND } from "./explore/plant.ts";
export { type Replay, type ReplayOptions, replay } from "./explore/retell.ts";
export { type Scope, SMALLEST } from "./explore/scope.ts";
export {
  allLinks,
  type Carrying,
  type Drop,
  FAIR,
  type Lift,
  type Link,
  type Loss,
  linksOf,
  type NetworkFigures,
  type NetworkObserver,
  type NetworkOptions,
  type PacketFilter,
  type Resolve,
  SimNetwork,
  type Weather,
} from "./network.ts";
export { NodeClock, type NodeClockOptions } from "./node-clock.ts";
export type { Failure, Outcome, RunFigures } from "./outcome.ts";
export type * from "./plan/fault.ts";
export * from "./plan/plan.ts";
export { type Caller, Process } from "./process.ts";
export { Random } from "./random.ts";
export { type RunOptions, runPlan } from "./run.ts";
export {
  type Pump,
  Scheduler,
  SchedulerError,
  type SchedulerErrorCode,
  type SchedulerOptions,
  TimedEvent,
} from "./scheduler.ts";
export { TraceHash } from "./trace-hash.ts";
