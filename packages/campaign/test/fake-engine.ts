/** An engine without a cluster: what becomes of a run is written in its seed. */

import { type Failure, hostPump, type Outcome, type Plan, Random } from "@holdfast/sim";
import type { Engine, Onlooker } from "../src/engine.ts";
import { somePlan } from "./some-plan.ts";

/** Seeds that end badly; all others are well. */
export const BAD = {
  fails: 1007,
  failsAlso: 1017,
  rejects: 1001,
  hangs: 1002,
  spins: 1003,
  exits: 1004,
  throwsLater: 1005,
  asksTheTime: 1006,
  differs: 1008,
  hasNoPlan: 1009,
} as const;

const MARKS = ["mark one", "mark two", "a mark that only seed 50 reaches"];

let runs = 0;

async function run(plan: Plan, onlooker: Onlooker): Promise<Outcome> {
  const seed = Number(plan.seed);
  runs++;
  const random = new Random(plan.seed);
  let events = 0;
  let hash = "";
  await hostPump(() => {
    hash = `${random.word().toString(16)}${seed === BAD.differs && events > 50 ? runs : ""}`;
    onlooker.record?.(`{"event":${events},"hash":"${hash}"}`);
    onlooker.narrate?.(`event ${events}: ${hash}`);
    if (events === 20) misbehave(seed);
    return ++events < 100;
  });
  if (seed === BAD.rejects) throw new RangeError("the world is wrong");
  if (seed === BAD.hangs) await new Promise(() => {});
  return outcomeOf(seed, hash, plan);
}

function misbehave(seed: number): void {
  if (seed === BAD.spins) for (;;);
  if (seed === BAD.exits) process.exit(3);
  if (seed === BAD.throwsLater) void Promise.reject(new Error("nobody catches this"));
  if (seed === BAD.asksTheTime) Date.now();
}

function outcomeOf(seed: number, hash: string, plan: Plan): Outcome {
  const isBad = seed === BAD.fails || seed === BAD.failsAlso;
  const failure: Failure | undefined = isBad
    ? { check: "fake: broken", message: `two of ${seed}`, at: 12.5, node: 2, stack: "at fake" }
    : undefined;
  return {
    failure,
    hash,
    figures: {
      nodes: plan.nodes,
      events: 100,
      simulatedMs: plan.safetyMs,
      faults: { crash: 2, pause: 1 },
      operations: { ok: 10, failed: 2, unknown: 1 },
      committed: 12,
      elections: 3,
      starts: 5,
      packets: 50,
      bytes: 2000,
      syncs: 20,
      recovery: { leader: 1, commit: 1.5, caughtUp: 2 + (seed % 10) },
    },
    marks: seed === 50 ? MARKS : MARKS.slice(0, 2),
  };
}

export const engine: Engine = {
  marks: MARKS,
  plan: (seed, profile) => {
    if (seed === BAD.hasNoPlan) throw new RangeError("no plan for this");
    return somePlan({ seed: String(seed), safetyMs: profile.safetyMs ?? 20_000 });
  },
  run,
  describe: (plan) => [`a plan of ${plan.nodes} nodes`, `with ${plan.faults.length} faults`],
  toJson: (plan) => `${JSON.stringify(plan, undefined, 2)}\n`,
  fromJson: (text) => JSON.parse(text) as Plan,
};

/** Where worker threads find it. */
export const ENGINE: string = import.meta.url;
