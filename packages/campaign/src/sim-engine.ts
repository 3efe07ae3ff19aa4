/** The engine of real campaigns: plans from the seed, and the production stack in its world. */

import { RAFT_MARKS } from "@holdfast/raft";
import {
  encodeTraceLine,
  MAYBE_POINTS,
  narrateTrace,
  REPLICA_MARKS,
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceEvent,
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

/** Marks that no simulated run can reach, and why; tests of their package do. */
export const OUT_OF_REACH: ReadonlyMap<string, string> = new Map([
  ["driver: a packet can't be read", "the network port promises that what arrives is whole"],
]);

export const engine: Engine = {
  marks: [...RAFT_MARKS, ...REPLICA_MARKS, ...MAYBE_POINTS]
    .map(({ name }) => name)
    .filter((name) => !OUT_OF_REACH.has(name)),
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
      if (isTelling(event)) narrate?.(narrateTrace(event));
      record?.(encodeTraceLine(event));
    },
  };
}

/** What goes as it should on every disk would hide the story; a recording has it. */
function isTelling(event: TraceEvent): boolean {
  if (event.kind === "disk") return event.result !== "ok";
  return event.kind !== "input" || event.input !== "persisted";
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
