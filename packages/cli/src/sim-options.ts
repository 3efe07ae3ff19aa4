/** The settings of `holdfast sim`: a campaign, one run again, or one made smaller. */

import type {
  BugsOptions,
  CampaignRequest,
  ReplayRequest,
  ShrinkRequest,
} from "@holdfast/campaign";
import type { DrawnKind, Profile } from "@holdfast/sim";
import { UsageError } from "./cli-error.ts";
import { type Flag, type Settings, wholeNumber } from "./flags.ts";

export type SimRequest =
  | ({ readonly kind: "campaign" } & CampaignRequest)
  | ({ readonly kind: "replay" } & ReplayRequest)
  | ({ readonly kind: "shrink" } & ShrinkRequest)
  | ({ readonly kind: "bugs" } & BugsOptions);

/** What this machine and moment say where the command line doesn't. */
export interface SimDefaults {
  readonly seed: number;
  readonly cores: number;
}

const SEEDS = 200;
const FAILURES = 5;
const MARKS_FROM = 2000;
const LIMIT_S = 60;
const SHRINK_RUNS = 1000;
/** A table is made of hunts from so many first seeds. */
const RANGES = 3;
const SEED_MAX = 999_999_999_999_999;

export const SIM_FLAGS: readonly Flag[] = [
  { name: "seeds", value: "N", help: `Campaign over so many seeds (default ${SEEDS})` },
  { name: "from", value: "SEED", help: "First seed (default: a random one, which is printed)" },
  { name: "to", value: "SEED", help: "Last seed" },
  { name: "time", value: "SECONDS", help: "Begin no seed after this, however many it were" },
  { name: "workers", value: "N", help: "Threads (default: one per core)" },
  { name: "keep-going", value: "N", help: `Stop after so many failures (default ${FAILURES})` },
  { name: "limit", value: "SECONDS", help: `Real time of one run (default ${LIMIT_S})` },
  { name: "json", value: "FILE", help: "Write a line of JSON for each run" },
  {
    name: "marks",
    value: "N|off",
    help: `Fail when so many seeds don't reach every mark (default ${MARKS_FROM})`,
  },
  { name: "remember", help: "Add failing seeds to packages/campaign/seeds.txt of the checkout" },
  { name: "nodes", value: "N", help: "Size of the clusters (default: drawn)" },
  { name: "faults", value: "KIND,...|all|none", help: "Only these faults (default: drawn)" },
  { name: "recipe", value: "NAME", help: "All runs follow this pattern of faults" },
  { name: "seconds", value: "N", help: "Simulated length of the phase with faults" },
  { name: "seed", value: "SEED", help: "Replay this seed and tell what happens" },
  { name: "plan", value: "FILE", help: "Replay this plan and tell what happens" },
  { name: "brief", help: "With --seed or --plan: only the plan and what came of it" },
  { name: "twice", help: "With --seed or --plan: once more on another thread, and compare" },
  {
    name: "trace",
    value: "FILE",
    help: "With --seed or --plan: write what happens, as JSON lines",
  },
  {
    name: "shrink",
    help: "Make the failing --seed, --plan, or first failure of the campaign as small as it gets",
  },
  {
    name: "runs",
    value: "N",
    help: `With --shrink: at most so many runs (default ${SHRINK_RUNS})`,
  },
  { name: "out", value: "FILE", help: "With --shrink: where the small plan goes" },
  { name: "bug", value: "NAME,...", help: "Plant these bugs, one at a time, and look for each" },
  { name: "bugs", help: "Plant all known bugs, one at a time, and look for each" },
  {
    name: "write",
    help: `With --bugs: from ${RANGES} first seeds, and the table in the docs anew`,
  },
];

/** Where the table of planted bugs is in a checkout. */
const BUGS_PAGE = "docs/internals/planted-bugs.md";

/** Flags that say something about a campaign only, or about a single run only. */
const OF_CAMPAIGN = ["seeds", "from", "to", "time", "keep-going", "json", "marks", "remember"];
const OF_RUN = ["brief", "twice", "trace"];
const OF_SHRINKING = ["runs", "out"];

/** Throws `UsageError` for flags that don't go together and values that don't fit. */
export function simRequest(settings: Settings, defaults: SimDefaults): SimRequest {
  const profile = readProfile(settings);
  const source = readSource(settings);
  const limitMs = 1000 * wholeNumber(settings, "limit", { fallback: LIMIT_S, min: 1, max: 86_400 });
  const workers = wholeNumber(settings, "workers", { fallback: defaults.cores, min: 1, max: 256 });
  if (settings.has("bug") || settings.has("bugs")) {
    return { kind: "bugs", profile, workers, ...readBugs(settings) };
  }
  refuse(settings, ["write"], "needs --bug or --bugs");
  if (source === undefined) {
    refuse(settings, [...OF_RUN, ...OF_SHRINKING], "needs --seed or --plan");
    return { kind: "campaign", profile, limitMs, workers, ...readCampaign(settings, defaults) };
  }
  refuse(
    settings,
    OF_CAMPAIGN,
    `and --${source.kind === "seed" ? "seed" : "plan"} exclude each other`,
  );
  if (source.kind === "file" && Object.keys(profile).length > 0) {
    throw new UsageError(
      "--plan says all about a run: --nodes, --faults, --recipe, --seconds don't go with it",
    );
  }
  if (!settings.has("shrink")) {
    refuse(settings, OF_SHRINKING, "needs --shrink");
    return {
      kind: "replay",
      source,
      profile,
      limitMs,
      isBrief: settings.has("brief"),
      isTwice: settings.has("twice"),
      tracePath: settings.get("trace"),
    };
  }
  refuse(settings, OF_RUN, "and --shrink exclude each other");
  const runsMax = wholeNumber(settings, "runs", { fallback: SHRINK_RUNS, min: 1, max: 1_000_000 });
  return { kind: "shrink", source, profile, limitMs, workers, runsMax, out: settings.get("out") };
}

function readBugs(settings: Settings): Omit<BugsOptions, "profile" | "workers"> {
  const others = [...OF_CAMPAIGN, ...OF_RUN, ...OF_SHRINKING, "seed", "plan", "shrink", "limit"];
  const elsewhere = others.filter((name) => name !== "from" && name !== "seeds");
  refuse(settings, elsewhere, "is not for planted bugs");
  if (settings.has("bugs")) refuse(settings, ["bug"], "and --bugs exclude each other");
  const writes = settings.has("write");
  return {
    names: settings.get("bug")?.split(",") ?? [],
    from: wholeNumber(settings, "from", { fallback: 1, min: 0, max: SEED_MAX }),
    ranges: writes ? RANGES : 1,
    ...(settings.has("seeds") && {
      seedsMax: wholeNumber(settings, "seeds", { min: 1, max: 1e9 }),
    }),
    ...(writes && { writesTo: BUGS_PAGE }),
  };
}

function readSource(settings: Settings): ReplayRequest["source"] | undefined {
  const path = settings.get("plan");
  if (path !== undefined) {
    refuse(settings, ["seed"], "and --plan exclude each other");
    return { kind: "file", path };
  }
  if (!settings.has("seed")) return undefined;
  return { kind: "seed", seed: wholeNumber(settings, "seed", { min: 0, max: SEED_MAX }) };
}

function readProfile(settings: Settings): Profile {
  const recipe = settings.get("recipe");
  const faults = settings.get("faults");
  return {
    ...(settings.has("nodes") && { nodes: wholeNumber(settings, "nodes", { min: 1, max: 9 }) }),
    ...(settings.has("seconds") && {
      safetyMs: 1000 * wholeNumber(settings, "seconds", { min: 1, max: 1_000_000 }),
    }),
    ...(faults !== undefined && { faults: readFaults(faults) }),
    ...(recipe !== undefined && { recipe }),
  };
}

/** Which kinds there are the plan knows. */
function readFaults(text: string): readonly DrawnKind[] | "all" | "none" {
  if (text === "all" || text === "none") return text;
  return text.split(",").map((kind) => kind.trim() as DrawnKind);
}

function readCampaign(
  settings: Settings,
  defaults: SimDefaults,
): Omit<CampaignRequest, "profile" | "limitMs" | "workers"> {
  const from = wholeNumber(settings, "from", { fallback: defaults.seed, min: 0, max: SEED_MAX });
  const seconds = wholeNumber(settings, "time", { fallback: 0, min: 1, max: 10_000_000 });
  return {
    from,
    to: lastSeed(settings, from),
    timeMs: seconds === 0 ? Number.POSITIVE_INFINITY : 1000 * seconds,
    failuresMax: wholeNumber(settings, "keep-going", { fallback: FAILURES, min: 1, max: 1e9 }),
    twiceEvery: 100,
    marksFrom:
      settings.get("marks") === "off"
        ? Number.POSITIVE_INFINITY
        : wholeNumber(settings, "marks", { fallback: MARKS_FROM, min: 1, max: 1e9 }),
    jsonPath: settings.get("json"),
    remembers: settings.has("remember"),
    shrinks: settings.has("shrink"),
  };
}

function lastSeed(settings: Settings, from: number): number {
  if (settings.has("to")) {
    refuse(settings, ["seeds"], "and --to exclude each other");
    return wholeNumber(settings, "to", { min: from, max: SEED_MAX });
  }
  if (settings.has("time") && !settings.has("seeds")) return Number.POSITIVE_INFINITY;
  return from + wholeNumber(settings, "seeds", { fallback: SEEDS, min: 1, max: 1e12 }) - 1;
}

function refuse(settings: Settings, names: readonly string[], why: string): void {
  const name = names.find((one) => settings.has(one));
  if (name !== undefined) throw new UsageError(`--${name} ${why}`);
}
