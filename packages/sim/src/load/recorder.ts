/** Writes down what clients saw: the history, figures, and a story for those who want one. */

import { type ClientId, History, type Recorded, UNKNOWN } from "@holdfast/linearizability";
import type { NodeId } from "@holdfast/raft";
import type { RunFigures } from "../outcome.ts";
import type { Subject } from "./subject.ts";

/** Is told what clients do, as it happens. Texts are for people: `put(k3, 17) -> ?`. */
export interface ClientEvents {
  called(operation: number, client: ClientId, node: NodeId, text: string): void;
  returned(operation: number, outcome: "ok" | "failed" | "unknown", text: string): void;
}

export interface Clocked {
  now(): number;
}

export class Recorder<Input, Output, State> {
  readonly #subject: Subject<Input, Output, State>;
  readonly #history: History<Input, Output>;
  readonly #clock: Clocked;
  readonly #events: ClientEvents | undefined;
  #ok = 0;
  #failed = 0;
  #unknown = 0;

  constructor(
    subject: Subject<Input, Output, State>,
    clock: Clocked,
    events: ClientEvents | undefined,
  ) {
    this.#subject = subject;
    this.#history = History.of(subject.model);
    this.#clock = clock;
    this.#events = events;
  }

  get history(): Recorded<Input, Output> {
    return this.#history;
  }

  /** How operations ended so far. */
  get figures(): RunFigures["operations"] {
    return { ok: this.#ok, failed: this.#failed, unknown: this.#unknown };
  }

  /** The id of the next operation. */
  get next(): number {
    return this.#history.operations.length;
  }

  called(client: ClientId, node: NodeId, input: Input): number {
    const id = this.#history.invoke(client, input, this.#clock.now());
    this.#events?.called(id, client, node, this.#subject.model.describe(input, UNKNOWN));
    return id;
  }

  ok(id: number, input: Input, output: Output): void {
    this.#ok++;
    this.#history.ok(id, output, this.#clock.now());
    this.#events?.returned(id, "ok", this.#subject.model.describe(input, output));
  }

  failed(id: number, input: Input): void {
    this.#failed++;
    this.#history.fail(id, this.#clock.now());
    this.#events?.returned(id, "failed", this.#subject.model.describe(input, UNKNOWN));
  }

  unknown(id: number, input: Input): void {
    this.#unknown++;
    this.#history.unknown(id, this.#clock.now());
    this.#events?.returned(id, "unknown", this.#subject.model.describe(input, UNKNOWN));
  }
}
