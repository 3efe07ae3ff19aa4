/** The runs that `npm run bench -- sim` measures: fixed plans, and plans as seeds draw them. */

import { drawPlan, type Knobs, type Load, type Plan, type Profile } from "@holdfast/sim";

/** Some plans that are measured as one. */
export interface Case {
  readonly name: string;
  readonly plans: readonly Plan[];
  /** The one that the targets are for. */
  readonly isTarget: boolean;
}

const SAFETY_MS = 20_000;
const SEEDS = 60;

/** Options as in production, but for a log that is cut and compacted all the time. */
const LAN: Knobs = {
  electionTimeoutMs: 150,
  electionTimeoutMaxMs: 300,
  heartbeatMs: 50,
  snapshotEveryEntries: 400,
  segmentBytes: 64 * 1024,
};
const WAN: Knobs = {
  ...LAN,
  electionTimeoutMs: 1000,
  electionTimeoutMaxMs: 2000,
  heartbeatMs: 100,
};

/** About so many operations in a second when nothing is in their way. */
type Rate = 0 | 20 | 130;

/**
 * Clients pause for 1.3 times `thinkMs` in the mean, and some do several things at a time: the
 * table says what came of it.
 */
function load(rate: Rate): Load {
  const clients = rate === 0 ? 1 : 12;
  return {
    model: "key-value",
    clients,
    keys: 10,
    thinkMs: rate === 0 ? 10 * SAFETY_MS : Math.round((clients * 1000) / rate),
    timeoutMs: 4000,
    reads: 300,
    valueBytes: 64,
  };
}

function some(seeds: readonly string[], profile: Profile): readonly Plan[] {
  return seeds.map((seed) => drawPlan(seed, { safetyMs: SAFETY_MS, ...profile }));
}

interface Setting {
  readonly nodes: number;
  readonly knobs: Knobs;
  readonly rate: Rate;
  readonly faults: "none" | "all";
}

function fixed({ nodes, knobs, rate, faults }: Setting): Case {
  const seeds = faults === "none" ? ["1", "2", "3"] : ["1", "2", "3", "4", "5", "6"];
  const timeouts = `${knobs.electionTimeoutMs}-${knobs.electionTimeoutMaxMs} ms`;
  const busy = rate === 0 ? "idle" : `${rate}/s`;
  return {
    name: `${nodes} nodes, ${timeouts}, ${busy}, ${faults === "none" ? "calm" : "all faults"}`,
    plans: some(seeds, { nodes, faults, knobs, load: load(rate) }),
    isTarget: nodes === 5 && rate === 130,
  };
}

export function cases(): readonly Case[] {
  const settings: readonly Setting[] = [
    { nodes: 3, knobs: LAN, rate: 0, faults: "none" },
    { nodes: 3, knobs: LAN, rate: 20, faults: "none" },
    { nodes: 3, knobs: LAN, rate: 130, faults: "none" },
    { nodes: 3, knobs: LAN, rate: 130, faults: "all" },
    { nodes: 5, knobs: LAN, rate: 0, faults: "none" },
    { nodes: 5, knobs: LAN, rate: 20, faults: "none" },
    { nodes: 5, knobs: LAN, rate: 130, faults: "none" },
    { nodes: 5, knobs: LAN, rate: 130, faults: "all" },
    { nodes: 5, knobs: WAN, rate: 130, faults: "none" },
    { nodes: 5, knobs: WAN, rate: 130, faults: "all" },
  ];
  const seeds = Array.from({ length: SEEDS }, (_, at) => drawPlan(at + 1));
  return [
    ...settings.map(fixed),
    { name: `seeds 1 to ${SEEDS} as drawn`, plans: seeds, isTarget: false },
  ];
}
