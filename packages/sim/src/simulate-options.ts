/** The options of `simulate`, checked, and the plan that they and the seed lead to. */

import { ConfigError } from "@holdfast/raft";
import { hostPump } from "./host-pump.ts";
import { Dice } from "./plan/dice.ts";
import { drawPlan } from "./plan/draw.ts";
import type { DrawnKind } from "./plan/fault.ts";
import type { Knobs, Plan } from "./plan/plan.ts";
import { PlanError } from "./plan/plan-error.ts";
import { checkPlan, planFromJson } from "./plan/plan-json.ts";
import { Random } from "./random.ts";
import type { Pump } from "./scheduler.ts";
import { SimulateOptionError } from "./simulate-errors.ts";
import { type CommandOf, Held, type UserMachine } from "./user/user-machine.ts";
import type { Ask } from "./user/user-stage.ts";
import type { Trial } from "./user/user-trial.ts";

/** What to simulate, and how. Wrong values are refused with `SimulateOptionError`. */
export interface SimulateOptions<M extends UserMachine> {
  /** Makes a machine with the state before the first command: one for each start of a node. */
  readonly machine: () => M;
  /**
   * What some client asks for next: `nth` counts from 0 over all clients. All chance must come from
   * `random`.
   */
  readonly workload: (random: Random, nth: number) => CommandOf<M>;
  /** Everything that the other options leave open follows from it. Given instead of `plan`. */
  readonly seed?: number | string;
  /** A plan to replay, as `SimulationFailedError` has it, or its JSON; given instead of `seed`. */
  readonly plan?: Plan | string;
  /** Size of the cluster, 1 to 9; mostly 3 or 5 unless given. */
  readonly nodes?: number;
  /** Simulated time in which faults happen; 10 000 ms unless given. */
  readonly durationMs?: number;
  /** These kinds, `all` kinds or `none`; some of them, by the seed, unless given. */
  readonly faults?: readonly DrawnKind[] | "all" | "none";
  /** A name of `RECIPES`, or `none`; now and then one, by the seed, unless given. */
  readonly recipe?: string;
  /** Clients at a time, and the mean pause between two commands of one, in ms. */
  readonly clients?: number;
  readonly thinkMs?: number;
  /** Options of the product that don't follow from the seed. */
  readonly knobs?: Knobs;
  /** Looks at a machine after each command and throws when something is wrong. */
  readonly invariant?: (machine: M) => void;
  /**
   * What replicas are compared by, and what a snapshot must bring back; any plain data. The
   * machine's `state()`, or else the bytes of its snapshot, unless given.
   */
  readonly state?: (machine: M) => unknown;
  /** Runs that may be spent on making a failing plan smaller; 0: none. 200 unless given. */
  readonly shrinkRuns?: number;
  /** How promise jobs end between two events; that of the host unless given. */
  readonly pump?: Pump;
}

/** Ready to be run. */
export interface Setup {
  readonly plan: Plan;
  /** As it was given. */
  readonly seed: number | string;
  readonly trial: Trial;
  readonly shrinkRuns: number;
}

const DURATION_MS = 10_000;
const SHRINK_RUNS = 200;

type Field = keyof SimulateOptions<UserMachine>;

const RULES: Readonly<Record<Field, (value: unknown) => string | undefined>> = {
  machine: aFunction,
  workload: aFunction,
  seed: (value) =>
    typeof value === "string" || Number.isSafeInteger(value)
      ? undefined
      : "must be a whole number or text",
  plan: (value) =>
    typeof value === "string" || (typeof value === "object" && value !== null)
      ? undefined
      : "must be a plan or its JSON",
  nodes: whole(1),
  durationMs: whole(1),
  faults: (value) =>
    value === "all" || value === "none" || Array.isArray(value)
      ? undefined
      : "must be all, none, or a list of kinds",
  recipe: (value) => (typeof value === "string" ? undefined : "must be the name of a recipe"),
  clients: whole(1),
  thinkMs: whole(1),
  knobs: (value) =>
    typeof value === "object" && value !== null ? undefined : "must be an object of options",
  invariant: aFunction,
  state: aFunction,
  shrinkRuns: whole(0),
  pump: aFunction,
};

/** A plan says these itself. */
const OF_PLAN: readonly Field[] = [
  "seed",
  "nodes",
  "durationMs",
  "faults",
  "recipe",
  "clients",
  "thinkMs",
  "knobs",
];

/** Throws `SimulateOptionError` naming the field and the value. */
export function readOptions<M extends UserMachine>(options: SimulateOptions<M>): Setup {
  checkFields(options);
  const { machine, invariant, state, shrinkRuns = SHRINK_RUNS, pump = hostPump } = options;
  const make = (): Held => new Held(machine(), state as ((machine: never) => unknown) | undefined);
  const first = checkMachine(make);
  const ask = asking(options, first);
  const trial: Trial = {
    make,
    ask,
    // A machine that came out of `machine` is what `invariant` takes.
    invariant: invariant === undefined ? undefined : (held) => invariant(held.made as M),
    pump,
  };
  const plan = planOf(options, sizeOf(ask));
  return { plan, seed: options.seed ?? plan.seed, trial, shrinkRuns };
}

function checkFields<M extends UserMachine>(options: SimulateOptions<M>): void {
  for (const [field, value] of Object.entries(options)) {
    const rule = Object.hasOwn(RULES, field) ? RULES[field as Field] : undefined;
    if (rule === undefined) throw new SimulateOptionError(field, "is no option", value);
    const broken = value === undefined ? undefined : rule(value);
    if (broken !== undefined) throw new SimulateOptionError(field, broken, value);
  }
  for (const field of ["machine", "workload"] as const) {
    if (options[field] === undefined) throw new SimulateOptionError(field, "is needed", undefined);
  }
  const { plan, seed } = options;
  if (plan === undefined && seed === undefined) {
    throw new SimulateOptionError("seed", "or plan is needed", seed);
  }
  const twice = OF_PLAN.find((field) => plan !== undefined && options[field] !== undefined);
  if (twice !== undefined) {
    throw new SimulateOptionError(twice, "stands in the plan already", options[twice]);
  }
}

function aFunction(value: unknown): string | undefined {
  return typeof value === "function" ? undefined : "must be a function";
}

function whole(least: number): (value: unknown) => string | undefined {
  return (value) =>
    Number.isSafeInteger(value) && Number(value) >= least
      ? undefined
      : `must be a whole number, ${least} or more`;
}

const PARTS = ["apply", "snapshot", "restore"] as const;

function checkMachine(make: () => Held): Held {
  let held: Held;
  try {
    held = make();
  } catch (cause) {
    throw threw("machine", "must make a machine", cause);
  }
  const missing = PARTS.find((part) => typeof held.machine?.[part] !== "function");
  if (missing === undefined) return held;
  throw new SimulateOptionError("machine", `must make a machine with ${missing}`, held.made);
}

/** Commands of the workload as bytes. */
function asking<M extends UserMachine>({ workload }: SimulateOptions<M>, first: Held): Ask {
  const { made } = first;
  const encode = "machine" in made ? made.encode.bind(made) : undefined;
  return (random, nth) => {
    const command: unknown = workload(random, nth);
    const bytes: unknown = encode === undefined ? command : encode(command as never);
    if (bytes instanceof Uint8Array) return { command, bytes };
    throw new TypeError("a command must be a Uint8Array, or the machine must have encode");
  };
}

function threw(field: Field, rule: string, cause: unknown): SimulateOptionError {
  return new SimulateOptionError(field, rule, cause, { cause });
}

const SAMPLES = 32;

/** Size of the largest of some commands, in bytes: what windows and loads are drawn for. */
function sizeOf(ask: Ask): number {
  let most = 0;
  try {
    const random = new Random("size of commands");
    for (let nth = 0; nth < SAMPLES; nth++) most = Math.max(most, ask(random, nth).bytes.length);
  } catch (cause) {
    throw threw("workload", "must give commands", cause);
  }
  return most;
}

function planOf<M extends UserMachine>(options: SimulateOptions<M>, valueBytes: number): Plan {
  const { plan, seed = "", nodes, faults, recipe, clients, thinkMs, knobs } = options;
  try {
    if (typeof plan === "string") return planFromJson(plan);
    if (plan !== undefined) return checkPlan(plan);
    return drawPlan(seed, {
      ...(nodes === undefined ? {} : { nodes }),
      ...(faults === undefined ? {} : { faults }),
      ...(recipe === undefined ? {} : { recipe }),
      safetyMs: options.durationMs ?? DURATION_MS,
      load: {
        // The state may grow with every command: room for that.
        model: "append-list",
        valueBytes,
        ...(clients === undefined ? {} : { clients }),
        ...(thinkMs === undefined ? {} : { thinkMs }),
      },
      knobs: { ...drawUserKnobs(seed), ...knobs },
    });
  } catch (error) {
    throw refused(options, error);
  }
}

/** Many snapshots, as they are what users' machines get wrong; room for commands of any size. */
function drawUserKnobs(seed: number | string): Knobs {
  const dice = new Dice(new Random(seed).fork("simulate"));
  return {
    snapshotEveryEntries: dice.pick([4, 10, 30, 100]),
    trailingEntries: dice.pick([0, 2, 20]),
    snapshotChunkBytes: dice.pick([4096, 1 << 16, 256 << 10]),
    commandBytesMax: 8 << 20,
    uncommittedBytesMax: 64 << 20,
  };
}

function refused<M extends UserMachine>(options: SimulateOptions<M>, cause: unknown): unknown {
  if (!(cause instanceof PlanError || cause instanceof ConfigError)) return cause;
  const { field } = cause;
  const option = options.plan !== undefined ? "plan" : optionOf(field);
  const value = option === field ? options[field as Field] : options[option as Field];
  return new SimulateOptionError(option, `is refused (${cause.message})`, value, { cause });
}

/** What the core refuses comes from the knobs. */
function optionOf(field: string): Field {
  return Object.hasOwn(RULES, field) ? (field as Field) : "knobs";
}
