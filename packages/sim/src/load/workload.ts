/** Clients at work: each asks for one thing after the other, and everything is written down. */

import type { Recorded } from "@holdfast/linearizability";
import type { RunFigures } from "../outcome.ts";
import type { Load } from "../plan/plan.ts";
import type { Random } from "../random.ts";
import { Answers } from "./answers.ts";
import type { Broken, OnBroken } from "./broken.ts";
import { checkConvergence, type Standing } from "./check-convergence.ts";
import { checkExactlyOnce } from "./check-exactly-once.ts";
import { checkHistory, type HistoryBudget } from "./check-history.ts";
import { type Chosen, checkLog } from "./check-log.ts";
import { Clients } from "./clients.ts";
import type { Door } from "./door.ts";
import type { HashLedger } from "./hash-ledger.ts";
import { demandProgress, type Progress, type ProgressBounds } from "./progress.ts";
import type { ClientEvents } from "./recorder.ts";
import {
  appendListSubject,
  counterSubject,
  keyValueSubject,
  registerSubject,
  type Subject,
} from "./subject.ts";

/** Which clients, and what they work on. */
export interface WorkloadOptions {
  readonly load: Load;
  readonly door: Door;
  /** The workload's own stream; each client draws from a fork of it. */
  readonly random: Random;
  /** Takes what is found while clients are at work. */
  readonly report: OnBroken;
  readonly events?: ClientEvents | undefined;
}

/** The clients of a run, and all checks of what they were told. */
export interface Workload {
  /** How operations ended so far. */
  readonly operations: RunFigures["operations"];
  readonly history: Recorded<unknown, unknown>;
  readonly answers: Answers;
  start(): void;
  /** No client asks anything more. Resolves when none waits; each gives up in its time. */
  stop(): Promise<void>;
  /** Asks each node of the core in turn, and says whether all answered in time. */
  progress(bounds: ProgressBounds): Promise<Progress>;
  /** Holds the answers against the log that was chosen. At any time: safety needs no healing. */
  checkLog(chosen: Chosen, ledger: HashLedger): Broken | undefined;
  /** Looks for an order that explains all answers. At any time. */
  checkHistory(budget?: HistoryBudget): Broken | undefined;
  /** All checks, those nearest to the cause first; to be called when the core has caught up. */
  checkEnd(end: End): Broken | undefined;
}

/** What is there when a run is over. */
export interface End {
  readonly chosen: Chosen;
  readonly ledger: HashLedger;
  /** Of the healed core. */
  readonly standings: readonly Standing[];
}

/** The workload that the plan names. */
export function createWorkload(options: WorkloadOptions): Workload {
  switch (options.load.model) {
    case "register":
      return workloadOf(registerSubject(), options);
    case "key-value":
      return workloadOf(keyValueSubject(), options);
    case "append-list":
      return workloadOf(appendListSubject(), options);
    case "counter":
      return workloadOf(counterSubject(), options);
  }
}

function workloadOf<Input, Output, State>(
  subject: Subject<Input, Output, State>,
  options: WorkloadOptions,
): Workload {
  const answers = new Answers(options.report);
  const clients = new Clients(subject, answers, options);
  const checkAnswers = (chosen: Chosen, ledger: HashLedger): Broken | undefined =>
    checkLog(chosen, answers, ledger);
  const checkOrder = (budget?: HistoryBudget): Broken | undefined =>
    checkHistory(subject.model, clients.recorder.history, budget);
  return {
    answers,
    get operations() {
      return clients.recorder.figures;
    },
    get history() {
      return clients.recorder.history;
    },
    start: () => clients.start(),
    stop: () => clients.stop(),
    progress: (bounds) => demandProgress(clients, options.door, bounds),
    checkLog: checkAnswers,
    checkHistory: checkOrder,
    checkEnd: ({ chosen, ledger, standings }) =>
      checkConvergence(standings) ??
      checkAnswers(chosen, ledger) ??
      checkEachOnce(chosen, standings) ??
      checkOrder(),
  };
}

function checkEachOnce(chosen: Chosen, standings: readonly Standing[]): Broken | undefined {
  for (const standing of standings) {
    const broken = checkExactlyOnce(chosen, standing);
    if (broken !== undefined) return broken;
  }
  return undefined;
}
