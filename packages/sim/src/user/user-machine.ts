/** A user's state machine, as it is given to `simulate` and as it is run. */

import type { Machine } from "@holdfast/replica";
import { canonical, canonicalBytes } from "./canonical.ts";

/** A machine over bytes with the way to turn commands into them, as `bindMachine` gives it. */
export interface BoundMachine {
  readonly machine: Machine<unknown>;
  encode(command: never): Uint8Array;
  /** The whole state: what replicas are compared by, and what a snapshot must bring back. */
  state?(): unknown;
}

/** What `simulate` takes: a machine over bytes, or one that was bound. */
export type UserMachine = Machine<unknown> | BoundMachine;

/** What a machine's commands are: bytes unless it says how to encode them. */
export type CommandOf<M> = M extends {
  readonly machine: Machine<unknown>;
  encode(command: infer C): Uint8Array;
}
  ? C
  : Uint8Array;

/** One machine of the user's, fresh or in use. */
export class Held {
  /** As the user made it. */
  readonly made: UserMachine;
  readonly machine: Machine<unknown>;
  readonly #state: (() => unknown) | undefined;

  /** `look` gives what is compared instead of the state or the snapshot. */
  constructor(made: UserMachine, look: ((machine: never) => unknown) | undefined) {
    this.made = made;
    this.machine = "machine" in made ? made.machine : made;
    if (look !== undefined) this.#state = () => look(made as never);
    else if ("machine" in made && made.state !== undefined) this.#state = () => made.state?.();
  }

  /** The state as one text: what the user shows of it, else what a snapshot holds. */
  view(): string | Promise<string> {
    if (this.#state !== undefined) return canonical(this.#state());
    const bytes = this.pieces();
    return bytes instanceof Uint8Array ? canonicalBytes(bytes) : bytes.then(canonicalBytes);
  }

  /** A snapshot, joined; at once when the machine gives it at once. */
  pieces(): Uint8Array | Promise<Uint8Array> {
    const given = this.machine.snapshot();
    return Symbol.iterator in given ? joined([...given]) : collected(given);
  }
}

async function collected(given: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of given) pieces.push(needBytes(piece).slice());
  return joined(pieces);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + needBytes(piece).length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Users without a compiler may give anything. */
export function needBytes(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  throw new TypeError(`a piece must be a Uint8Array, got ${canonical(piece)}`);
}

/** A machine must take its pieces however they are cut. */
const CUTS = [1, 5, 64, 4096];

export async function* recut(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let nth = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const end = at + (CUTS[Math.min(nth++, CUTS.length - 1)] ?? 1);
      yield chunk.subarray(at, end);
      at = end;
    }
  }
}
