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
   * an output: the state after `input`, whatever it gave. If nothing changed, `state` itself.
   */
  step(state: State, input: Input, output: Seen<Output>): State | undefined;
  /** Equal for equal states and only for these, as the keys of a Map are. */
  key(state: State): unknown;
  /**
   * True if an operation with this output leaves every state as it is: one that reads, or that was
   * refused. Such an operation costs no search. Left out: none is.
   */
  isReadOnly?(input: Input, output: Output): boolean;
  /** Operations of different partitions never touch each other. Left out: there is one. */
  partition?(input: Input): string;
  /** What the operations of a partition tell before the search. */
  foresee?(observations: readonly Observation<Input, Output>[]): Foresight<Input, State>;
  /** An operation for people: `write(3)`, `read() -> 4`. */
  describe(input: Input, output: Seen<Output>): string;
  /** A state for people. */
  show(state: State): string;
}

/**
 * What an operation whose outcome nobody saw can do for the explanation of what was seen. `none`:
 * it can be left out. `alike`: all with this answer can stand in for each other. `own`: what it is
 * counts.
 */
export type Bearing = "none" | "alike" | "own";

/** Short cuts for a search. They make it faster and must never change its verdict. */
export interface Foresight<Input, State> {
  bearing?(input: Input): Bearing;
  /** True if from this state on what was seen can't be explained any more. */
  isHopeless?(state: State): boolean;
}

/** Tells inputs and outputs from other JSON: what an import needs. */
export interface Guards<Input, Output> {
  isInput(value: unknown): value is Input;
  isOutput(value: unknown): value is Output;
}
