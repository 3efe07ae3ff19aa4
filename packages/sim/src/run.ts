/** Runs a plan from its first event to its verdict. */

import { hearMarks } from "@holdfast/raft";
import { decideMaybe } from "@holdfast/replica";
import type { Broken } from "./load/broken.ts";
import type { Standing } from "./load/check-convergence.ts";
import { LoadMachine } from "./load/machine.ts";
import { createWorkload, type Workload } from "./load/workload.ts";
import type { Outcome, RunFigures } from "./outcome.ts";
import { describeFault } from "./plan/describe.ts";
import type { Fault } from "./plan/fault.ts";
import type { Plan } from "./plan/plan.ts";
import { Random } from "./random.ts";
import { type Pump, Scheduler } from "./scheduler.ts";
import { diskFault } from "./world/disk-faults.ts";
import { healed, type Recovery, recover, staysCalm } from "./world/healing.ts";
import { networkFault } from "./world/network-faults.ts";
import { processFault } from "./world/process-faults.ts";
import { World } from "./world/world.ts";

export interface RunOptions {
  readonly pump: Pump;
  /** More events than this are a failure: something spins. 20 million unless told. */
  readonly eventsMax?: number;
  /** What happens, in words; `node` is 0 when it is about none. */
  readonly tell?: (at: number, node: number, text: string) => void;
}

const EVENTS_MAX = 20_000_000;

/** The same plan gives the same outcome, hash included. Never rejects for what a server does. */
export async function runPlan(plan: Plan, options: RunOptions): Promise<Outcome> {
  const marks = new Set<string>();
  const chance = chances(plan, marks);
  const mark = (name: string): void => {
    marks.add(name);
  };
  const scheduler = new Scheduler({
    eventsMax: options.eventsMax ?? EVENTS_MAX,
    // Runs may take turns in one thread, as tests in one file do.
    enter: () => {
      hearMarks(mark);
      decideMaybe(chance);
    },
    ...(plan.shuffled === true ? { shuffle: new Random(plan.seed).fork("order") } : {}),
  });
  const world = new World(plan, scheduler);
  const { tell } = options;
  if (tell !== undefined) world.tell = (node, text) => tell(scheduler.now, node, text);
  const play = new Play(world);
  try {
    await scheduler.run(() => Promise.race([play.whole(), world.failed]), options.pump);
    play.audit();
  } catch (error) {
    world.watch.fail(0, error);
  } finally {
    hearMarks(undefined);
    decideMaybe(undefined);
  }
  return {
    failure: world.watch.failure,
    hash: scheduler.trace.digest(),
    figures: figures(world, play),
    marks: [...marks].sort(),
  };
}

/** The two phases of a run. */
class Play {
  readonly workload: Workload;
  recovery: Recovery | undefined;
  /** Of the healed core, once all have caught up. */
  #standings: readonly Standing[] | undefined;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.workload = createWorkload({
      load: world.plan.load,
      door: world,
      random: world.random.fork("load"),
      report: (broken) => world.watch.broken(broken),
    });
  }

  async whole(): Promise<void> {
    const world = this.#world;
    const { plan, scheduler } = world;
    for (const server of world.servers) server.start();
    for (const fault of plan.faults) scheduler.after(fault.at, () => strike(world, fault));
    this.workload.start();
    await world.sleep(plan.safetyMs);
    const core = healed(world);
    await this.workload.stop();
    if (core === undefined) return;
    this.recovery = await recover(world, core, this.workload);
    await staysCalm(world, core);
    this.#standings = core.map(({ id, raft, life }) => ({
      node: id,
      applied: raft?.applied ?? 0,
      machine: life?.machine ?? new LoadMachine(),
    }));
  }

  /** What clients were told, held against the log that was chosen. */
  audit(): void {
    const { invariants, ledger, failure } = this.#world.watch;
    if (failure !== undefined) return;
    const { committed } = invariants;
    const chosen = { last: committed.size, at: (index: number) => committed.get(index) };
    const standings = this.#standings;
    this.#report(
      standings === undefined
        ? (this.workload.checkLog(chosen, ledger) ?? this.workload.checkHistory())
        : this.workload.checkEnd({ chosen, ledger, standings }),
    );
  }

  #report(broken: Broken | undefined): void {
    if (broken !== undefined) this.#world.watch.broken(broken);
  }
}

function strike(world: World, fault: Fault): void {
  if (world.isHealed) return;
  world.tell?.(0, describeFault(fault));
  if (effect(world, fault)) world.struck(fault.kind);
}

function effect(world: World, fault: Fault): boolean {
  switch (fault.kind) {
    case "crash":
    case "crash-on":
    case "outage":
    case "crash-loop":
    case "pause":
    case "clock-jump":
    case "clock-drift":
    case "twin":
      return processFault(world, fault);
    case "weather":
    case "partition":
    case "flap":
    case "clog":
    case "slow-link":
    case "break":
    case "filter":
      return networkFault(world, fault);
    default:
      return diskFault(world, fault);
  }
}

/** Takes rare paths by the plan's odds, each point from a stream of its own. */
function chances(plan: Plan, marks: Set<string>): (point: string) => boolean {
  const random = new Random(plan.seed);
  const streams = new Map(
    Object.entries(plan.maybe).map(([point, odds]) => [
      point,
      { odds, random: random.fork(`maybe ${point}`) },
    ]),
  );
  return (point) => {
    const stream = streams.get(point);
    if (stream === undefined || !stream.random.chance(stream.odds, 1000)) return false;
    marks.add(point);
    return true;
  };
}

function figures(world: World, play: Play): RunFigures {
  const { scheduler, network, watch, servers } = world;
  return {
    events: scheduler.ran,
    simulatedMs: scheduler.now,
    faults: Object.fromEntries(world.faults),
    operations: play.workload.operations,
    committed: watch.committed,
    elections: watch.elections,
    starts: servers.reduce((sum, { starts }) => sum + starts, 0),
    packets: network.figures().packets,
    bytes: network.figures().bytes,
    syncs: world.syncs,
    ...(play.recovery === undefined ? {} : { recovery: play.recovery }),
  };
}
