/** Ways to make a plan simpler, the most telling ones first. */

import { FAIR } from "../network.ts";
import type { Fault } from "../plan/fault.ts";
import type { DiskHabits, Plan } from "../plan/plan.ts";
import type { Candidates } from "./candidates.ts";
import { dropNode } from "./drop-node.ts";

/** A way to make plans simpler, and what it is called. */
export interface Stage {
  readonly name: string;
  readonly run: (candidates: Candidates) => Promise<unknown>;
}

export const STAGES: readonly Stage[] = [
  { name: "shorter", run: shorten },
  { name: "kinds of faults", run: fewerKinds },
  { name: "faults", run: fewerFaults },
  { name: "clients", run: lessLoad },
  { name: "nodes", run: fewerNodes },
  { name: "weather", run: calmerWeather },
  { name: "options", run: fewerKnobs },
  { name: "rare paths", run: fewerRarePaths },
  { name: "clocks and disks", run: plainNodes },
  { name: "surroundings", run: plainSurroundings },
  { name: "healing", run: plainHealing },
  { name: "details of faults", run: plainFaults },
  { name: "times of faults", run: closerFaults },
];

/** What lies behind the failure can't have led to it; and perhaps less time is enough. */
async function shorten(candidates: Candidates): Promise<void> {
  const { at } = candidates.failure;
  const end = Math.floor(at) + 1;
  if (end < candidates.plan.safetyMs) await candidates.firstOf([cutAt(candidates.plan, end)]);
  await descend(candidates, (plan) => plan.safetyMs, 1, cutAt);
}

function cutAt(plan: Plan, safetyMs: number): Plan {
  return { ...plan, safetyMs, faults: plan.faults.filter(({ at }) => at <= safetyMs) };
}

function fewerKinds(candidates: Candidates): Promise<void> {
  const all = candidates.plan;
  const kinds = [...new Set(all.faults.map(({ kind }) => kind))];
  return candidates.fewest(kinds, (kept) => ({
    ...all,
    faults: all.faults.filter(({ kind }) => kept.includes(kind)),
  }));
}

function fewerFaults(candidates: Candidates): Promise<void> {
  const { plan } = candidates;
  return candidates.fewest(plan.faults, (faults) => ({ ...plan, faults }));
}

async function lessLoad(candidates: Candidates): Promise<void> {
  await descend(
    candidates,
    ({ load }) => load.clients,
    1,
    (plan, clients) => changed(plan, "load", { clients }),
  );
  for (const less of [{ keys: 1 }, { valueBytes: 0 }, { reads: 0 }]) {
    await tryChange(candidates, "load", less);
  }
  for (;;) {
    const thinkMs = candidates.plan.load.thinkMs * 2;
    if (thinkMs > 2000 || !(await tryChange(candidates, "load", { thinkMs }))) return;
  }
}

async function fewerNodes(candidates: Candidates): Promise<void> {
  for (;;) {
    const { plan } = candidates;
    const ids = Array.from({ length: plan.nodes }, (_, at) => plan.nodes - at);
    const smaller = ids.flatMap((id) => dropNode(plan, id) ?? []);
    if ((await candidates.firstOf(smaller)) === undefined) return;
  }
}

/** As in {@link FAIR}, and every packet takes the same time; what that lacks is left out. */
async function calmerWeather(candidates: Candidates): Promise<void> {
  const calm: Readonly<Record<string, unknown>> = { ...FAIR, jitterMs: 0 };
  const { plan } = candidates;
  const wild = Object.entries(plan.weather).filter(([field, value]) => calm[field] !== value);
  await candidates.fewest(wild, (kept) => ({
    ...plan,
    weather: { ...FAIR, jitterMs: 0, ...Object.fromEntries(kept) },
  }));
}

/** Times that depend on each other go back to the defaults together, too. */
const TIMING: readonly string[] = [
  "electionTimeoutMs",
  "electionTimeoutMaxMs",
  "heartbeatMs",
  "coalesceMs",
];

async function fewerKnobs(candidates: Candidates): Promise<void> {
  const { plan } = candidates;
  const own = Object.entries(plan.nodeKnobs).flatMap(([id, knobs]) =>
    Object.entries(knobs).map(([name, value]) => ({ id, name, value })),
  );
  await candidates.fewest(own, (kept) => {
    const nodeKnobs: Record<string, Record<string, unknown>> = {};
    for (const { id, name, value } of kept) nodeKnobs[id] = { ...nodeKnobs[id], [name]: value };
    return { ...plan, nodeKnobs };
  });
  const untimed = Object.entries(candidates.plan.knobs).filter(([name]) => !TIMING.includes(name));
  await candidates.firstOf([{ ...candidates.plan, knobs: Object.fromEntries(untimed) }]);
  await fewestIn(candidates, "knobs");
}

function fewerRarePaths(candidates: Candidates): Promise<void> {
  return fewestIn(candidates, "maybe");
}

async function plainNodes(candidates: Candidates): Promise<void> {
  const { plan } = candidates;
  const wrong = plan.clocks.flatMap(({ offsetMs, driftPpm }, at) =>
    offsetMs === 0 && driftPpm === 0 ? [] : [at],
  );
  await candidates.fewest(wrong, (kept) => ({
    ...plan,
    clocks: plan.clocks.map((clock, at) =>
      kept.includes(at) ? clock : { offsetMs: 0, driftPpm: 0 },
    ),
  }));
  const habits = [{ syncJitterMs: 0 }, { otherMs: 0 }, { afterFailedSync: "keeps" }, { syncMs: 1 }];
  for (const plain of habits as readonly Partial<DiskHabits>[]) {
    await tryChange(candidates, "disks", plain);
  }
}

/** What a plan need not say has a default. */
async function plainSurroundings(candidates: Candidates): Promise<void> {
  for (const field of ["recipe", "carrying", "shuffled", "supervisorMs", "slowApplyMs"] as const) {
    const { [field]: _said, ...plan } = candidates.plan;
    await candidates.firstOf([plan]);
  }
}

async function plainHealing(candidates: Candidates): Promise<void> {
  const ids = Array.from({ length: candidates.plan.nodes }, (_, at) => at + 1);
  for (const plain of [{ core: ids, others: {} }, { calmTimeouts: 0 }]) {
    await tryChange(candidates, "healing", plain);
  }
  const left = Object.keys(candidates.plan.healing.others);
  const others = Object.fromEntries(left.map((id) => [id, "down"] as const));
  await tryChange(candidates, "healing", { others });
}

/** Lengths and counts of faults, which may as well be smaller, and the least that they may be. */
const MEASURES: Readonly<Record<string, number>> = {
  forMs: 1,
  downMs: 1,
  upMs: 1,
  periodMs: 1,
  times: 1,
  nth: 1,
  aheadMs: 1,
  syncMs: 1,
  damaged: 1,
};

async function plainFaults(candidates: Candidates): Promise<void> {
  for (let at = 0; at < candidates.plan.faults.length; at++) {
    for (const [field, least] of Object.entries(MEASURES)) {
      await descend(
        candidates,
        (plan) => measureOf(plan.faults[at], field),
        least,
        (plan, value) => withFault(plan, at, { [field]: value }),
      );
    }
    const fault = candidates.plan.faults[at];
    if (fault !== undefined && "power" in fault && fault.power) {
      await candidates.firstOf([withFault(candidates.plan, at, { power: false })]);
    }
    if (fault !== undefined && "lanes" in fault) await fewerLanes(candidates, at, fault);
  }
}

/** All of them need not be said; of two one may do. */
async function fewerLanes(
  candidates: Candidates,
  at: number,
  { lanes = [], ...rest }: Extract<Fault, { readonly lanes?: unknown }>,
): Promise<void> {
  const { plan } = candidates;
  const whole = { ...plan, faults: plan.faults.map((one, i) => (i === at ? rest : one)) };
  const single = lanes.map((lane) => withFault(plan, at, { lanes: [lane] }));
  await candidates.firstOf([whole, ...single]);
}

/** Takes away the time between a fault and the one before, or the beginning. */
async function closerFaults(candidates: Candidates): Promise<void> {
  for (let place = 0; place < candidates.plan.faults.length; place++) {
    await descend(
      candidates,
      (plan) => gapBefore(plan, place),
      0,
      (plan, gapMs) => {
        const earlierMs = gapBefore(plan, place) - gapMs;
        const faults = plan.faults.map((fault, at) =>
          at < place ? fault : { ...fault, at: fault.at - earlierMs },
        );
        return { ...plan, faults };
      },
    );
  }
}

function gapBefore({ faults }: Plan, place: number): number {
  return (faults[place]?.at ?? 0) - (faults[place - 1]?.at ?? 0);
}

function measureOf(fault: Fault | undefined, field: string): number {
  const value = (fault as Readonly<Record<string, unknown>> | undefined)?.[field];
  return typeof value === "number" ? value : 0;
}

function withFault(plan: Plan, place: number, change: Readonly<Record<string, unknown>>): Plan {
  const faults = plan.faults.map((fault, at) =>
    at === place ? ({ ...fault, ...change } as Fault) : fault,
  );
  return { ...plan, faults };
}

/** Parts of a plan whose fields have plainer values. */
type Part = "load" | "disks" | "healing";

function changed<P extends Part>(plan: Plan, part: P, change: Partial<Plan[P]>): Plan {
  return { ...plan, [part]: { ...plan[part], ...change } };
}

/** True when the plan still fails with that change in one of its parts. */
async function tryChange<P extends Part>(
  candidates: Candidates,
  part: P,
  change: Partial<Plan[P]>,
): Promise<boolean> {
  return (await candidates.firstOf([changed(candidates.plan, part, change)])) !== undefined;
}

/** Leaves out what has a default; what is left is needed. */
function fewestIn(candidates: Candidates, part: "knobs" | "maybe"): Promise<void> {
  const { plan } = candidates;
  return candidates.fewest(Object.entries(plan[part]), (kept) => ({
    ...plan,
    [part]: Object.fromEntries(kept),
  }));
}

/** Makes a number as small as it can be: the least, or what halving the distance leads to. */
async function descend(
  candidates: Candidates,
  read: (plan: Plan) => number,
  least: number,
  write: (plan: Plan, value: number) => Plan,
): Promise<void> {
  let tooSmall = least - 1;
  let next = least;
  while (next < read(candidates.plan)) {
    const place = await candidates.firstOf([write(candidates.plan, next)]);
    if (place === undefined) tooSmall = next;
    next = Math.floor((tooSmall + Math.ceil(read(candidates.plan))) / 2);
    if (next <= tooSmall) return;
  }
}
