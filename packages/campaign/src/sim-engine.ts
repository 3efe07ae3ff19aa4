/** The engine of real campaigns: plans from the seed, and the production stack in its world. */

import { RAFT_MARKS } from "@holdfast/raft";
import { MAYBE_POINTS, REPLICA_MARKS } from "@holdfast/replica";
import { describePlan, drawPlan, planFromJson, planToJson, runPlan } from "@holdfast/sim";
import type { Engine, Onlooker } from "./engine.ts";
import { hostPump } from "./host-pump.ts";

export const engine: Engine = {
  marks: [...RAFT_MARKS, ...REPLICA_MARKS, ...MAYBE_POINTS].map(({ name }) => name),
  plan: (seed, profile) => drawPlan(seed, profile),
  run: (of, onlooker) => runPlan(of, { pump: hostPump, ...told(onlooker) }),
  describe: describePlan,
  toJson: planToJson,
  fromJson: planFromJson,
};

type Tell = (at: number, node: number, text: string) => void;

function told({ narrate }: Onlooker): { tell?: Tell } {
  if (narrate === undefined) return {};
  return {
    tell: (at, node, text) => {
      const who = node === 0 ? "" : `node ${node}`;
      narrate(`${(at / 1000).toFixed(6).padStart(11)}  ${who.padEnd(8)}${text}`);
    },
  };
}
