/** What a worker thread does with a job: draws the plan, runs it under guard, once or twice. */

import type { Plan, Profile } from "@holdfast/sim";
import { firstDifference } from "./determinism.ts";
import type { Engine, Onlooker } from "./engine.ts";
import { type GuardOptions, guarded } from "./guard.ts";
import { type Job, type Ran, withoutEnd } from "./job.ts";

/** Never rejects: whatever goes wrong is the failure of this run. */
export async function runJob(engine: Engine, profile: Profile, job: Job): Promise<Ran> {
  let plan: Plan;
  try {
    plan = "plan" in job.source ? job.source.plan : engine.plan(job.source.seed, profile);
  } catch (error) {
    return rejected("campaign: no plan", error, 0);
  }
  const guard = { isWatched: job.isWatched };
  const first = await runPlanned(engine, plan, {}, guard);
  if (!job.twice || first.failure !== undefined) return first;
  const second = await runPlanned(engine, plan, {}, guard);
  const isSame = JSON.stringify(first.outcome) === JSON.stringify(second.outcome);
  if (isSame) return { ...first, wallMs: first.wallMs + second.wallMs };
  const message = await firstDifference((onlooker) => runPlanned(engine, plan, onlooker));
  const hashes = `hashes ${first.outcome?.hash} and ${second.outcome?.hash ?? second.failure?.check}`;
  const { failure } = withoutEnd(DIFFERS, `${hashes}; ${message}`, 0);
  return { ...first, failure };
}

/** The check of runs that differ from themselves. */
export const DIFFERS = "determinism: two runs of a plan differ";

/** One run under guard. */
export async function runPlanned(
  engine: Engine,
  plan: Plan,
  onlooker: Onlooker,
  guard: GuardOptions = {},
): Promise<Ran> {
  const begun = performance.now();
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on("unhandledRejection", note);
  const result = await guarded(() => engine.run(plan, onlooker), guard);
  // Node looks for rejections that nobody handles only when the event loop turns.
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", note);
  const wallMs = performance.now() - begun;
  const outcome = "value" in result ? result.value : undefined;
  if (result.intrusion !== undefined) {
    const { name, stack } = result.intrusion;
    return {
      ...withoutEnd(`platform: ${name}`, `Simulated code used ${name}`, wallMs, stack),
      outcome,
    };
  }
  if (rejections.length > 0) {
    return {
      ...rejected("campaign: a rejection that nobody handles", rejections[0], wallMs),
      outcome,
    };
  }
  if ("error" in result) return rejected("campaign: the run was rejected", result.error, wallMs);
  return { failure: result.value.failure, outcome, wallMs };
}

function rejected(check: string, error: unknown, wallMs: number): Ran {
  const isError = error instanceof Error;
  const message = isError ? error.message : String(error);
  return withoutEnd(check, message, wallMs, isError ? (error.stack ?? "") : "");
}
