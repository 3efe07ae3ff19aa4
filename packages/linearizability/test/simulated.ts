/** Histories of simulated clients at one atomic object, by a seed. */

import { History, type KeyValueInput, type KeyValueOutput } from "@holdfast/linearizability";

/** A generator with 32 bits of state (Marsaglia's xorshift). */
export class Draws {
  #word: number;

  constructor(seed: number) {
    this.#word = (seed ^ 0x9e3779b9) | 1;
    for (let i = 0; i < 8; i++) this.below(2);
  }

  below(limit: number): number {
    let word = this.#word;
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    this.#word = word;
    return (word >>> 0) % limit;
  }
}

export interface Workload {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  /** Of 1,000 operations so many have an unknown outcome. */
  readonly unknownPerMille: number;
  /** How many values there are to write; left out: each is written once. */
  readonly values?: number;
}

interface UnderWay {
  readonly id: number;
  readonly input: KeyValueInput;
  output: KeyValueOutput | undefined;
}

/**
 * Clients that each do one thing after the other. In every turn one of them calls, takes effect
 * or returns, so all are under way most of the time: the hard case for a checker.
 */
export function simulateKeyValue(workload: Workload): History<KeyValueInput, KeyValueOutput> {
  const draws = new Draws(workload.seed);
  const history = new History<KeyValueInput, KeyValueOutput>();
  const store = new Map<string, KeyValueOutput>();
  const lost: KeyValueInput[] = [];
  const busy = new Map<number, UnderWay>();
  let issued = 0;
  while (issued < workload.operations || busy.size > 0) {
    const client = draws.below(workload.clients);
    const underWay = busy.get(client);
    if (draws.below(200) === 0) for (const input of lost.splice(0, 1)) apply(store, input);
    if (underWay === undefined) {
      if (issued === workload.operations) continue;
      const input = drawInput(draws, workload, issued++, store);
      busy.set(client, { id: history.invoke(client, input), input, output: undefined });
    } else if (underWay.output === undefined) {
      if (draws.below(1000) >= workload.unknownPerMille) {
        underWay.output = apply(store, underWay.input);
        continue;
      }
      history.unknown(underWay.id);
      if (draws.below(2) === 0) lost.push(underWay.input);
      busy.delete(client);
    } else {
      history.ok(underWay.id, underWay.output);
      busy.delete(client);
    }
  }
  return history;
}

function drawInput(
  draws: Draws,
  { keys, values }: Workload,
  serial: number,
  store: ReadonlyMap<string, KeyValueOutput>,
): KeyValueInput {
  const key = `k${draws.below(keys)}`;
  const value = values === undefined ? serial : draws.below(values);
  const kind = draws.below(10);
  if (kind < 5) return { kind: "get", key };
  if (kind < 8) return { kind: "put", key, value };
  if (kind === 8) return { kind: "delete", key };
  return { kind: "cas", key, from: store.get(key) ?? null, to: value };
}

function apply(store: Map<string, KeyValueOutput>, input: KeyValueInput): KeyValueOutput {
  const value = store.get(input.key) ?? null;
  switch (input.kind) {
    case "get":
      return value;
    case "put":
      store.set(input.key, input.value);
      return null;
    case "delete":
      store.set(input.key, null);
      return value !== null;
    case "cas":
      if (value === input.from) store.set(input.key, input.to);
      return value === input.from;
  }
}

/**
 * The same history, but one read late in it returns what its key held long before: the value that
 * the put before the last two put there.
 */
export function withStaleRead(
  history: History<KeyValueInput, KeyValueOutput>,
): History<KeyValueInput, KeyValueOutput> {
  const { operations } = history;
  const stale = staleReadOf(history);
  const changed = new History<KeyValueInput, KeyValueOutput>();
  const ids = operations.map(({ client, input, call }) => changed.invoke(client, input, call));
  for (const [i, { outcome }] of operations.entries()) {
    const id = ids[i] ?? -1;
    if (outcome.kind === "ok") {
      changed.ok(id, i === stale.read ? stale.value : outcome.output, outcome.at);
    } else if (outcome.at !== undefined) changed.unknown(id, outcome.at);
  }
  return changed;
}

/** The read to change, and what it is to return. */
export function staleReadOf(history: History<KeyValueInput, KeyValueOutput>): {
  readonly read: number;
  readonly value: KeyValueOutput;
} {
  const { operations } = history;
  for (let read = Math.floor(operations.length * 0.9); read < operations.length; read++) {
    const { input, outcome } = operations[read] ?? {};
    if (input?.kind !== "get" || outcome?.kind !== "ok") continue;
    const early = operations.slice(0, read >> 1).findLast((put) => {
      return put.input.kind === "put" && put.input.key === input.key && put.outcome.kind === "ok";
    });
    if (early?.input.kind === "put") return { read, value: early.input.value };
  }
  throw new Error("No read could be made stale");
}
