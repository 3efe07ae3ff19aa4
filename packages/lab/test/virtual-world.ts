/** Virtual time for tests of the suite's own parts. */

import { hostPump, Random, Scheduler, type TraceHash, VirtualClock } from "@holdfast/sim";

export interface World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly trace: TraceHash;
}

/** Runs `story` in a world of its own. */
export function inVirtualTime<T>(seed: number, story: (world: World) => Promise<T>): Promise<T> {
  const scheduler = new Scheduler({ eventsMax: 5_000_000 });
  const world = {
    clock: new VirtualClock(scheduler),
    random: new Random(seed),
    trace: scheduler.trace,
  };
  return scheduler.run(() => story(world), hostPump);
}
