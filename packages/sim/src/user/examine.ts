/**
 * Looks at a run afterwards: applies its log once more on fresh machines, with and without a
 * snapshot on the way, and finds out what it was that made two machines differ.
 */

import type { Index } from "@holdfast/raft";
import type { Failure, Outcome } from "../outcome.ts";
import { canonical } from "./canonical.ts";
import { commandLine, compared } from "./findings.ts";
import type { UserRequest } from "./requests.ts";
import type { Dispute, Given, Noted, UserLedger } from "./user-ledger.ts";
import { type Held, recut } from "./user-machine.ts";
import type { Trial } from "./user-trial.ts";
import { messageOf } from "./witness.ts";

/** A run that is over. */
export interface Ended {
  readonly trial: Trial;
  readonly ledger: UserLedger;
  readonly requests: readonly UserRequest[];
  readonly outcome: Outcome;
  /** States were compared after each index that this divides. */
  readonly every: number;
}

/** How the run failed, after all: as it did, for a better reason, or only in hindsight. */
export async function examine(ended: Ended): Promise<Failure | undefined> {
  const { ledger, outcome } = ended;
  const { failure } = outcome;
  const found = await inHindsight(ended);
  if (found === undefined) {
    return failure === undefined ? undefined : told(ended, failure);
  }
  const { at, node } = failure ?? { at: outcome.figures.simulatedMs, node: 0 };
  const stack = ledger.thrown instanceof Error ? (ledger.thrown.stack ?? "") : "";
  return { ...found, at, node, stack };
}

type Found = Pick<Failure, "check" | "message">;

/** With the command that it is about, and from where the user's own code threw. */
function told(ended: Ended, failure: Failure): Failure {
  const { thrown, blamed } = ended.ledger;
  const { check } = failure;
  const stack = (thrown instanceof Error ? thrown.stack : undefined) ?? failure.stack;
  const text = failure.message.replace(`${check}: `, "");
  const message = blamed === undefined ? text : `${text}\n${commandLine(ended, blamed)}`;
  return { ...failure, message, stack };
}

async function inHindsight(ended: Ended): Promise<Found | undefined> {
  const { failure } = ended.outcome;
  const { dispute } = ended.ledger;
  if (failure !== undefined && dispute === undefined) return undefined;
  if (dispute !== undefined) return explained(ended, dispute);
  const replay = new Replay(ended);
  const found = await replay.whole();
  return found ?? lateChange(ended);
}

/** Why two replicas differ: a machine that applies all of it anew says which of them is odd. */
async function explained(ended: Ended, dispute: Dispute): Promise<Found> {
  const { one, other } = dispute;
  for (const [right, wrong] of [
    [one, other],
    [other, one],
  ] as const) {
    if (wrong.from === 0) continue;
    const plain = await new Replay(ended).textAt(dispute, 0);
    if (plain !== right.text) continue;
    const trip = await new Replay(ended).textAt(dispute, wrong.from);
    if (trip === wrong.text) return lossOf(ended, dispute, wrong);
  }
  const fresh = await new Replay(ended).textAt(dispute, 0);
  return differenceOf(ended, dispute, fresh);
}

function differenceOf(ended: Ended, { kind, index, one, other }: Dispute, fresh?: string): Found {
  const by = other.by === FRESH ? "another fresh one" : FRESH;
  const replay = fresh === undefined ? [] : [{ by, text: fresh, from: 0 }];
  const head =
    kind === "results"
      ? "The same command gave different results on two machines with the same log"
      : "The same commands led to different states on two machines";
  const lines = [
    head,
    ...(kind === "states" && ended.every > 1
      ? [`  in one of the last ${ended.every} commands, of which this is the last:`]
      : []),
    commandLine(ended, index),
    ...compared(kind === "results" ? "gave" : "has", [one, other, ...replay]),
    "apply depends on something other than the state and the command: look for a clock, random",
    "numbers, the order of iteration, the environment, or variables outside of the machine",
  ];
  return { check: `machine: ${kind} differ`, message: lines.join("\n") };
}

function lossOf(ended: Ended, { kind, index, one, other }: Dispute, wrong: Given): Found {
  const right = wrong === one ? other : one;
  const where = kind === "results" ? commandLine(ended, index) : `  after index ${index}:`;
  const lines = [
    `A machine that was restored from the snapshot at index ${wrong.from} differs from the others`,
    where,
    ...compared(kind === "results" ? "gave" : "has", [right, wrong]),
    "snapshot leaves something out, or restore doesn't bring it back as it was (its order, too)",
  ];
  return { check: "machine: a snapshot loses something", message: lines.join("\n") };
}

/** The caller is given what apply returned: it must not change any more. */
function lateChange(ended: Ended): Found | undefined {
  const { ledger, requests } = ended;
  for (const { answer } of requests) {
    if (answer?.kind !== "ok") continue;
    const given = ledger.results[answer.index];
    if (given === undefined || given.text === answer.result) continue;
    const told = { by: "the client", text: answer.result, from: 0 };
    const lines = [
      "A result changed after apply had returned it",
      commandLine(ended, answer.index),
      ...compared("got", [{ ...given, by: "the replica" }, told]),
      "apply returns a part of the state, which later commands change: return a copy",
    ];
    return { check: "machine: a result changes later", message: lines.join("\n") };
  }
  return undefined;
}

/** Who applies the log again after the run. */
const FRESH = "a fresh machine";

/** So many places to go through a snapshot, beside those where a replica did. */
const TRIPS = 4;

interface Machine {
  readonly held: Held;
  readonly from: Index;
}

/** The log of a run once more, on fresh machines. */
class Replay {
  readonly #ended: Ended;
  readonly #commands: readonly Noted[];

  constructor(ended: Ended) {
    this.#ended = ended;
    this.#commands = ended.ledger.commands.filter((noted) => noted !== undefined);
  }

  /** The first difference from what replicas gave, or between ways through snapshots. */
  async whole(): Promise<Found | undefined> {
    const { trial, ledger } = this.#ended;
    const plain: Machine = { held: trial.make(), from: 0 };
    const trips: Machine[] = [];
    const points = this.#points();
    for (const noted of this.#commands) {
      const found =
        (await this.#step(plain, noted)) ?? (await this.#tripsStep(trips, noted, ledger));
      if (found !== undefined) return found;
      if (!points.has(noted.index)) continue;
      const trip = await this.#trip(plain, noted);
      if ("check" in trip) return trip;
      trips.push(trip);
    }
    return undefined;
  }

  /** What is disputed, by a machine that goes through the snapshot at `from`; 0: through none. */
  async textAt({ kind, index }: Dispute, from: Index): Promise<string | undefined> {
    let held = this.#ended.trial.make();
    try {
      for (const { index: at, term, command } of this.#commands) {
        if (at > index) break;
        const text = canonical(await held.machine.apply(command.slice(), { index: at, term }));
        if (at === index && kind === "results") return text;
        if (at === from) held = await this.#restored(held, { index: at, term });
      }
      return kind === "states" ? await held.view() : undefined;
    } catch {
      // It throws where replicas didn't: as good as another result.
      return undefined;
    }
  }

  async #step({ held }: Machine, noted: Noted): Promise<Found | undefined> {
    const { ledger } = this.#ended;
    const { index, term, command } = noted;
    let result: unknown;
    try {
      result = await held.machine.apply(command.slice(), { index, term });
    } catch (error) {
      return this.#threw("apply", index, error);
    }
    const by = FRESH;
    const results = await this.#dispute("results", index, { by, text: canonical(result), from: 0 });
    if (results !== undefined || ledger.states[index] === undefined) return results;
    return this.#dispute("states", index, { by, text: await held.view(), from: 0 });
  }

  async #tripsStep(
    trips: readonly Machine[],
    { index, term, command }: Noted,
    ledger: UserLedger,
  ): Promise<Found | undefined> {
    for (const { held, from } of trips) {
      const one = ledger.results[index];
      let text: string;
      try {
        text = canonical(await held.machine.apply(command.slice(), { index, term }));
      } catch (error) {
        return this.#threw("apply", index, error, ` of a machine restored at index ${from}`);
      }
      if (one === undefined || one.text === text) continue;
      const other = { by: "a machine that was restored", text, from };
      return explained(this.#ended, { kind: "results", index, one, other });
    }
    return undefined;
  }

  async #trip({ held }: Machine, { index, term }: Noted): Promise<Machine | Found> {
    let restored: Held;
    let before: string;
    let after: string;
    try {
      before = await held.view();
      restored = await this.#restored(held, { index, term });
      after = await restored.view();
    } catch (error) {
      return this.#threw("snapshot or restore", index, error);
    }
    if (before === after) return { held: restored, from: index };
    const one = { by: "the machine before", text: before, from: 0 };
    const other = { by: "the one that was restored", text: after, from: index };
    return explained(this.#ended, { kind: "states", index, one, other });
  }

  async #restored(held: Held, at: { readonly index: Index; readonly term: number }): Promise<Held> {
    const bytes = await held.pieces();
    const fresh = this.#ended.trial.make();
    await fresh.machine.restore(recut(once(bytes)), at);
    return fresh;
  }

  async #dispute(kind: Dispute["kind"], index: Index, other: Given): Promise<Found | undefined> {
    const one = this.#ended.ledger[kind][index];
    if (one === undefined || one.text === other.text) return undefined;
    return explained(this.#ended, { kind, index, one, other });
  }

  #threw(what: string, index: Index, error: unknown, whose = ""): Found {
    this.#ended.ledger.thrown ??= error;
    const message = `${what}${whose} threw at index ${index} of the same log: ${messageOf(error)}`;
    return { check: "machine: throws on the same log", message };
  }

  #points(): ReadonlySet<Index> {
    const indexes = this.#commands.map(({ index }) => index);
    const own = Array.from({ length: TRIPS }, (_, nth) =>
      indexes.at(Math.floor((indexes.length * (nth + 1)) / (TRIPS + 1))),
    );
    const all = [...own, ...[...this.#ended.ledger.restored].slice(0, TRIPS)];
    return new Set(all.filter((index) => index !== undefined));
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
