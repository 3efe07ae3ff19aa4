/** Tries smaller plans one after the other and keeps those that fail in the same way. */

import type { Failure } from "../outcome.ts";
import type { Plan } from "../plan/plan.ts";
import { PlanError } from "../plan/plan-error.ts";
import { checkPlan } from "../plan/plan-json.ts";

/** Runs a plan: how it failed, if it did. */
export type Runner = (plan: Plan) => Promise<Failure | undefined>;

export interface CandidateOptions {
  readonly plan: Plan;
  /** How `plan` fails. */
  readonly failure: Failure;
  readonly run: Runner;
  /** Runs that may be spent. */
  readonly runsMax: number;
  /** Candidates that are run at a time; what comes out doesn't depend on it. */
  readonly width: number;
  /** Told after each run. */
  readonly onRun: (candidates: Candidates) => void;
}

/** Turns a part of a list back into a plan. */
type Rebuild<T> = (kept: readonly T[]) => Plan;

/** The smallest plan so far, and the way to a smaller one. */
export class Candidates {
  plan: Plan;
  failure: Failure;
  runs = 0;
  /** Runs were refused since none was left. */
  isSpent = false;
  readonly #options: CandidateOptions;
  /** Those that were no good: no reason to run them again. */
  readonly #seen: Set<string> = new Set();

  constructor(options: CandidateOptions) {
    this.#options = options;
    this.plan = options.plan;
    this.failure = options.failure;
    this.#seen.add(JSON.stringify(this.plan));
  }

  /** Keeps the first plan that fails in the same way and says its place in the list. */
  async firstOf(plans: readonly Plan[]): Promise<number | undefined> {
    const { width } = this.#options;
    for (let at = 0; at < plans.length; at += width) {
      const place = await this.#among(plans.slice(at, at + width));
      if (place !== undefined) return at + place;
    }
    return undefined;
  }

  /**
   * Delta debugging: takes away all, halves, quarters and so on. In the end no single item can be
   * spared.
   */
  async fewest<T>(items: readonly T[], rebuild: Rebuild<T>): Promise<void> {
    let kept = items;
    for (let size = kept.length; size >= 1; size = Math.floor(Math.min(size, kept.length) / 2)) {
      let before: number;
      do {
        before = kept.length;
        kept = await this.#withoutParts(kept, size, rebuild);
      } while (size === 1 && kept.length < before);
    }
  }

  /** Of the last part to the first: what comes later depends on what was before. */
  async #withoutParts<T>(
    items: readonly T[],
    size: number,
    rebuild: Rebuild<T>,
  ): Promise<readonly T[]> {
    let kept = items;
    let end = kept.length;
    while (end > 0) {
      const ends: number[] = [];
      for (let at = end; at > 0 && ends.length < this.#options.width; at -= size) ends.push(at);
      const rests = ends.map((to) => without(kept, Math.max(to - size, 0), to));
      const place = await this.firstOf(rests.map(rebuild));
      if (place === undefined) {
        end = (ends.at(-1) ?? 0) - size;
      } else {
        kept = rests[place] ?? kept;
        end = (ends[place] ?? 0) - size;
      }
    }
    return kept;
  }

  async #among(plans: readonly Plan[]): Promise<number | undefined> {
    const failures = await Promise.all(plans.map((plan) => this.#failureOf(plan)));
    const place = failures.findIndex((failure) => failure !== undefined);
    const [plan, failure] = [plans[place], failures[place]];
    if (plan === undefined || failure === undefined) return undefined;
    this.plan = plan;
    this.failure = failure;
    return place;
  }

  /** How a candidate fails, when it does so in the same way as the first plan. */
  async #failureOf(plan: Plan): Promise<Failure | undefined> {
    const text = JSON.stringify(plan);
    if (this.#seen.has(text) || !isLegal(plan)) return undefined;
    if (this.runs >= this.#options.runsMax) {
      this.isSpent = true;
      return undefined;
    }
    this.#seen.add(text);
    this.runs++;
    const failure = await this.#options.run(plan);
    this.#options.onRun(this);
    return failure?.check === this.failure.check ? failure : undefined;
  }
}

function without<T>(items: readonly T[], from: number, to: number): readonly T[] {
  return [...items.slice(0, from), ...items.slice(to)];
}

/** Not every part of a plan can be taken away without the rest. */
function isLegal(plan: Plan): boolean {
  try {
    checkPlan(plan);
    return true;
  } catch (error) {
    if (error instanceof PlanError) return false;
    throw error;
  }
}
