/** State machines that throw, in whole runs of the simulated world (P11). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MachineError, type Position, type TraceEvent } from "@holdfast/replica";
import { drawPlan, hostPump, LoadMachine, type LoadResult, type Plan } from "@holdfast/sim";
import { LOAD_SPECIMEN } from "../src/load/load-specimen.ts";
import { runSpecimen } from "../src/run.ts";
import type { Specimen } from "../src/world/stage.ts";
import type { World } from "../src/world/world.ts";

/** The command at this index is one that no replica can apply, until all have a better release. */
const POISON = 25;

/** Throws at the poison, on every replica, as long as `isMended` says no. */
class PoisonedMachine extends LoadMachine {
  readonly #isMended: () => boolean;
  readonly #tried: () => void;

  constructor(isMended: () => boolean, tried: () => void) {
    super();
    this.#isMended = isMended;
    this.#tried = tried;
  }

  override apply(bytes: Uint8Array, at: Position): LoadResult {
    if (at.index >= POISON && !this.#isMended()) {
      this.#tried();
      throw new RangeError("poison");
    }
    return super.apply(bytes, at);
  }
}

interface Poisoned {
  readonly specimen: Specimen;
  /** Times that each node was given the poison. */
  readonly tries: number[];
}

/** The new release comes with the healing. */
function poisoned(isExcused: boolean): Poisoned {
  const tries: number[] = [];
  let world: World | undefined;
  const specimen: Specimen = {
    make: (node) =>
      new PoisonedMachine(
        () => world?.isHealed === true,
        () => {
          tries[node] = (tries[node] ?? 0) + 1;
        },
      ),
    stage: (made) => {
      world = made;
      return LOAD_SPECIMEN.stage(made);
    },
    ...(isExcused ? { excuses: (error) => error instanceof MachineError } : {}),
  };
  return { specimen, tries };
}

function quiet(seed: number): Plan {
  const load = { clients: 4, thinkMs: 50 };
  const plan = drawPlan(seed, { nodes: 3, faults: "none", recipe: "none", safetyMs: 8000, load });
  return { ...plan, supervisorMs: 700 };
}

test("G12 a command that throws stops each replica that applies it, again after each start, and a better release applies it", async () => {
  for (let seed = 201; seed < 207; seed++) {
    const { specimen, tries } = poisoned(true);
    const events: TraceEvent[] = [];
    const trace = (event: TraceEvent): void => void events.push(event);
    const { failure, figures } = await runSpecimen(quiet(seed), specimen, {
      pump: hostPump,
      trace,
    });

    // All that clients were told fits the log, everything in it was applied once by all in the end.
    assert.equal(failure, undefined, `seed ${seed}: ${failure?.message}`);
    assert.ok(figures.recovery !== undefined && figures.committed > POISON);
    const stops = events.filter((event) => event.kind === "failed");
    for (const node of [1, 2, 3]) {
      const own = stops.filter((event) => event.node === node);
      assert.ok(
        own.length > 0 && own.length === tries[node],
        `seed ${seed}: node ${node}: ${own.length} of ${tries[node]}`,
      );
    }
    const places = new Set<number>();
    for (const { code, message } of stops) {
      assert.equal(code, "MACHINE_FAILED");
      const [, index] = /applying a command \(index (\d+)\): poison$/.exec(message) ?? [];
      places.add(Number(index));
    }
    // The first command at or behind the place: skipped by nobody.
    assert.equal(places.size, 1, [...places].join());
    const before = events.filter(({ kind, at }) => kind === "applied" && at < 8000);
    const [place = 0] = places;
    for (const event of before) {
      if (event.kind === "applied") assert.ok(event.index < place, `seed ${seed}: ${event.index}`);
    }
  }
});

test("G12 a machine that throws and has no excuse fails the run with the index and what it threw", async () => {
  const { specimen } = poisoned(false);
  const { failure } = await runSpecimen(quiet(211), specimen, { pump: hostPump });
  assert.equal(failure?.check, "server: stopped itself");
  assert.match(
    failure?.message ?? "",
    /MACHINE_FAILED .* applying a command \(index \d+\): poison/,
  );
});
