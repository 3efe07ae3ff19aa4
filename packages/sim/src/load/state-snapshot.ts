/** The machine's state as bytes: equal states give equal bytes, whatever brought them about. */

import { assert } from "@holdfast/raft";
import { LoadState } from "./state.ts";

const MAGIC = 0x484c5331;

/** Words of 32 bits, low byte first; each row of numbers with its length before it. */
export function encodeState(state: LoadState): Uint8Array {
  const words = [MAGIC, state.lastIndex, state.applied];
  putRow(words, state.cells);
  words.push(state.lists.length);
  for (const list of state.lists) putRow(words, list);
  putRow(words, state.counts);
  putRow(words, state.numbers);
  putRow(words, state.results);
  const out = new Uint8Array(4 * words.length);
  const view = new DataView(out.buffer);
  for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i] ?? 0, true);
  return out;
}

/** The hash is made anew of what is there. Throws `InvariantError` for what no state gave. */
export function decodeState(bytes: Uint8Array): LoadState {
  const words = new Words(bytes);
  assert(words.next() === MAGIC, "load.restore: not a snapshot of this machine");
  const state = new LoadState();
  state.lastIndex = words.next();
  state.applied = words.next();
  for (const [key, value] of words.row().entries()) state.setCell(key, value);
  const lists = words.next();
  for (let key = 0; key < lists; key++) {
    for (const value of words.row()) state.append(key, value);
  }
  for (const [key, count] of words.row().entries()) state.setCount(key, count);
  const numbers = words.row();
  const results = words.row();
  for (const [session, number] of numbers.entries()) {
    state.setSession(session, number, results[session] ?? 0);
  }
  assert(words.isAtEnd, "load.restore: bytes behind the end");
  return state;
}

function putRow(words: number[], row: readonly number[]): void {
  words.push(row.length);
  for (const value of row) words.push(value);
}

class Words {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#view.byteLength;
  }

  next(): number {
    assert(this.#at + 4 <= this.#view.byteLength, "load.restore: snapshot ends early");
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  row(): readonly number[] {
    const length = this.next();
    assert(this.#at + 4 * length <= this.#view.byteLength, "load.restore: row ends early");
    return Array.from({ length }, () => this.next());
  }
}
