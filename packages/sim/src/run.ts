/** Runs a plan from its first event to its verdict. */

import { hearMarks } from "@holdfast/raft";
import { decideMaybe, type TraceSink } from "@holdfast/replica";
import { LOAD_SPECIMEN } from "./load/load-specimen.ts";
import type { Outcome, RunFigures } from "./outcome.ts";
import type { Fault } from "./plan/fault.ts";
import type { Plan } from "./plan/plan.ts";
import { Random } from "./random.ts";
import { type Pump, Scheduler } from "./scheduler.ts";
import { diskFault } from "./world/disk-faults.ts";
import { healed, type Recovery, recover, staysCalm } from "./world/healing.ts";
import { networkFault } from "./world/network-faults.ts";
import { processFault } from "./world/process-faults.ts";
import type { Place, Specimen, Stage } from "./world/stage.ts";
import { World } from "./world/world.ts";

/** How to run a plan, and who looks on. */
export interface RunOptions {
  readonly pump: Pump;
  /** More events than this are a failure: something spins. 20 million unless told. */
  readonly eventsMax?: number;
  /** Gets everything that happens, as it happens. */
  readonly trace?: TraceSink;
}

const EVENTS_MAX = 20_000_000;

/** The same plan gives the same outcome, hash included. Never rejects for what a server does. */
export function runPlan(plan: Plan, options: RunOptions): Promise<Outcome> {
  return runSpecimen(plan, LOAD_SPECIMEN, options);
}

/** Runs a plan with other machines and clients than those of the campaigns. */
export async function runSpecimen(
  plan: Plan,
  specimen: Specimen,
  options: RunOptions,
): Promise<Outcome> {
  const marks = new Set<string>();
  const chance = chances(plan, marks);
  let world: World | undefined;
  const mark = (name: string): void => {
    marks.add(name);
    world?.trace?.mark(name);
  };
  // Rare paths lose packets and time: in the second phase progress is demanded.
  const decide =
    chance === undefined
      ? undefined
      : (point: string): boolean => world?.isHealed !== true && chance(point);
  const scheduler = new Scheduler({
    eventsMax: options.eventsMax ?? EVENTS_MAX,
    // Runs may take turns in one thread, as tests in one file do.
    enter: () => {
      hearMarks(mark);
      decideMaybe(decide);
    },
    ...(plan.shuffled === true ? { shuffle: new Random(plan.seed).fork("order") } : {}),
  });
  world = new World(plan, scheduler, specimen, options.trace);
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
  const { failure } = world.watch;
  if (failure !== undefined) {
    const { check, message } = failure;
    world.trace?.world({ kind: "invariant", check, message });
  }
  return {
    failure,
    hash: scheduler.trace.digest(),
    figures: figures(world, play),
    marks: [...marks].sort(),
  };
}

/** The two phases of a run. */
class Play {
  readonly stage: Stage;
  recovery: Recovery | undefined;
  /** Of the healed core, once all have caught up. */
  #places: readonly Place[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.stage = world.specimen.stage(world);
  }

  async whole(): Promise<void> {
    const world = this.#world;
    const { plan, scheduler } = world;
    for (const server of world.servers) server.start();
    for (const fault of plan.faults) scheduler.after(fault.at, () => strike(world, fault));
    this.stage.start();
    await world.sleep(plan.safetyMs);
    const core = healed(world);
    this.recovery = await recover(world, core, this.stage);
    await staysCalm(world, core);
    this.#places = core.map(({ id, raft, life }) => ({
      node: id,
      applied: raft?.applied ?? 0,
      machine: life?.machine,
    }));
  }

  /** What clients were told, held against the log that was chosen. */
  audit(): void {
    const { invariants, ledger, failure } = this.#world.watch;
    if (failure !== undefined) return;
    const { committed } = invariants;
    const chosen = { last: committed.size, at: (index: number) => committed.get(index) };
    const broken = this.stage.audit({ chosen, ledger, places: this.#places });
    if (broken !== undefined) this.#world.watch.broken(broken);
  }
}

function strike(world: World, fault: Fault): void {
  if (world.isHealed) return;
  if (effect(world, fault)) world.struck(fault);
}

/** True when it took effect just now. */
function effect(world: World, fault: Fault): boolean {
  const struck = (): void => world.struck(fault);
  switch (fault.kind) {
    case "crash":
    case "crash-on":
    case "outage":
    case "crash-loop":
    case "pause":
    case "stop":
    case "clock-jump":
    case "clock-drift":
    case "twin":
      return processFault(world, fault, struck);
    case "weather":
    case "partition":
    case "flap":
    case "clog":
    case "slow-link":
    case "break":
    case "corrupt":
    case "filter":
      return networkFault(world, fault, struck);
    default:
      return diskFault(world, fault);
  }
}

/**
 * Takes rare paths by the plan's odds, each point from a stream of its own. Undefined when the plan
 * has none.
 */
function chances(plan: Plan, marks: Set<string>): ((point: string) => boolean) | undefined {
  if (Object.keys(plan.maybe).length === 0) return undefined;
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
    nodes: servers.length,
    events: scheduler.ran,
    simulatedMs: scheduler.now,
    faults: Object.fromEntries(world.faults),
    operations: play.stage.operations,
    committed: watch.committed,
    elections: watch.elections,
    starts: servers.reduce((sum, { starts }) => sum + starts, 0),
    packets: network.figures().packets,
    bytes: network.figures().bytes,
    syncs: world.syncs,
    ...(play.recovery === undefined ? {} : { recovery: play.recovery }),
  };
}
