/** One deterministic machine for all workloads: a register, keys with values, lists, counters. */

import { assert } from "@holdfast/raft";
import type { Machine, Position } from "@holdfast/replica";
import { type Command, decodeCommand } from "./command.ts";
import { LoadState } from "./state.ts";
import { decodeState, encodeState } from "./state-snapshot.ts";

/** A list as it was: the first `length` of values to which more may be appended since. */
export interface ListSeen {
  readonly values: readonly number[];
  readonly length: number;
}

/**
 * What a command gives: of `read` the value or `null`, of `cas` and `delete` whether it did
 * something, of `list` the list, of `add` and `count` the count. `stale`: the session has gone on.
 */
export type LoadResult = number | boolean | null | ListSeen | "stale";

const EMPTY_LIST: ListSeen = { values: [], length: 0 };

/**
 * Of one process. A command's session and number make `add` happen once, however often it is in the
 * log (thesis §6.3).
 */
export class LoadMachine implements Machine<LoadResult> {
  #state = new LoadState();

  apply(bytes: Uint8Array, at: Position): LoadResult {
    const command = decodeCommand(bytes);
    const state = this.#state;
    assert(at.index > state.lastIndex, "load.machine: applied twice or out of order");
    state.lastIndex = at.index;
    state.applied++;
    return perform(state, command);
  }

  /** In three pieces, the first one odd. */
  *snapshot(): Generator<Uint8Array> {
    const bytes = encodeState(this.#state);
    const half = bytes.length >> 1;
    yield bytes.subarray(0, 3);
    yield bytes.subarray(3, half);
    yield bytes.subarray(half);
  }

  /** Looks at the bytes only when all are there: what comes from a disk may fail at its end. */
  async restore(chunks: AsyncIterable<Uint8Array>, at: Position): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of chunks) pieces.push(piece);
    const state = decodeState(join(pieces));
    assert(state.lastIndex <= at.index, "load.restore: snapshot from behind its index");
    this.#state = state;
  }

  /** Equal for equal states only (but for chance): of two that went different ways, too. */
  stateHash(): number {
    return this.#state.hash();
  }

  snapshotBytes(): Uint8Array {
    return encodeState(this.#state);
  }

  /** What `count` would give. */
  countOf(key: number): number {
    return this.#state.counts[key] ?? 0;
  }
}

function perform(state: LoadState, command: Command): LoadResult {
  const { op, key, value } = command;
  switch (op) {
    case "read":
      return state.cells[key] || null;
    case "write":
      state.setCell(key, value);
      return null;
    case "cas": {
      const isMet = (state.cells[key] ?? 0) === value;
      if (isMet) state.setCell(key, command.to);
      return isMet;
    }
    case "delete": {
      const isThere = (state.cells[key] ?? 0) !== 0;
      if (isThere) state.setCell(key, 0);
      return isThere;
    }
    case "append":
      state.append(key, value);
      return null;
    case "list": {
      const values = state.lists[key];
      return values === undefined ? EMPTY_LIST : { values, length: values.length };
    }
    case "add":
      return addOnce(state, command);
    case "count":
      return state.counts[key] ?? 0;
  }
}

function addOnce(state: LoadState, { key, session, number }: Command): number | "stale" {
  const last = state.numbers[session] ?? 0;
  if (number < last) return "stale";
  if (number === last) return state.results[session] ?? 0;
  const count = (state.counts[key] ?? 0) + 1;
  state.setCount(key, count);
  state.setSession(session, number, count);
  return count;
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
