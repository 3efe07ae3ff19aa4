/**
 * Runs a user's own state machine on simulated clusters: the replica that ships, in virtual time,
 * under faults, all from one seed.
 */

import type { RunFigures } from "./outcome.ts";
import type { Plan } from "./plan/plan.ts";
import { shrink } from "./shrink/shrink.ts";
import { SimulationFailedError } from "./simulate-errors.ts";
import { readOptions, type Setup, type SimulateOptions } from "./simulate-options.ts";
import { scheduleOf } from "./user/schedule.ts";
import type { UserMachine } from "./user/user-machine.ts";
import { type Tried, tryOut } from "./user/user-trial.ts";

/** What a run that found nothing has looked at. */
export interface SimulationReport {
  readonly plan: Plan;
  /** Of everything that happened: equal for equal options and code. */
  readonly hash: string;
  readonly figures: RunFigures;
  /** Commands in the log, snapshots that were taken, and restored. */
  readonly commands: number;
  readonly snapshots: number;
  readonly restores: number;
}

/** States are compared so often; after each command once they were found to differ. */
const STATES_EVERY = 16;

/**
 * Resolves when the machine behaved: every replica gave the same results and came to the same
 * states, snapshots brought back what they were made of, clients were told the truth, and a healed
 * majority went on. Rejects with `SimulationFailedError` when not, and with `SimulateOptionError`
 * for a wrong option.
 *
 * @example
 *   await simulate({
 *     machine: () => bindMachine(counter),
 *     workload: (random) => ({ add: random.below(10) }),
 *     seed: 1,
 *   });
 */
export async function simulate<M extends UserMachine>(
  options: SimulateOptions<M>,
): Promise<SimulationReport> {
  const setup = readOptions(options);
  const { plan, trial } = setup;
  let every = STATES_EVERY;
  let tried = await tryOut(trial, plan, every);
  if (tried.failure?.check === "machine: states differ") {
    // Somewhere in the last few commands: look after each, to name the one.
    every = 1;
    const closer = await tryOut(trial, plan, every);
    if (closer.failure !== undefined) tried = closer;
  }
  if (tried.failure !== undefined) throw await failed(setup, tried, every);
  const { outcome, ledger } = tried;
  return {
    plan,
    hash: outcome.hash,
    figures: outcome.figures,
    commands: ledger.commands.filter((noted) => noted !== undefined).length,
    snapshots: ledger.snapshots,
    restores: ledger.restores,
  };
}

async function failed(
  { plan, seed, trial, shrinkRuns }: Setup,
  first: Tried,
  every: number,
): Promise<SimulationFailedError> {
  const { failure } = first;
  if (failure === undefined) throw new RangeError("A run that passed can't be made smaller");
  // The last one that failed in the same way is the one that shrinking kept.
  const kept = new Map<Plan, Tried>([[plan, first]]);
  const shrunk = await shrink({
    plan,
    failure,
    runsMax: shrinkRuns,
    run: async (candidate) => {
      const tried = await tryOut(trial, candidate, every);
      if (tried.failure?.check === failure.check) kept.set(candidate, tried);
      return tried.failure;
    },
  });
  const { ledger } = kept.get(shrunk.plan) ?? first;
  const text = [
    `Simulation failed: ${shrunk.failure.check} (seed ${seed})`,
    "",
    shrunk.failure.message,
    "",
    smallest(plan, shrunk.plan, shrunk.runs),
    ...scheduleOf(shrunk.plan).map((line) => `  ${line}`),
    "",
    `Again: the same options, ${JSON.stringify(seed)} as the seed; ` +
      "or plan: error.plan instead of the seed, for the schedule above",
  ].join("\n");
  const { failure: found, plan: small } = shrunk;
  return new SimulationFailedError({
    failure: found,
    seed: plan.seed,
    plan: small,
    text,
    cause: ledger.thrown,
  });
}

function smallest(before: Plan, after: Plan, runs: number): string {
  if (runs === 0) return "The schedule:";
  const faults = `${before.faults.length} faults became ${after.faults.length}`;
  return `The smallest schedule that fails like this (${faults}, in ${runs} runs):`;
}
