/** A map of keys to values: get, put, delete, compare-and-set. Each key is a partition. */

import { CellSightings, stepRead, stepSwap } from "./cell.ts";
import type { Foresight, Guards, Model, Observation } from "./model.ts";
import { type Seen, UNKNOWN } from "./operation.ts";
import { asRecord, isScalar, type Scalar, showScalar } from "./scalar.ts";

/** `cas` puts `to` if the key holds `from`; `null` stands for a key that isn't there. */
export type KeyValueInput =
  | { readonly kind: "get"; readonly key: string }
  | { readonly kind: "put"; readonly key: string; readonly value: Scalar }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "cas"; readonly key: string; readonly from: Scalar; readonly to: Scalar };

/**
 * Of `get` the value, `null` if there is none; of `put` `null`; of `cas` whether it took place; of
 * `delete` whether the key was there, or `null` where the store doesn't tell.
 */
export type KeyValueOutput = Scalar;

/** A key-value store that begins empty. The state of a partition is the value of its key. */
export function keyValue(): Model<KeyValueInput, KeyValueOutput, Scalar> &
  Guards<KeyValueInput, KeyValueOutput> {
  return {
    name: "key-value",
    init: () => null,
    step: stepKeyValue,
    key: (state) => state,
    isReadOnly: ({ kind }, output) => kind === "get" || (kind !== "put" && output === false),
    partition: (input) => input.key,
    foresee: foreseeKeyValue,
    describe: describeKeyValue,
    show: showScalar,
    isInput: isKeyValueInput,
    isOutput: isScalar,
  };
}

function stepKeyValue(
  state: Scalar,
  input: KeyValueInput,
  output: Seen<KeyValueOutput>,
): Scalar | undefined {
  switch (input.kind) {
    case "get":
      return stepRead(state, output);
    case "put":
      return input.value;
    case "delete":
      return typeof output === "boolean" && output !== (state !== null) ? undefined : null;
    case "cas":
      return stepSwap(state, input, output);
  }
}

function foreseeKeyValue(
  observations: readonly Observation<KeyValueInput, KeyValueOutput>[],
): Foresight<KeyValueInput, Scalar> {
  const sightings = new CellSightings();
  for (const { input, output } of observations) {
    if (input.kind === "get" && output !== UNKNOWN) sightings.mention(output);
    if (input.kind === "cas") sightings.mentionSwap(input, output);
    if (input.kind === "delete" && output === false) sightings.mention(null);
    if (input.kind === "delete" && output === true) sightings.mentionDifference(null);
  }
  sightings.close();
  return {
    bearing(input) {
      switch (input.kind) {
        case "get":
          return "none";
        case "put":
          return sightings.bearingOfWrite(input.value);
        case "delete":
          return sightings.bearingOfWrite(null);
        case "cas":
          return sightings.bearingOfSwap(input);
      }
    },
  };
}

function describeKeyValue(input: KeyValueInput, output: Seen<KeyValueOutput>): string {
  const seen = output === UNKNOWN ? "?" : showScalar(output);
  const { key } = input;
  switch (input.kind) {
    case "get":
      return `get(${key}) -> ${seen}`;
    case "put":
      return `put(${key}, ${showScalar(input.value)})${output === UNKNOWN ? " -> ?" : ""}`;
    case "delete":
      return `delete(${key})${output === null ? "" : ` -> ${seen}`}`;
    case "cas":
      return `cas(${key}, ${showScalar(input.from)}, ${showScalar(input.to)}) -> ${seen}`;
  }
}

function isKeyValueInput(value: unknown): value is KeyValueInput {
  const record = asRecord(value);
  if (record === undefined || typeof record["key"] !== "string") return false;
  if (record["kind"] === "get" || record["kind"] === "delete") return true;
  if (record["kind"] === "put") return isScalar(record["value"]);
  return record["kind"] === "cas" && isScalar(record["from"]) && isScalar(record["to"]);
}
