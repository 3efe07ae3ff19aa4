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
export { type KeepEntry, Readings } from "./durable-reading.ts";
export { type ExploreOptions, explore, type Finding, type Report } from "./explore/explore.ts";
export type { Invariant, Violation } from "./explore/invariants.ts";
export { type Plant, SOUND } from "./explore/plant.ts";
export { type Replay, type ReplayOptions, replay } from "./explore/retell.ts";
export { type Scope, SMALLEST } from "./explore/scope.ts";
export { checkPump, hostPump, isPumpAway, PumpError } from "./host-pump.ts";
export type { Answers, Attempt } from "./load/answers.ts";
export type { Broken, OnBroken } from "./load/broken.ts";
export { checkConvergence, type Standing } from "./load/check-convergence.ts";
export { checkExactlyOnce } from "./load/check-exactly-once.ts";
export type { HistoryBudget } from "./load/check-history.ts";
export type { Chosen } from "./load/check-log.ts";
export { type Command, decodeCommand, encodeCommand, type Op } from "./load/command.ts";
export type { Answer, Door } from "./load/door.ts";
export { HashLedger } from "./load/hash-ledger.ts";
export { type ListSeen, LoadMachine, type LoadResult } from "./load/machine.ts";
export type { Progress, ProgressBounds } from "./load/progress.ts";
export type { ClientEvents } from "./load/recorder.ts";
export { createWorkload, type End, type Workload, type WorkloadOptions } from "./load/workload.ts";
export {
  allLinks,
  type Carrying,
  type Corruption,
  type DamageKind,
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
export { describeFault, describePlan } from "./plan/describe.ts";
export { Dice } from "./plan/dice.ts";
export { drawPlan } from "./plan/draw.ts";
export { type Fate, spentNodes } from "./plan/draw-healing.ts";
export { knobsOf } from "./plan/draw-knobs.ts";
export type * from "./plan/fault.ts";
export * from "./plan/plan.ts";
export { PlanError } from "./plan/plan-error.ts";
export { checkPlan, planFromJson, planToJson } from "./plan/plan-json.ts";
export type { Profile } from "./plan/profile.ts";
export type { Recipe } from "./plan/recipes/recipe.ts";
export { RECIPE_NAMES, RECIPES } from "./plan/recipes.ts";
export { FAULT_KINDS } from "./plan/swarm.ts";
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
export type { Runner } from "./shrink/candidates.ts";
export { type ShrinkOptions, type ShrinkProgress, type Shrunk, shrink } from "./shrink/shrink.ts";
export { type SimulationReport, simulate } from "./simulate.ts";
export {
  SimulateOptionError,
  SimulationFailedError,
  type SimulationFailure,
} from "./simulate-errors.ts";
export type { SimulateOptions } from "./simulate-options.ts";
export { TraceHash } from "./trace-hash.ts";
export type { BoundMachine, CommandOf, UserMachine } from "./user/user-machine.ts";
