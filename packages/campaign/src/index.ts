/** The public surface of campaigns. */

export { PlantError, type PlantedBug } from "./bugs/bug.ts";
export { type BugsOptions, bugsCommand, UnknownBugError } from "./bugs/bugs-command.ts";
export { PLANTED_BUGS } from "./bugs/catalogue.ts";
export { type CampaignEnd, type CampaignOptions, runCampaign } from "./campaign.ts";
export { type CampaignRequest, campaignCommand } from "./campaign-command.ts";
export type { Engine, Onlooker } from "./engine.ts";
export { type Guarded, guarded, type Intrusion, outsideRun, PlatformError } from "./guard.ts";
export type { Job, Ran } from "./job.ts";
export type { LaneOptions } from "./lane.ts";
export { type ReplayRequest, replay } from "./replay-command.ts";
export { type ShrinkRequest, shrinkCommand } from "./shrink-command.ts";
export type { Source, Surroundings } from "./surroundings.ts";

/** Address of the module with the engine that simulates real clusters. */
export const SIM_ENGINE: string = new URL("./sim-engine.js", import.meta.url).href;
