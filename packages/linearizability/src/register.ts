/** A register: read, write, compare-and-set. */

import { CellSightings, stepRead, stepSwap } from "./cell.ts";
import type { Foresight, Guards, Model, Observation } from "./model.ts";
import { type Seen, UNKNOWN } from "./operation.ts";
import { asRecord, isScalar, type Scalar, showScalar } from "./scalar.ts";

/** `cas` writes `to` if the register holds `from`. */
export type RegisterInput =
  | { readonly kind: "read" }
  | { readonly kind: "write"; readonly value: Scalar }
  | { readonly kind: "cas"; readonly from: Scalar; readonly to: Scalar };

/** Of `read` the value, of `write` `null`, of `cas` whether the register held `from`. */
export type RegisterOutput = Scalar;

/** One register that begins with `initial` (`null` when left out). */
export function register(
  initial: Scalar = null,
): Model<RegisterInput, RegisterOutput, Scalar> & Guards<RegisterInput, RegisterOutput> {
  return {
    name: "register",
    init: () => initial,
    step: stepRegister,
    key: (state) => state,
    isReadOnly: ({ kind }, output) => kind === "read" || (kind === "cas" && output === false),
    foresee: foreseeRegister,
    describe: describeRegister,
    show: showScalar,
    isInput: isRegisterInput,
    isOutput: isScalar,
  };
}

function stepRegister(
  state: Scalar,
  input: RegisterInput,
  output: Seen<RegisterOutput>,
): Scalar | undefined {
  switch (input.kind) {
    case "read":
      return stepRead(state, output);
    case "write":
      return input.value;
    case "cas":
      return stepSwap(state, input, output);
  }
}

function foreseeRegister(
  observations: readonly Observation<RegisterInput, RegisterOutput>[],
): Foresight<RegisterInput, Scalar> {
  const sightings = new CellSightings();
  for (const { input, output } of observations) {
    if (input.kind === "read" && output !== UNKNOWN) sightings.mention(output);
    if (input.kind === "cas") sightings.mentionSwap(input, output);
  }
  sightings.close();
  return {
    bearing(input) {
      switch (input.kind) {
        case "read":
          return "none";
        case "write":
          return sightings.bearingOfWrite(input.value);
        case "cas":
          return sightings.bearingOfSwap(input);
      }
    },
  };
}

function describeRegister(input: RegisterInput, output: Seen<RegisterOutput>): string {
  const seen = output === UNKNOWN ? "?" : showScalar(output);
  switch (input.kind) {
    case "read":
      return `read() -> ${seen}`;
    case "write":
      return `write(${showScalar(input.value)})${output === UNKNOWN ? " -> ?" : ""}`;
    case "cas":
      return `cas(${showScalar(input.from)}, ${showScalar(input.to)}) -> ${seen}`;
  }
}

function isRegisterInput(value: unknown): value is RegisterInput {
  const record = asRecord(value);
  if (record === undefined) return false;
  if (record["kind"] === "read") return true;
  if (record["kind"] === "write") return isScalar(record["value"]);
  return record["kind"] === "cas" && isScalar(record["from"]) && isScalar(record["to"]);
}
