/**
 * Holds what clients were told against the log that was chosen, by applying it once more on a fresh
 * machine.
 */

import type { Entry, Index } from "@holdfast/raft";
import type { Answers, Attempt } from "./answers.ts";
import type { Broken } from "./broken.ts";
import { decodeCommand } from "./command.ts";
import type { HashLedger } from "./hash-ledger.ts";
import { LoadMachine, type LoadResult } from "./machine.ts";

/** What was committed: every entry that any node has applied. */
export interface Chosen {
  readonly last: Index;
  /** Of all from 1 to `last`. */
  at(index: Index): Entry | undefined;
}

/** The first thing that doesn't fit; undefined when all does. */
export function checkLog(chosen: Chosen, answers: Answers, ledger: HashLedger): Broken | undefined {
  const audit = new Audit(chosen, answers, ledger);
  for (let index = 1; index <= chosen.last; index++) {
    const entry = chosen.at(index);
    if (entry === undefined) {
      return broken("load: chosen log has a gap", `Nobody applied index ${index}`);
    }
    const found = audit.take(entry);
    if (found !== undefined) return found;
  }
  return audit.finish();
}

class Audit {
  readonly #chosen: Chosen;
  readonly #answers: Answers;
  readonly #ledger: HashLedger;
  readonly #machine = new LoadMachine();
  /** By serial, the index at which it was chosen. */
  readonly #places = new Map<number, Index>();

  constructor(chosen: Chosen, answers: Answers, ledger: HashLedger) {
    this.#chosen = chosen;
    this.#answers = answers;
    this.#ledger = ledger;
  }

  take(entry: Entry): Broken | undefined {
    if (entry.kind === "command") {
      const found = this.#takeCommand(entry);
      if (found !== undefined) return found;
    }
    return this.#compareState(entry.index);
  }

  finish(): Broken | undefined {
    for (const attempt of this.#answers.attempts) {
      if (attempt.answer?.kind !== "ok" || this.#places.has(attempt.serial)) continue;
      const { index, term } = attempt.answer;
      const entry = this.#chosen.at(index);
      const held = entry === undefined ? "nothing" : `an entry of term ${entry.term}`;
      return broken(
        "load: answered ok and not in the log",
        `${name(attempt)} was answered as ${index}^${term}; the log has ${held} there`,
        attempt,
      );
    }
    return undefined;
  }

  #takeCommand(entry: Entry): Broken | undefined {
    const { index } = entry;
    const { serial } = decodeCommand(entry.data);
    const attempt = this.#answers.at(serial);
    if (attempt === undefined) {
      return broken("load: a command that nobody sent", `Index ${index} has command ${serial}`);
    }
    const other = this.#places.get(serial) ?? this.#laterPlace(attempt, index);
    if (other !== undefined) {
      const message = `${name(attempt)} is in the log at ${index} and at ${other}`;
      return broken("load: one command twice in the log", message, attempt);
    }
    this.#places.set(serial, index);
    const result = this.#machine.apply(entry.data, entry);
    return judge(attempt, entry, result);
  }

  /** The place that the client was told, if the command is there, too. */
  #laterPlace({ serial, answer }: Attempt, index: Index): Index | undefined {
    if (answer?.kind !== "ok" || answer.index <= index) return undefined;
    const entry = this.#chosen.at(answer.index);
    if (entry?.kind !== "command") return undefined;
    return decodeCommand(entry.data).serial === serial ? answer.index : undefined;
  }

  #compareState(index: Index): Broken | undefined {
    const hash = this.#machine.stateHash();
    const known = this.#ledger.at(index);
    if (known === undefined || known === hash) return undefined;
    return broken(
      "state: replay differs",
      `The log up to index ${index} leads to ${hash.toString(16)}, ` +
        `replicas came to ${known.toString(16)}`,
    );
  }
}

/** A command that is in the log, and what its client was told. */
function judge(attempt: Attempt, { index, term }: Entry, result: LoadResult): Broken | undefined {
  const { answer } = attempt;
  if (answer === undefined || answer.kind === "unknown") return undefined;
  if (answer.kind === "failed") {
    const message = `${name(attempt)} was answered "${answer.reason}", and is at ${index}^${term}`;
    return broken("load: answered failed and applied", message, attempt);
  }
  if (answer.index !== index || answer.term !== term) {
    return broken(
      "load: answered with another place",
      `${name(attempt)} was answered as ${answer.index}^${answer.term}, and is at ${index}^${term}`,
      attempt,
    );
  }
  if (isSameResult(answer.result, result)) return undefined;
  return broken(
    "load: answered with another result",
    `${name(attempt)} at index ${index} was answered ${show(answer.result)}, ` +
      `the log gives ${show(result)}`,
    attempt,
  );
}

function isSameResult(one: LoadResult, other: LoadResult): boolean {
  if (typeof one !== "object" || one === null) return one === other;
  if (typeof other !== "object" || other === null || one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one.values[i] !== other.values[i]) return false;
  return true;
}

function show(result: LoadResult): string {
  if (typeof result !== "object" || result === null) return String(result);
  return `[${result.values.slice(0, result.length).join(", ")}]`;
}

function name({ serial, session, number, node }: Attempt): string {
  return `Command ${serial} (session ${session}, number ${number}, sent to node ${node})`;
}

function broken(check: string, message: string, attempt?: Attempt): Broken {
  return { check, message, node: attempt?.node ?? 0 };
}
