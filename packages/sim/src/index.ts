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
export { FAIR, type PacketFilter, SimNetwork, type Weather } from "./network.ts";
export type { Failure, Outcome, RunFigures } from "./outcome.ts";
export { describeFault, describePlan } from "./plan/describe.ts";
export { drawPlan, NODES_MAX } from "./plan/draw.ts";
export { type Fate, spentNodes } from "./plan/draw-healing.ts";
export { knobsOf } from "./plan/draw-knobs.ts";
export { healedWeather } from "./plan/draw-surroundings.ts";
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
export { type Pump, Scheduler, SchedulerError, type SchedulerErrorCode } from "./scheduler.ts";
export { TraceHash } from "./trace-hash.ts";
