/** What the workloads' machine holds, with a hash of it that follows each change. */

import { assert, type Index } from "@holdfast/raft";

/** What a part of the state is about; enters the hash, so that parts can't stand in for others. */
const PARTS = {
  cell: 0x51ed270b,
  item: 0x2545f491,
  count: 0x7f4a7c15,
  session: 0x1b873593,
} as const;

/**
 * Cells, lists, counts by key, and what each session did last. The hash is a sum over the parts: it
 * depends on what is there, not on how it came about, and a change costs the same at any size.
 */
export class LoadState {
  /** The last command that was applied, and how many there were. */
  lastIndex: Index = 0;
  applied = 0;
  /** By key; 0 = nothing there. */
  readonly cells: number[] = [];
  readonly lists: number[][] = [];
  readonly counts: number[] = [];
  /** By session: its last number (0 = none), and the result that it gave. */
  readonly numbers: number[] = [];
  readonly results: number[] = [];
  #high = 0;
  #low = 0;

  setCell(key: number, value: number): void {
    fill(this.cells, key);
    this.#change(PARTS.cell, key, this.cells[key] ?? 0, value);
    this.cells[key] = value;
  }

  append(key: number, value: number): void {
    while (this.lists.length <= key) this.lists.push([]);
    const list = this.lists[key];
    assert(list !== undefined, "load.state: no list");
    list.push(value);
    this.#change(PARTS.item, key + 65_536 * list.length, 0, value);
  }

  setCount(key: number, count: number): void {
    fill(this.counts, key);
    this.#change(PARTS.count, key, this.counts[key] ?? 0, count);
    this.counts[key] = count;
  }

  /** Both are told apart by number and by result: one that lost either differs. */
  setSession(session: number, number: number, result: number): void {
    fill(this.numbers, session);
    fill(this.results, session);
    this.#change(PARTS.session, 2 * session, this.numbers[session] ?? 0, number);
    this.#change(PARTS.session, 2 * session + 1, this.results[session] ?? 0, result);
    this.numbers[session] = number;
    this.results[session] = result;
  }

  /** A safe integer. */
  hash(): number {
    const low = (this.#low + mix(this.lastIndex, this.applied, 0x3c6ef372)) | 0;
    const high = (this.#high + mix(this.applied, this.lastIndex, 0x6a09e667)) | 0;
    return (high & 0x1fffff) * 4_294_967_296 + (low >>> 0);
  }

  /** What isn't there (0) adds nothing. */
  #change(part: number, place: number, from: number, to: number): void {
    if (from !== 0) {
      this.#low = (this.#low - mix(place, from, part)) | 0;
      this.#high = (this.#high - mix(from, place, part)) | 0;
    }
    if (to !== 0) {
      this.#low = (this.#low + mix(place, to, part)) | 0;
      this.#high = (this.#high + mix(to, place, part)) | 0;
    }
  }
}

function fill(values: number[], last: number): void {
  while (values.length <= last) values.push(0);
}

/** 32 bits of two numbers in this order. */
function mix(one: number, other: number, seed: number): number {
  let hash = Math.imul(one ^ seed, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash ^ (other + (hash << 6)), 0xc2b2ae35);
  hash ^= hash >>> 13;
  hash = Math.imul(hash + seed, 0x9e3779b1);
  return hash ^ (hash >>> 16);
}
