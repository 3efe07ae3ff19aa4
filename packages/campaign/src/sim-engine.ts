/** The engine of real campaigns: plans from the seed, and the production stack in its world. */

import { RAFT_MARKS } from "@holdfast/raft";
import {
  encodeTraceLine,
  MAYBE_POINTS,
  narrateTrace,
  REPLICA_MARKS,
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceHeader,
  type TraceSink,
} from "@holdfast/replica";
import {
  describePlan,
  drawPlan,
  hostPump,
  type Plan,
  planFromJson,
  planToJson,
  runPlan,
} from "@holdfast/sim";
import type { Engine, Onlooker } from "./engine.ts";

export const engine: Engine = {
  marks: [...RAFT_MARKS, ...REPLICA_MARKS, ...MAYBE_POINTS].map(({ name }) => name),
  plan: (seed, profile) => drawPlan(seed, profile),
  run: (of, onlooker) => runPlan(of, { pump: hostPump, ...told(onlooker, of) }),
  describe: describePlan,
  toJson: planToJson,
  fromJson: planFromJson,
};

/** What the run tells, as lines for people and as lines of a file, the header first. */
function told({ narrate, record }: Onlooker, plan: Plan): { trace?: TraceSink } {
  if (narrate === undefined && record === undefined) return {};
  record?.(encodeTraceLine(headerOf(plan)));
  return {
    trace: (event) => {
      narrate?.(narrateTrace(event));
      record?.(encodeTraceLine(event));
    },
  };
}

function headerOf(plan: Plan): TraceHeader {
  const { nodes, seed } = plan;
  return {
    format: TRACE_FORMAT,
    version: TRACE_VERSION,
    kind: "sim",
    nodes: Array.from({ length: nodes }, (_, i) => i + 1),
    unit: "ms",
    seed,
    plan,
  };
}
