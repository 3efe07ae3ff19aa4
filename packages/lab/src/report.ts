/** Everything about some runs as one JSON object, for other programs. */

import { TraceHash } from "@holdfast/sim";
import type { Options } from "./options.ts";
import { GOAL_SUM_SECONDS, REFERENCE_SUM_SECONDS, referenceRow } from "./reference.ts";
import { summarize } from "./summary.ts";
import { type Run, sumSeconds } from "./table.ts";
import { judge } from "./verdict.ts";

/** A field that doesn't apply is left out. */
export function report(runs: readonly Run[], options: Options, wallMs: number): object {
  const trace = new TraceHash();
  for (const { played } of runs) trace.note(played.traceHash);
  return {
    mode: options.isReal ? "real" : "virtual",
    seed: options.seed,
    repeat: options.repeat,
    node: process.version,
    passed: runs.filter(({ played }) => played.figures !== undefined).length,
    runs: runs.map(({ scenario, seed, played }) => ({
      number: scenario.number,
      part: scenario.part,
      name: scenario.name,
      servers: scenario.servers,
      seed,
      ...played,
      reference: referenceRow(scenario.number),
      verdict: played.figures === undefined ? undefined : judge(scenario.number, played.figures),
    })),
    summaries:
      options.repeat > 1
        ? summarize(runs).map(({ scenario, ...rest }) => ({ number: scenario.number, ...rest }))
        : undefined,
    sumSeconds: options.repeat > 1 ? undefined : sumSeconds(runs),
    reference: { sumSeconds: REFERENCE_SUM_SECONDS, goalSeconds: GOAL_SUM_SECONDS },
    traceHash: trace.digest(),
    wallMs,
  };
}
