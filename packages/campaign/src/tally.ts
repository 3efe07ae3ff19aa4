/** Adds up what the runs of a campaign came to. */

import type { Failure, FaultKind, RunFigures } from "@holdfast/sim";
import type { Ran } from "./job.ts";

/** A seed whose run failed, and how. */
export interface FailedSeed {
  readonly seed: number;
  readonly failure: Failure;
}

/** Figures that are sums over all runs. */
const SUMMED = [
  "events",
  "simulatedMs",
  "committed",
  "elections",
  "starts",
  "packets",
  "bytes",
  "syncs",
] as const;
const OUTCOMES = ["ok", "failed", "unknown"] as const;

/** From the healing on, in longest election timeouts. */
export type Recovery = NonNullable<RunFigures["recovery"]>;

/** The sums of a campaign. */
export class Tally {
  /** Runs that are done, those without an end too. */
  seeds = 0;
  readonly failed: FailedSeed[] = [];
  readonly sums: Record<(typeof SUMMED)[number], number> = {
    events: 0,
    simulatedMs: 0,
    committed: 0,
    elections: 0,
    starts: 0,
    packets: 0,
    bytes: 0,
    syncs: 0,
  };
  readonly operations: Record<(typeof OUTCOMES)[number], number> = { ok: 0, failed: 0, unknown: 0 };
  /** Runs by the size of their cluster. */
  readonly sizes: Map<number, number> = new Map();
  /** Simulated time of the shortest run that came to its end, in ms. */
  shortestMs: number = Number.POSITIVE_INFINITY;
  readonly faults: Map<FaultKind, number> = new Map();
  readonly marks: Set<string> = new Set();
  readonly recoveries: Recovery[] = [];
  /** The run that took longest in real time. */
  slowest: { readonly seed: number; readonly wallMs: number } | undefined;

  add(seed: number, { failure, outcome, wallMs }: Ran): void {
    this.seeds++;
    if (failure !== undefined) this.failed.push({ seed, failure });
    if (wallMs > (this.slowest?.wallMs ?? 0)) this.slowest = { seed, wallMs };
    if (outcome === undefined) return;
    for (const mark of outcome.marks) this.marks.add(mark);
    this.#addFigures(outcome.figures);
  }

  #addFigures(figures: RunFigures): void {
    for (const field of SUMMED) this.sums[field] += figures[field];
    for (const field of OUTCOMES) this.operations[field] += figures.operations[field];
    for (const [kind, count] of Object.entries(figures.faults) as [FaultKind, number][]) {
      this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
    }
    this.sizes.set(figures.nodes, (this.sizes.get(figures.nodes) ?? 0) + 1);
    this.shortestMs = Math.min(this.shortestMs, figures.simulatedMs);
    if (figures.recovery !== undefined) this.recoveries.push(figures.recovery);
  }

  get faultCount(): number {
    let sum = 0;
    for (const count of this.faults.values()) sum += count;
    return sum;
  }
}

/** The value that `share` of all `values` do not exceed; `values` sorted and not empty. */
export function quantile(values: readonly number[], share: number): number {
  const at = Math.min(Math.ceil(values.length * share), values.length) - 1;
  return values[Math.max(at, 0)] ?? Number.NaN;
}
