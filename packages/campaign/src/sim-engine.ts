/** The engine of real campaigns: plans from the seed, and the production stack in its world. */

import { RAFT_MARKS } from "@holdfast/raft";
import { MAYBE_POINTS, REPLICA_MARKS } from "@holdfast/replica";
import {
  describePlan,
  drawPlan,
  type Plan,
  type Profile,
  planFromJson,
  planToJson,
  runPlan,
} from "@holdfast/sim";
import type { Engine, Onlooker } from "./engine.ts";
import { hostPump } from "./host-pump.ts";

const POINTS: readonly string[] = MAYBE_POINTS.map(({ name }) => name);

export const engine: Engine = {
  marks: [...[...RAFT_MARKS, ...REPLICA_MARKS].map(({ name }) => name), ...POINTS],
  plan,
  run: (of, onlooker) => runPlan(of, { pump: hostPump, ...told(onlooker) }),
  describe: describePlan,
  toJson: planToJson,
  fromJson: planFromJson,
};

/** With all rare paths, but none of them more often than is good for progress. */
function plan(seed: number, profile: Profile): Plan {
  const drawn = drawPlan(seed, { maybePoints: POINTS, ...profile });
  const maybe: Record<string, number> = {};
  for (const { name, oftenMax } of MAYBE_POINTS) {
    const odds = drawn.maybe[name];
    if (odds !== undefined) maybe[name] = Math.min(odds, oftenMax);
  }
  return { ...drawn, maybe };
}

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
