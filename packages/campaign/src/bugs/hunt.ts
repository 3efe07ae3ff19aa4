/** Looks for one planted bug: a campaign of its own, run by a build that has it. */

import type { Failure, Profile } from "@holdfast/sim";
import type { runCampaign } from "../campaign.ts";
import type { PlantedBug } from "./bug.ts";
import { withPlantedBuild } from "./planted-build.ts";

export interface HuntOptions {
  /** The first seed. */
  readonly from: number;
  /** How many seeds at most; the bug's own number unless told. */
  readonly seedsMax?: number;
  /** Threads. */
  readonly workers: number;
  /** What all plans have in common; nothing unless told. */
  readonly profile?: Profile;
  /** Compiled sources of a campaign without the bug, to compare with; this one's unless told. */
  readonly sound?: URL;
}

/**
 * - `found`: a check failed that may.
 * - `survived`: no seed failed.
 * - `surprising`: a check failed that isn't among the bug's: have a look, then add it there.
 * - `unsound`: that seed fails without the bug too, and shows nothing.
 */
export type Verdict = "found" | "survived" | "surprising" | "unsound";

export interface Hunt {
  readonly bug: PlantedBug;
  readonly verdict: Verdict;
  /** How many seeds it took, or were tried in vain. */
  readonly seeds: number;
  /** The first seed that failed, and how; absent when it survived. */
  readonly catch?: { readonly seed: number; readonly failure: Failure };
}

/** A run that takes longer, in ms, spins: that is a failure too. */
const LIMIT_MS = 120_000;
/** The module that exports the engine, beside the campaign. */
const ENGINE = "sim-engine.js";

/** Throws `PlantError` when the bug doesn't fit the code any more. */
export async function runBug(bug: PlantedBug, options: HuntOptions): Promise<Hunt> {
  const { from } = options;
  const to = from + (options.seedsMax ?? bug.seedsMax) - 1;
  const caught = await withPlantedBuild(bug, (campaign) => firstFailure(campaign, to, options));
  if (caught === undefined) return { bug, verdict: "survived", seeds: to - from + 1 };
  const seeds = caught.seed - from + 1;
  const sound = options.sound ?? new URL("../", import.meta.url);
  const one = { ...options, from: caught.seed, workers: 1 };
  const isInnocent = (await firstFailure(sound, caught.seed, one)) === undefined;
  return { bug, verdict: verdictOn(bug, caught, isInnocent), seeds, catch: caught };
}

function verdictOn({ expect }: PlantedBug, { failure }: Catch, isInnocent: boolean): Verdict {
  if (!isInnocent) return "unsound";
  return expect.some((beginning) => failure.check.startsWith(beginning)) ? "found" : "surprising";
}

type Catch = NonNullable<Hunt["catch"]>;

/** Of the seeds up to `to` the lowest that fails: the same with any number of threads. */
async function firstFailure(
  campaign: URL,
  to: number,
  { from, workers, profile = {} }: HuntOptions,
): Promise<Catch | undefined> {
  let first: Catch | undefined;
  // The threads must come from that build too: what they load follows from where they begin.
  const build = (await import(new URL("campaign.js", campaign).href)) as {
    readonly runCampaign: typeof runCampaign;
  };
  await build.runCampaign(
    {
      engine: new URL(ENGINE, campaign).href,
      profile,
      from,
      to,
      workers,
      timeMs: Number.POSITIVE_INFINITY,
      limitMs: LIMIT_MS,
      jobsPerThread: 1000,
      failuresMax: 1,
      twiceEvery: 0,
    },
    (seed, { failure }) => {
      if (failure !== undefined && (first === undefined || seed < first.seed)) {
        first = { seed, failure };
      }
    },
  );
  return first;
}
