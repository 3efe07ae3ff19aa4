/** The public surface of the simulator. */

export { type SleepingClock, VirtualClock } from "./clock.ts";
export { Random } from "./random.ts";
export { type Pump, Scheduler, SchedulerError, type SchedulerErrorCode } from "./scheduler.ts";
export { TraceHash } from "./trace-hash.ts";
