/** What clients of each model ask for, and how answers of the machine read in its terms. */

import {
  type AppendListInput,
  type AppendListOutput,
  appendList,
  type Grown,
  type KeyValueInput,
  type KeyValueOutput,
  keyValue,
  type Model,
  type RegisterInput,
  type RegisterOutput,
  register,
  type Scalar,
} from "@holdfast/linearizability";
import type { Op } from "./command.ts";
import { type CounterInput, type CounterOutput, counter } from "./counter-model.ts";
import type { LoadResult } from "./machine.ts";

/** All that was drawn for one operation, and what its client knows. */
export interface Choice {
  readonly key: number;
  readonly isRead: boolean;
  /** In [0, 1000): which of the writing operations. */
  readonly roll: number;
  /** No other operation of the run has it. */
  readonly value: number;
  /** What this client last saw there; 0 when nothing. */
  readonly seen: number;
}

export interface Asked<Input> {
  readonly input: Input;
  readonly op: Op;
  readonly value: number;
  readonly to: number;
}

/** One model as a workload. */
export interface Subject<Input, Output, State> {
  readonly model: Model<Input, Output, State>;
  /** An operation may be sent again although it may have been applied. */
  readonly isRepeatable: boolean;
  /** How many keys there are; undefined when as many as are wanted. */
  readonly keys: number | undefined;
  /** A key is left for a fresh one after so many writes, or so many of unknown outcome. */
  readonly writesMax: number;
  readonly unknownMax: number;
  ask(choice: Choice): Asked<Input>;
  output(result: LoadResult): Output;
  /** What the key holds as far as the client can tell; 0 when it can't. */
  seenAfter(asked: Asked<Input>, output: Output): number;
}

const FOR_EVER: number = Number.POSITIVE_INFINITY;

/** One register after the other: each alone is what clients meet on. */
type RegisterAsked = RegisterInput & { readonly register: number };

export function registerSubject(): Subject<RegisterAsked, RegisterOutput, Scalar> {
  return {
    model: { ...register(), partition: (input) => `${input.register}` },
    isRepeatable: false,
    keys: 1,
    writesMax: FOR_EVER,
    unknownMax: 12,
    ask({ key, isRead, roll, value, seen }) {
      const one = { register: key };
      if (isRead) return { input: { ...one, kind: "read" }, op: "read", value: 0, to: 0 };
      if (roll < 700) {
        return { input: { ...one, kind: "write", value }, op: "write", value, to: 0 };
      }
      const input = { ...one, kind: "cas", from: valueOrNull(seen), to: value } as const;
      return { input, op: "cas", value: seen, to: value };
    },
    output: scalar,
    seenAfter: seenInCell,
  };
}

export function keyValueSubject(): Subject<KeyValueInput, KeyValueOutput, Scalar> {
  return {
    model: keyValue(),
    isRepeatable: false,
    keys: undefined,
    writesMax: FOR_EVER,
    unknownMax: 16,
    ask: askKeyValue,
    output: scalar,
    seenAfter: seenInCell,
  };
}

function askKeyValue({ key, isRead, roll, value, seen }: Choice): Asked<KeyValueInput> {
  const name = keyName(key);
  if (isRead) return { input: { kind: "get", key: name }, op: "read", value: 0, to: 0 };
  if (roll < 550) return { input: { kind: "put", key: name, value }, op: "write", value, to: 0 };
  if (roll < 700) return { input: { kind: "delete", key: name }, op: "delete", value: 0, to: 0 };
  const input: KeyValueInput = { kind: "cas", key: name, from: valueOrNull(seen), to: value };
  return { input, op: "cas", value: seen, to: value };
}

export function appendListSubject(): Subject<AppendListInput, AppendListOutput, Grown> {
  return {
    model: appendList(),
    isRepeatable: false,
    keys: undefined,
    // A read gives the whole list: short ones keep reading and checking cheap.
    writesMax: 48,
    unknownMax: 16,
    ask({ key, isRead, value }) {
      const name = keyName(key);
      if (isRead) return { input: { kind: "read", key: name }, op: "list", value: 0, to: 0 };
      return { input: { kind: "append", key: name, value }, op: "append", value, to: 0 };
    },
    output(result) {
      if (typeof result !== "object" || result === null) return null;
      return result.values.slice(0, result.length);
    },
    seenAfter: () => 0,
  };
}

/** Its operations have a session and a number, so that clients may insist (thesis §6.3). */
export function counterSubject(): Subject<CounterInput, CounterOutput, number> {
  return {
    model: counter(),
    isRepeatable: true,
    keys: undefined,
    writesMax: FOR_EVER,
    unknownMax: 24,
    ask({ key, isRead }) {
      const kind = isRead ? "count" : "add";
      return { input: { kind, key: keyName(key) }, op: kind, value: 0, to: 0 };
    },
    // A result that is no count can't be explained by any order: -1 is none.
    output: (result) => (typeof result === "number" ? result : -1),
    seenAfter: () => 0,
  };
}

const names: string[] = [];

function keyName(key: number): string {
  let name = names[key];
  if (name === undefined) {
    name = `k${key}`;
    names[key] = name;
  }
  return name;
}

function valueOrNull(value: number): Scalar {
  return value === 0 ? null : value;
}

function scalar(result: LoadResult): Scalar {
  return typeof result === "object" ? null : result;
}

function seenInCell({ op, value, to }: Asked<unknown>, output: Scalar): number {
  if (op === "write") return value;
  if (op === "cas") return output === true ? to : 0;
  return op === "read" && typeof output === "number" ? output : 0;
}
