/** One operation of a history: who asked for what, when, and what is known of the outcome. */

/** Names a client: whatever issues one operation after the other. */
export type ClientId = number | string;

/**
 * What is known of how an operation ended. `ok`: it took effect between call and return and gave
 * `output`. `failed`: it certainly had no effect, and never will. `unknown`: it may take effect at
 * any time after its call, or never; `at` is only when the client gave up.
 */
export type Outcome<Output> =
  | { readonly kind: "ok"; readonly output: Output; readonly at: number }
  | { readonly kind: "failed"; readonly at: number }
  | { readonly kind: "unknown"; readonly at: number | undefined };

/** An operation. Times are of one clock, of any unit. */
export interface Operation<Input, Output> {
  /** The place in the history: the n-th that was invoked, from 0. */
  readonly id: number;
  readonly client: ClientId;
  readonly input: Input;
  readonly call: number;
  readonly outcome: Outcome<Output>;
}

/** Operations in the order of their invocation. */
export interface Recorded<Input, Output> {
  readonly operations: readonly Operation<Input, Output>[];
}

/** Stands for the output that nobody saw. */
export const UNKNOWN: unique symbol = Symbol("unknown output");

/** An output, or that nobody saw it. */
export type Seen<Output> = Output | typeof UNKNOWN;

/** The output that a client saw, or `UNKNOWN`. */
export function seenOutput<Output>(outcome: Outcome<Output>): Seen<Output> {
  return outcome.kind === "ok" ? outcome.output : UNKNOWN;
}

/** An operation whose output was seen. */
export interface KnownOperation<Input, Output> {
  readonly id: number;
  readonly input: Input;
  readonly output: Output;
  readonly call: number;
  readonly return: number;
  /** Leaves every state as it is. */
  readonly isReadOnly: boolean;
}
