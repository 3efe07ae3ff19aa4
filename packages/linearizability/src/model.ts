/** What a checker must know of an object: its start, its steps, and how to show them. */

import type { Seen } from "./operation.ts";

/** An operation that may have had an effect, and the output if a client saw it. */
export interface Observation<Input, Output> {
  readonly input: Input;
  readonly output: Seen<Output>;
}

/**
 * The sequential object that a history is held against. Inputs and outputs are plain data; no
 * function may change what it is given.
 */
export interface Model<Input, Output, State> {
  /** Stands in reports and in exported histories. */
  readonly name: string;
  /** The state before the first operation, of each partition. */
  init(): State;
  /**
   * The state after `input` gave `output`; `undefined` if in `state` it can't. With `UNKNOWN` for
   * an output: the state after `input`, whatever it gave. Returning `state` itself says that nothing
   * changed, and is worth it: such an operation costs no search.
   */
  step(state: State, input: Input, output: Seen<Output>): State | undefined;
  /** Equal for equal states and only for these, as the keys of a Map are. */
  key(state: State): unknown;
  /** Operations of different partitions never touch each other. Left out: there is one partition. */
  partition?(input: Input): string;
  /** What all operations of a partition, in the order of their calls, tell before the search. */
  foresee?(observations: readonly Observation<Input, Output>[]): Foresight<Input, State>;
  /** An operation for people: `write(3)`, `read() -> 4`. */
  describe(input: Input, output: Seen<Output>): string;
  /** A state for people. */
  show(state: State): string;
}

/** Short cuts for a search. They make it faster and must never change its verdict. */
export interface Foresight<Input, State> {
  /**
   * False if an operation of unknown outcome can be left out without making what was seen harder
   * to explain. Asked once for each of them, in the order of their calls.
   */
  mayMatter?(input: Input): boolean;
  /** True if from this state on what was seen can't be explained any more. */
  isHopeless?(state: State): boolean;
}

/** Tells inputs and outputs from other JSON: what an import needs. */
export interface Guards<Input, Output> {
  isInput(value: unknown): value is Input;
  isOutput(value: unknown): value is Output;
}
