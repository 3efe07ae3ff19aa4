/** The public surface of campaigns. */

export { type CampaignEnd, type CampaignOptions, runCampaign } from "./campaign.ts";
export type { Engine, Onlooker, Profile } from "./engine.ts";
export { type Guarded, guarded, type Intrusion, outsideRun, PlatformError } from "./guard.ts";
export { checkPump, hostPump } from "./host-pump.ts";
export type { Job, Ran } from "./job.ts";
export { Lane, type LaneOptions } from "./lane.ts";
export { runJob, runPlanned } from "./run-job.ts";
export { Tally } from "./tally.ts";
