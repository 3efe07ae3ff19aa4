/** Records a history while it happens: invoke, then ok, fail or unknown. */

import type { Model } from "./model.ts";
import type { ClientId, Operation, Outcome, Recorded } from "./operation.ts";

/** The recorder was used in a way that no history can come of: mend the code that records. */
export class HistoryUseError extends Error {
  readonly code = "HISTORY_MISUSE";

  constructor(message: string) {
    super(message);
    this.name = "HistoryUseError";
  }
}

const PENDING: Outcome<never> = { kind: "unknown", at: undefined };

/**
 * A history under way. Times may be left out: then the order of the calls counts. An operation
 * that nothing was reported of has an unknown outcome.
 */
export class History<Input, Output> implements Recorded<Input, Output> {
  readonly #operations: Operation<Input, Output>[] = [];
  #latest = 0;

  /** An empty history of operations of that model. */
  static of<Input, Output, State>(_model: Model<Input, Output, State>): History<Input, Output> {
    return new History();
  }

  /** In the order of invocation; `operations[id]` is the one that `invoke` gave `id` for. */
  get operations(): readonly Operation<Input, Output>[] {
    return this.#operations;
  }

  /** A client asks for something. Returns the id under which the outcome is to be reported. */
  invoke(client: ClientId, input: Input, at: number = this.#latest + 1): number {
    const id = this.#operations.length;
    this.#operations.push({ id, client, input, call: this.#see(at), outcome: PENDING });
    return id;
  }

  /** It took effect, and this is what the client got. */
  ok(id: number, output: Output, at: number = this.#latest + 1): void {
    this.#settle(id, { kind: "ok", output, at }, at);
  }

  /** It certainly had no effect and never will. If in doubt it is `unknown`. */
  fail(id: number, at: number = this.#latest + 1): void {
    this.#settle(id, { kind: "failed", at }, at);
  }

  /** The client gave up: it may have had an effect, may yet have it, or never. */
  unknown(id: number, at: number = this.#latest + 1): void {
    this.#settle(id, { kind: "unknown", at }, at);
  }

  #settle(id: number, outcome: Outcome<Output>, at: number): void {
    const operation = this.#operations[id];
    if (operation === undefined) throw new HistoryUseError(`No operation has the id ${id}`);
    if (operation.outcome !== PENDING) {
      throw new HistoryUseError(`The outcome of operation ${id} was reported before`);
    }
    if (at < operation.call) {
      const { call } = operation;
      throw new HistoryUseError(`Operation ${id} returns at ${at}, before its call at ${call}`);
    }
    this.#see(at);
    this.#operations[id] = { ...operation, outcome };
  }

  #see(at: number): number {
    if (!Number.isFinite(at)) throw new HistoryUseError(`The time ${at} is not a finite number`);
    if (at > this.#latest) this.#latest = at;
    return at;
  }
}
