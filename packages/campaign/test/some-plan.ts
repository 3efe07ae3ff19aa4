/** A plan to start from in tests. */

import { FAIR, PLAN_VERSION, type Plan } from "@holdfast/sim";

export function somePlan(change: Partial<Plan> = {}): Plan {
  return {
    format: "holdfast-plan",
    version: PLAN_VERSION,
    seed: "7",
    nodes: 5,
    safetyMs: 20_000,
    knobs: { electionTimeoutMs: 200, electionTimeoutMaxMs: 400, heartbeatMs: 50 },
    nodeKnobs: {},
    weather: FAIR,
    disks: { syncMs: 1, syncJitterMs: 1, afterFailedSync: "keeps" },
    clocks: Array.from({ length: 5 }, () => ({ offsetMs: 0, driftPpm: 0 })),
    maybe: {},
    load: {
      model: "register",
      clients: 4,
      keys: 4,
      thinkMs: 100,
      timeoutMs: 1000,
      reads: 300,
      valueBytes: 16,
    },
    faults: [],
    healing: { core: [1, 2, 3], others: { 4: "down", 5: "cut" }, calmTimeouts: 0 },
    ...change,
  };
}
