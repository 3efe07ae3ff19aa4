/**
 * Stands between a replica and the user's machine, and notes what goes in and comes out: results,
 * states, bytes that change, and waiting for what no simulation has.
 */

import type { Index, NodeId } from "@holdfast/raft";
import type { Machine, Position } from "@holdfast/replica";
import { canonical } from "./canonical.ts";
import type { Given, UserLedger } from "./user-ledger.ts";
import { type Held, needBytes, recut } from "./user-machine.ts";

/** Where a witness tells what it sees. */
export interface WitnessOptions {
  readonly node: NodeId;
  readonly held: Held;
  readonly ledger: UserLedger;
  /** The state is compared after each index that this divides. */
  readonly every: number;
  readonly invariant: (() => void) | undefined;
  /** Ends the run. `check` is constant text. */
  readonly report: (check: string, message: string) => void;
  /** Runs this when every promise job that is ready has ended. */
  readonly soon: (run: () => void) => void;
}

interface Kept {
  readonly index: Index;
  /** As it stands in the log, and what the machine was given. */
  readonly command: Uint8Array;
  readonly own: Uint8Array;
}

/** Looked at after each command, and as many as are kept of one process. */
const KEPT_LATELY = 8;
const KEPT_MAX = 2000;

export class Witness implements Machine<unknown> {
  readonly #options: WitnessOptions;
  readonly #kept: Kept[] = [];
  #last: Index = 0;
  #from: Index = 0;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** The machine gets bytes of its own: what it does to them hurts nobody else. */
  apply(command: Uint8Array, { index, term }: Position): unknown {
    const { held, ledger } = this.#options;
    const own = command.slice();
    ledger.command(command, { index, term });
    let result: unknown;
    try {
      result = held.machine.apply(own, { index, term });
    } catch (error) {
      throw this.#threw("apply", index, error);
    }
    this.#keep({ index, command, own });
    if (!isPromise(result)) return this.#applied(index, result);
    const settled = result.then(
      (value) => this.#applied(index, value),
      (error: unknown) => {
        throw this.#threw("apply", index, error);
      },
    );
    this.#mustSettle("apply", index, settled);
    return settled;
  }

  *#passing(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
    try {
      for (const piece of pieces) yield needBytes(piece);
    } catch (error) {
      throw this.#threw("snapshot", this.#last, error);
    }
  }

  async *#passingLater(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = pieces[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = iterator.next();
        this.#mustSettle("snapshot", this.#last, next);
        const { done, value } = await next;
        if (done === true) return;
        yield needBytes(value);
      }
    } catch (error) {
      throw this.#threw("snapshot", this.#last, error);
    } finally {
      await iterator.return?.();
    }
  }

  snapshot(): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
    const { held, ledger } = this.#options;
    const index = this.#last;
    ledger.snapshots++;
    let pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
    try {
      const view = held.view();
      if (!isPromise(view)) this.#compare(index, view);
      pieces = held.machine.snapshot();
    } catch (error) {
      throw this.#threw("snapshot", index, error);
    }
    return Symbol.iterator in pieces ? this.#passing(pieces) : this.#passingLater(pieces);
  }

  async restore(chunks: AsyncIterable<Uint8Array>, at: Position): Promise<void> {
    const { held, ledger, node } = this.#options;
    const { index } = at;
    let unreadable: unknown;
    let isReading = false;
    let isDone = false;
    const mustGoOn = (): void =>
      this.#options.soon(() => {
        if (!isReading && !isDone) this.#waits("restore", index);
      });
    async function* read(): AsyncGenerator<Uint8Array> {
      const iterator = recut(chunks);
      try {
        for (;;) {
          isReading = true;
          const next = await iterator.next();
          isReading = false;
          mustGoOn();
          if (next.done === true) return;
          yield next.value;
        }
      } catch (error) {
        unreadable = error;
        throw error;
      } finally {
        isReading = true;
        await iterator.return(undefined);
        isReading = false;
      }
    }
    mustGoOn();
    try {
      await held.machine.restore(read(), { index, term: at.term });
    } catch (error) {
      // What comes from a bad disk is not the machine's fault.
      throw unreadable !== undefined ? error : this.#threw("restore", index, error);
    } finally {
      isDone = true;
    }
    this.#last = index;
    this.#from = index;
    ledger.restores++;
    ledger.restored.add(index);
    this.#compare(index, await held.view(), `node ${node}, restored from the snapshot`);
  }

  /** Commands that the machine has changed since it was given them. */
  checkKept(lately: number = this.#kept.length): void {
    for (const { index, command, own } of this.#kept.slice(-lately)) {
      if (command.every((byte, at) => own[at] === byte)) continue;
      this.#blame(
        index,
        "machine: a command was changed",
        `The machine on node ${this.#options.node} has changed the bytes of a command that it was ` +
          `given: seen when index ${this.#last} had been applied. The log has the same bytes: copy ` +
          "what you want to change",
      );
      return;
    }
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
  }

  /** Gives the result back, at once if the state can be looked at at once. */
  #applied(index: Index, result: unknown): unknown {
    const { held, ledger, every, invariant } = this.#options;
    this.#last = index;
    this.checkKept(KEPT_LATELY);
    ledger.result(index, this.#given(canonical(result)));
    this.#reportDispute();
    try {
      invariant?.();
    } catch (error) {
      ledger.thrown ??= error;
      this.#blame(
        index,
        "machine: invariant broken",
        `The invariant threw after a command on node ${this.#options.node}: ${messageOf(error)}`,
      );
    }
    if (index % every !== 0) return result;
    const view = held.view();
    if (!isPromise(view)) {
      this.#compare(index, view);
      return result;
    }
    const compared = view.then((text) => {
      this.#compare(index, text);
      return result;
    });
    this.#mustSettle("snapshot", index, compared);
    return compared;
  }

  #given(text: string, by: string = `node ${this.#options.node}`): Given {
    return { text, by, from: this.#from };
  }

  #compare(index: Index, view: string, by?: string): void {
    this.#options.ledger.state(index, this.#given(view, by));
    this.#reportDispute();
  }

  /** What it means is found out after the run. */
  #reportDispute(): void {
    const { dispute } = this.#options.ledger;
    if (dispute === undefined) return;
    this.#options.report(`machine: ${dispute.kind} differ`, `At index ${dispute.index}`);
  }

  #threw(what: "apply" | "snapshot" | "restore", index: Index, error: unknown): unknown {
    this.#options.ledger.thrown ??= error;
    const message = `${what} threw on node ${this.#options.node} at index ${index}: ${messageOf(error)}`;
    this.#blame(what === "apply" ? index : undefined, `machine: ${what} threw`, message);
    return error;
  }

  #blame(index: Index | undefined, check: string, message: string): void {
    this.#options.ledger.blamed ??= index;
    this.#options.report(check, message);
  }

  /** Nothing but promise jobs can settle it, and by then all have ended. */
  #mustSettle(what: string, index: Index, pending: Promise<unknown>): void {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    pending.then(settle, settle);
    this.#options.soon(() => {
      if (!isSettled) this.#waits(what, index);
    });
  }

  #waits(what: string, index: Index): void {
    this.#blame(
      what === "apply" ? index : undefined,
      "machine: waits for the outside",
      `${what} at index ${index} waits for something other than promises of its own and pieces of ` +
        "a snapshot: a timer, a file, a request. Nothing of that comes in a simulation, and what " +
        "it brings would differ between replicas",
    );
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value;
}
