/** State machines in the application's own types, carried as bytes by a codec. */

import type { Machine, Position } from "@holdfast/replica";
import { CommandEncodingError } from "./errors.ts";

/**
 * Commands as bytes and back. Every version of the application must read what earlier ones wrote.
 */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

/**
 * A replicated state machine: commands `C`, results `R`, state `S`. Every node applies the same
 * commands in the same order, so the outcome may depend on state and command only: no clock, no
 * random numbers, no environment.
 */
export interface TypedMachine<C, R, S> {
  /** The state before the first command. */
  initial(): S;
  /**
   * Applies a committed command. May change `state` in place and give it back. If it throws, the
   * node stops (`MACHINE_FAILED`): report a command that can't be carried out as a result.
   */
  apply(state: S, command: C, at: Position): { readonly state: S; readonly result: R };
  /** The state in pieces; JSON unless given. Nothing is applied until the last piece was taken. */
  snapshot?(state: S): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The state from what `snapshot` gave, perhaps cut differently. Goes with `snapshot`. */
  restore?(chunks: AsyncIterable<Uint8Array>): S | Promise<S>;
  /** JSON unless given. */
  readonly codec?: Codec<C>;
}

/** Gives a machine's parts their types; it is returned as it is. */
export function defineMachine<C, R, S>(machine: TypedMachine<C, R, S>): TypedMachine<C, R, S> {
  return machine;
}

/** A machine at byte level, with the state that `read` shows and the way commands become bytes. */
export interface BoundMachine<C, R, S> {
  readonly machine: Machine<R>;
  encode(command: C): Uint8Array;
  state(): S;
}

/**
 * A typed machine in use: it holds the state, as a node does. For those who run a machine without a
 * node, such as `simulate` of `@holdfast/sim`.
 */
export function bindMachine<C, R, S>(typed: TypedMachine<C, R, S>): BoundMachine<C, R, S> {
  const codec = typed.codec ?? jsonCodec<C>();
  let state = typed.initial();
  const machine: Machine<R> = {
    apply: (bytes, { index, term }) => {
      const next = typed.apply(state, codec.decode(bytes), { index, term });
      state = next.state;
      return next.result;
    },
    snapshot: () => typed.snapshot?.(state) ?? [jsonCodec<S>().encode(state)],
    restore: async (chunks) => {
      state = await (typed.restore?.(chunks) ?? fromJson<S>(chunks));
    },
  };
  return { machine, encode: (command) => encodeWith(codec, command), state: () => state };
}

/** A byte-level machine is its own state. */
export function bindBytes<R, M extends Machine<R>>(machine: M): BoundMachine<Uint8Array, R, M> {
  return { machine, encode: (command) => command, state: () => machine };
}

function encodeWith<C>(codec: Codec<C>, command: C): Uint8Array {
  try {
    return codec.encode(command);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandEncodingError(reason, { cause: error });
  }
}

function jsonCodec<T>(): Codec<T> {
  return {
    encode: (value) => {
      const json: string | undefined = JSON.stringify(value);
      if (json === undefined) throw new TypeError(`JSON has no ${typeof value}`);
      return new TextEncoder().encode(json);
    },
    // What comes back is what `encode` was given, as far as JSON carries it.
    decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T,
  };
}

async function fromJson<S>(chunks: AsyncIterable<Uint8Array>): Promise<S> {
  const decoder = new TextDecoder();
  let json = "";
  for await (const chunk of chunks) json += decoder.decode(chunk, { stream: true });
  return JSON.parse(json + decoder.decode()) as S;
}
