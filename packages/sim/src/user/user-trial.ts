/** One run of a user's machine in the simulated world, and what it showed. */

import type { Failure, Outcome } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { runSpecimen } from "../run.ts";
import type { Pump } from "../scheduler.ts";
import type { Specimen } from "../world/stage.ts";
import { examine } from "./examine.ts";
import type { UserRequest } from "./requests.ts";
import { UserLedger } from "./user-ledger.ts";
import type { Held } from "./user-machine.ts";
import { type Ask, UserStage } from "./user-stage.ts";
import { Witness } from "./witness.ts";

/** What a user gave, ready to be run again and again. */
export interface Trial {
  readonly make: () => Held;
  readonly ask: Ask;
  readonly invariant: ((held: Held) => void) | undefined;
  readonly pump: Pump;
}

export interface Tried {
  readonly failure: Failure | undefined;
  readonly outcome: Outcome;
  readonly ledger: UserLedger;
  readonly requests: readonly UserRequest[];
}

/** States are compared after each index that `every` divides. */
export async function tryOut(trial: Trial, plan: Plan, every: number): Promise<Tried> {
  const ledger = new UserLedger();
  const witnesses: Witness[] = [];
  const held: { world?: Parameters<Specimen["stage"]>[0]; stage?: UserStage } = {};
  const specimen: Specimen = {
    make: (node) => {
      const { invariant } = trial;
      const one = trial.make();
      const witness = new Witness({
        node,
        held: one,
        ledger,
        every,
        invariant: invariant === undefined ? undefined : () => invariant(one),
        report: (check, message) => held.world?.watch.broken({ check, message, node }),
        soon: (run) => held.world?.watch.soon(run),
      });
      witnesses.push(witness);
      return witness;
    },
    stage: (world) => {
      const stage = new UserStage(world, trial.ask);
      held.world = world;
      held.stage = stage;
      return {
        get operations() {
          return stage.operations;
        },
        start: () => stage.start(),
        stop: () => stage.stop(),
        progress: (bounds) => stage.progress(bounds),
        audit: (end) => {
          for (const witness of witnesses) witness.checkKept();
          return stage.audit(end);
        },
      };
    },
  };
  const outcome = await runSpecimen(plan, specimen, { pump: trial.pump });
  const requests = held.stage?.requests ?? [];
  const failure = await examine({ trial, ledger, requests, outcome, every });
  return { failure, outcome, ledger, requests };
}
