/** Plays one run again and tells what happens in it. */

import { closeSync, openSync, writeSync } from "node:fs";
import { checkPump, type Failure, hostPump, type Outcome, type Profile } from "@holdfast/sim";
import { firstDifference } from "./determinism.ts";
import type { Engine, Onlooker } from "./engine.ts";
import { outsideRun } from "./guard.ts";
import type { Ran } from "./job.ts";
import { Lane } from "./lane.ts";
import { duration, grouped } from "./number-text.ts";
import { planOf } from "./read-source.ts";
import { runPlanned } from "./run-job.ts";
import type { Source, Surroundings } from "./surroundings.ts";

/** One run, to be told. */
export interface ReplayRequest {
  readonly source: Source;
  readonly profile: Profile;
  /** The plan and what came of it, without what happened in between. */
  readonly isBrief: boolean;
  /** Once more on a thread; the two must be equal. */
  readonly isTwice: boolean;
  /** Gets everything that happens, as trace events. */
  readonly tracePath: string | undefined;
  /** For the second run, in ms. */
  readonly limitMs: number;
}

/** Resolves with the exit code: 0 when the run passed. */
export async function replay(request: ReplayRequest, surroundings: Surroundings): Promise<number> {
  const { engine } = (await import(surroundings.engine)) as { readonly engine: Engine };
  await checkPump(hostPump);
  const plan = await planOf(engine, request.source, request.profile);
  const say = (line: string): void => surroundings.write(`${line}\n`);
  for (const line of engine.describe(plan)) say(line);
  say("");
  const trace = request.tracePath === undefined ? undefined : new TraceFile(request.tracePath);
  const onlooker: Onlooker = {
    ...(request.isBrief ? {} : { narrate: (line: string) => outsideRun(() => say(line)) }),
    ...(trace === undefined ? {} : { record: (line: string) => outsideRun(() => trace.add(line)) }),
  };
  const ran = await runPlanned(engine, plan, onlooker).finally(() => trace?.close());
  if (!request.isBrief) say("");
  for (const line of outcomeLines(ran)) say(line);
  if (!request.isTwice) return ran.failure === undefined ? 0 : 1;

  const lane = new Lane({ ...request, engine: surroundings.engine, jobsPerThread: 1 });
  const again = await lane.run({ source: { plan }, twice: false, isWatched: true });
  await lane.close();
  const isSame = JSON.stringify(again.outcome) === JSON.stringify(ran.outcome);
  say(`twice       ${isSame ? "the same on another thread" : "DIFFERENT on another thread"}`);
  if (!isSame) {
    say(`            hash ${again.outcome?.hash ?? again.failure?.check}`);
    say(`            ${await firstDifference((other) => runPlanned(engine, plan, other))}`);
  }
  return isSame && ran.failure === undefined ? 0 : 1;
}

/** What came of a run, for people. */
export function outcomeLines({ failure, outcome, wallMs }: Ran): readonly string[] {
  return [
    ...(failure === undefined ? ["passed"] : failureLines(failure)),
    ...(outcome === undefined ? [] : figureLines(outcome)),
    `real time   ${duration(wallMs)}`,
  ];
}

function failureLines({ check, message, at, node, stack }: Failure): string[] {
  const where = node === 0 ? "" : `, node ${node}`;
  return [
    `FAILED ${check}`,
    `  at ${at.toFixed(3)} ms${where}: ${message}`,
    ...stack
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .map((line) => `    ${line.trim()}`),
  ];
}

function figureLines({ figures, hash, marks }: Outcome): string[] {
  const { operations, recovery } = figures;
  const faults = Object.entries(figures.faults).map(([kind, count]) => `${kind} ${count}`);
  return [
    `hash        ${hash}`,
    `simulated   ${duration(figures.simulatedMs)}, ${grouped(figures.events)} events`,
    `faults      ${faults.length === 0 ? "none" : faults.join(", ")}`,
    `operations  ${operations.ok} ok, ${operations.failed} certainly not done, ${operations.unknown} unknown`,
    `cluster     ${figures.committed} committed, ${figures.elections} elections, ${figures.starts} starts`,
    `network     ${grouped(figures.packets)} packets, ${grouped(figures.bytes)} bytes`,
    `disks       ${grouped(figures.syncs)} syncs`,
    ...(recovery === undefined ? [] : [recoveryLine(recovery)]),
    `marks       ${marks.length} reached`,
  ];
}

function recoveryLine(recovery: NonNullable<Outcome["figures"]["recovery"]>): string {
  const [leader, commit, caughtUp] = [recovery.leader, recovery.commit, recovery.caughtUp].map(
    (timeouts) => timeouts.toFixed(2),
  );
  const after = `leader after ${leader}, commit after ${commit}, no laggard after ${caughtUp}`;
  return `healing     ${after} longest election timeouts`;
}

/** Written while the run is on, so that a run that never ends leaves its trace. */
class TraceFile {
  readonly #file: number;
  #lines: string[] = [];

  constructor(path: string) {
    this.#file = openSync(path, "w");
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length >= 1000) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeSync(this.#file, this.#lines.map((line) => `${line}\n`).join(""));
    this.#lines = [];
  }
}
