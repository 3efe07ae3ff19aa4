/** A campaign: one seed after the other on all threads, until the seeds, time or patience end. */

import type { Ran } from "./job.ts";
import { Lane, type LaneOptions } from "./lane.ts";

/** Which seeds, for how long, and on how many threads. */
export interface CampaignOptions extends LaneOptions {
  /** First seed. */
  readonly from: number;
  /** Last seed; infinite: until the time is over. */
  readonly to: number;
  /** No seed is begun after this, in ms; infinite: until the seeds end. */
  readonly timeMs: number;
  /** Threads. */
  readonly workers: number;
  /** No seed is begun after so many have failed. */
  readonly failuresMax: number;
  /** Every so many seeds one runs twice and must be equal; 0 = none. */
  readonly twiceEvery: number;
  /** Ends the campaign early; what runs then is not told. */
  readonly signal?: AbortSignal;
}

/** What makes resources behind the guard's back does so in most runs: a few tell. */
const WATCHED_EVERY = 10;

/** Why a campaign ended. */
export type CampaignEnd = "seeds" | "time" | "failures" | "stopped";

/** Tells each seed's run when it is done, in any order. Never rejects for what happens in a run. */
export async function runCampaign(
  options: CampaignOptions,
  onRan: (seed: number, ran: Ran) => void,
): Promise<CampaignEnd> {
  const { from, to, timeMs, failuresMax, twiceEvery, signal } = options;
  const begun = performance.now();
  let next = from;
  let failures = 0;
  const why = (): CampaignEnd | undefined => {
    if (signal?.aborted === true) return "stopped";
    if (failures >= failuresMax) return "failures";
    if (next > to) return "seeds";
    return performance.now() - begun >= timeMs ? "time" : undefined;
  };
  const lanes = Array.from({ length: Math.max(options.workers, 1) }, () => new Lane(options));
  const work = async (lane: Lane): Promise<void> => {
    while (why() === undefined) {
      const seed = next++;
      const twice = twiceEvery > 0 && (seed - from) % twiceEvery === twiceEvery - 1;
      const isWatched = twice || (seed - from) % WATCHED_EVERY === 0;
      const ran = await lane.run({ source: { seed }, twice, isWatched });
      if (signal?.aborted === true) return;
      if (ran.failure !== undefined) failures++;
      onRan(seed, ran);
    }
  };
  const stop = (): void => {
    for (const lane of lanes) void lane.close();
  };
  signal?.addEventListener("abort", stop);
  try {
    await Promise.all(lanes.map(work));
  } finally {
    signal?.removeEventListener("abort", stop);
    await Promise.all(lanes.map((lane) => lane.close()));
  }
  return why() ?? "seeds";
}
