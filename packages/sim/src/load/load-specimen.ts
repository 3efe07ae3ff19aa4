/** The workloads of campaigns: one machine for all of them, and clients with a model. */

import type { Specimen, Stage, StageEnd } from "../world/stage.ts";
import type { World } from "../world/world.ts";
import type { Broken } from "./broken.ts";
import type { Door } from "./door.ts";
import { LoadMachine, type LoadResult } from "./machine.ts";
import { createWorkload, type Workload } from "./workload.ts";

export const LOAD_SPECIMEN: Specimen = {
  make: () => new LoadMachine(),
  stage: loadStage,
};

function loadStage(world: World): Stage {
  const workload = createWorkload({
    load: world.plan.load,
    // All machines of this world are of `make` above.
    door: world as Door<LoadResult>,
    random: world.random.fork("load"),
    report: (broken) => world.watch.broken(broken),
    events: world.trace,
  });
  return {
    get operations() {
      return workload.operations;
    },
    start: () => workload.start(),
    stop: () => workload.stop(),
    progress: (bounds) => workload.progress(bounds),
    audit: (end) => audit(workload, end),
  };
}

function audit(workload: Workload, { chosen, ledger, places }: StageEnd): Broken | undefined {
  const standings = places.map(({ node, applied, machine }) => ({
    node,
    applied,
    machine: machine instanceof LoadMachine ? machine : new LoadMachine(),
  }));
  return workload.checkEnd({ chosen, ledger, standings });
}
