/** Makes a failing run as small as it gets, and writes it to a file to be replayed. */

import { writeFile } from "node:fs/promises";
import type { Profile } from "@holdfast/sim";
import { type Failure, type Plan, type ShrinkProgress, shrink } from "@holdfast/sim";
import type { Engine } from "./engine.ts";
import { Lane } from "./lane.ts";
import { counted, duration } from "./number-text.ts";
import { commandFor, planOf } from "./read-source.ts";
import { outcomeLines } from "./replay-command.ts";
import { DIFFERS } from "./run-job.ts";
import type { Source, Surroundings } from "./surroundings.ts";

/** A failing run, to be made small. */
export interface ShrinkRequest {
  readonly source: Source;
  readonly profile: Profile;
  /** Runs at a time. */
  readonly workers: number;
  /** Runs that may be spent. */
  readonly runsMax: number;
  /** A run that takes longer, in ms, counts as one that hangs. */
  readonly limitMs: number;
  /** Where the plan goes; a name with the seed in it unless told. */
  readonly out: string | undefined;
}

/** Resolves with the exit code: 0 when there is a smaller plan that fails in the same way. */
export async function shrinkCommand(
  request: ShrinkRequest,
  surroundings: Surroundings,
): Promise<number> {
  const { engine } = (await import(surroundings.engine)) as { readonly engine: Engine };
  const plan = await planOf(engine, request.source, request.profile);
  const lanes = new Lanes(request, surroundings);
  const stop = (): void => void lanes.close();
  surroundings.signal.addEventListener("abort", stop);
  try {
    return await shrinkOn(lanes, plan, { engine, request, surroundings });
  } finally {
    surroundings.signal.removeEventListener("abort", stop);
    await lanes.close();
  }
}

interface Scene {
  readonly engine: Engine;
  readonly request: ShrinkRequest;
  readonly surroundings: Surroundings;
}

async function shrinkOn(
  lanes: Lanes,
  plan: Plan,
  { engine, request, surroundings }: Scene,
): Promise<number> {
  const say = (line: string): void => surroundings.write(`${line}\n`);
  const again = commandFor(request.source, request.profile, surroundings);
  const failure = await lanes.failureOf(plan, true);
  if (failure === undefined) {
    say(`nothing to shrink: it passes (${again})`);
    return 1;
  }
  const progress = new Shown(surroundings);
  const shrunk = await shrink({
    plan,
    failure,
    run: (candidate) => lanes.failureOf(candidate, failure.check === DIFFERS),
    runsMax: request.runsMax,
    width: request.workers,
    onProgress: (step) => progress.show(step),
  });
  progress.clear();
  if (surroundings.signal.aborted) return 1;
  const path = request.out ?? `holdfast-sim-${plan.seed.replaceAll(/[^\w.-]/g, "_")}.plan.json`;
  await writeFile(path, engine.toJson(shrunk.plan));
  for (const line of engine.describe(shrunk.plan)) say(line);
  say("");
  for (const line of outcomeLines({ failure: shrunk.failure, outcome: undefined, wallMs: 0 }).slice(
    0,
    -1,
  ))
    say(line);
  const end = shrunk.isMinimal
    ? "nothing more can be spared"
    : "no runs left, there may be more to spare";
  say("");
  say(`${sizeOf(plan)} became ${sizeOf(shrunk.plan)} in ${counted(shrunk.runs, "run")}: ${end}`);
  say(`again: ${surroundings.command} --plan ${path}`);
  return 0;
}

/** One line about how large a plan is. */
function sizeOf({ faults, nodes, load, safetyMs }: Plan): string {
  const parts = [
    counted(faults.length, "fault"),
    counted(nodes, "node"),
    counted(load.clients, "client"),
    duration(safetyMs),
  ];
  return parts.join(", ");
}

/** Threads that run candidates, each on the first one that is free. */
class Lanes {
  readonly #all: Lane[];
  readonly #free: Lane[];
  readonly #signal: AbortSignal;

  constructor({ workers, profile, limitMs }: ShrinkRequest, { engine, signal }: Surroundings) {
    this.#signal = signal;
    const options = { engine, profile, limitMs, jobsPerThread: 2000 };
    this.#all = Array.from({ length: Math.max(workers, 1) }, () => new Lane(options));
    this.#free = [...this.#all];
  }

  async failureOf(plan: Plan, twice: boolean): Promise<Failure | undefined> {
    if (this.#signal.aborted) return undefined;
    const lane = this.#free.pop();
    if (lane === undefined) throw new RangeError("More candidates at a time than threads");
    const { failure } = await lane.run({ source: { plan }, twice, isWatched: true });
    this.#free.push(lane);
    return failure;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((lane) => lane.close()));
  }
}

const SHOW_MS = 200;

/** One line that is rewritten; nothing but on a terminal. */
class Shown {
  readonly #surroundings: Surroundings;
  #at = 0;
  #stage = "";

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  show({ stage, runs, plan }: ShrinkProgress): void {
    const { screen } = this.#surroundings;
    const line = `shrinking: ${stage} | ${counted(runs, "run")} | ${sizeOf(plan)}`;
    if (!screen.isTerminal) {
      if (stage !== this.#stage) screen.write(`${line}\n`);
      this.#stage = stage;
      return;
    }
    const now = performance.now();
    if (now - this.#at < SHOW_MS) return;
    this.#at = now;
    screen.write(`\r${line.slice(0, screen.width - 1)}\x1b[K`);
  }

  clear(): void {
    const { screen } = this.#surroundings;
    if (screen.isTerminal) screen.write("\r\x1b[K");
  }
}
