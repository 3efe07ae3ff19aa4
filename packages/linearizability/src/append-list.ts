/** Lists that only grow: append one value, read the whole. Each key is a partition. */

import type { Foresight, Guards, Model, Observation } from "./model.ts";
import { type Seen, UNKNOWN } from "./operation.ts";
import { asRecord, isScalar, type Scalar, showScalar } from "./scalar.ts";

/** One call: append a value to the list at a key, or read that list. */
export type AppendListInput =
  | { readonly kind: "append"; readonly key: string; readonly value: Scalar }
  | { readonly kind: "read"; readonly key: string };

/** Of `read` the whole list, of `append` `null`. */
export type AppendListOutput = readonly Scalar[] | null;

/**
 * A list by its last value and the list before it. The same list is always the same object: each
 * list knows those that are one longer, so that two are compared without looking inside.
 */
export class Grown {
  readonly length: number;
  readonly #shorter: Grown | undefined;
  readonly #last: Scalar;
  readonly #longer = new Map<Scalar, Grown>();

  private constructor(shorter: Grown | undefined, last: Scalar) {
    this.#shorter = shorter;
    this.#last = last;
    this.length = shorter === undefined ? 0 : shorter.length + 1;
  }

  /** A new empty list, the root of all that grow from it. */
  static empty(): Grown {
    return new Grown(undefined, null);
  }

  append(value: Scalar): Grown {
    const known = this.#longer.get(value);
    if (known !== undefined) return known;
    const grown = new Grown(this, value);
    this.#longer.set(value, grown);
    return grown;
  }

  /** From the end, where lists that differ mostly do. */
  equals(values: readonly Scalar[]): boolean {
    return this.length === values.length && this.#isPrefixOf(values);
  }

  /** True if `values`, in which the list before the last value is a prefix, goes on with it. */
  lastFits(values: readonly Scalar[]): boolean {
    return this.length === 0 || values[this.length - 1] === this.#last;
  }

  toArray(): readonly Scalar[] {
    const values: Scalar[] = [];
    for (let at: Grown = this; at.#shorter !== undefined; at = at.#shorter) values.push(at.#last);
    return values.reverse();
  }

  #isPrefixOf(values: readonly Scalar[]): boolean {
    for (let at: Grown = this; at.#shorter !== undefined; at = at.#shorter) {
      if (values[at.length - 1] !== at.#last) return false;
    }
    return true;
  }
}

/** Lists that begin empty. */
export function appendList(): Model<AppendListInput, AppendListOutput, Grown> &
  Guards<AppendListInput, AppendListOutput> {
  return {
    name: "append-list",
    init: () => Grown.empty(),
    step: stepAppendList,
    key: (state) => state,
    isReadOnly: ({ kind }) => kind === "read",
    partition: (input) => input.key,
    foresee: foreseeAppendList,
    describe: describeAppendList,
    show: (state) => showList(state.toArray()),
    isInput: isAppendListInput,
    isOutput: isAppendListOutput,
  };
}

function stepAppendList(
  state: Grown,
  input: AppendListInput,
  output: Seen<AppendListOutput>,
): Grown | undefined {
  if (input.kind === "append") return state.append(input.value);
  if (output === UNKNOWN) return state;
  return output !== null && state.equals(output) ? state : undefined;
}

/**
 * Lists never shrink, so the longest that was read tells the order of all that is in it: a list
 * that goes another way never becomes it. What no read shows need not have been appended.
 */
function foreseeAppendList(
  observations: readonly Observation<AppendListInput, AppendListOutput>[],
): Required<Foresight<AppendListInput, Grown>> {
  let longest: readonly Scalar[] = [];
  for (const { input, output } of observations) {
    if (input.kind !== "read" || output === UNKNOWN || output === null) continue;
    if (output.length > longest.length) longest = output;
  }
  const shown = new Set(longest);
  return {
    bearing: (input) => (input.kind === "append" && shown.has(input.value) ? "own" : "none"),
    isHopeless: (state) => state.length <= longest.length && !state.lastFits(longest),
  };
}

function describeAppendList(input: AppendListInput, output: Seen<AppendListOutput>): string {
  if (input.kind === "append") {
    const value = showScalar(input.value);
    return `append(${input.key}, ${value})${output === UNKNOWN ? " -> ?" : ""}`;
  }
  return `read(${input.key}) -> ${output === UNKNOWN ? "?" : showList(output ?? [])}`;
}

const SHOWN_MAX = 12;

/** Of a long list the end, where lists differ. */
function showList(values: readonly Scalar[]): string {
  const end = values.slice(-SHOWN_MAX).map(showScalar).join(", ");
  const left = values.length - SHOWN_MAX;
  return left > 0 ? `[${left} more, ${end}]` : `[${end}]`;
}

function isAppendListInput(value: unknown): value is AppendListInput {
  const record = asRecord(value);
  if (record === undefined || typeof record["key"] !== "string") return false;
  return record["kind"] === "read" || (record["kind"] === "append" && isScalar(record["value"]));
}

function isAppendListOutput(value: unknown): value is AppendListOutput {
  return value === null || (Array.isArray(value) && value.every(isScalar));
}
