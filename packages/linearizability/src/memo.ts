/** What a search has been through: exact keys of integers, in one typed array. */

import { isWithin, type Used, UsedSets } from "./used-sets.ts";

/** What a record begins with; the gaps follow. */
const HASH = 0;
const NEXT_IN_BUCKET = 1;
const USED = 2;
const PARENT = 3;
const VIA = 4;
const GAPS = 5;
const STATE = 6;
const TOP = 7;
const HEADER = 8;
/** No record. */
export const NONE = -1;

/** Where a search is. */
export interface Configuration {
  readonly state: number;
  /** The highest of the known operations in order, -1 if none is. */
  readonly top: number;
  /** Those below `top` that are not in order; ascending. They all overlap the call of `top`. */
  readonly gaps: readonly number[];
  readonly used: Used;
}

/** How a search got there: from which record, by an optional operation with which id. */
export interface Origin {
  readonly parent: number;
  readonly via: number;
}

/**
 * The configurations that a search has met, as records in one array. They are compared whole: the
 * hash only finds the place to look.
 */
export class Memo {
  #records = new Int32Array(256);
  #end = 0;
  #buckets = new Int32Array(16).fill(NONE);
  /** What records refer to. */
  readonly usedSets: UsedSets = new UsedSets();
  #size = 0;

  /** Configurations in it. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a configuration, unless it is no better than a known one: the same place, reached with the
   * same optional operations or fewer. Returns its record, or NONE if it was not added.
   */
  add(configuration: Configuration, origin: Origin): number {
    const hash = hashOf(configuration);
    let at = this.#buckets[hash & (this.#buckets.length - 1)] as number;
    for (; at !== NONE; at = this.#word(at + NEXT_IN_BUCKET)) {
      const isSamePlace = this.#word(at + HASH) === hash && this.#isAt(at, configuration);
      if (isSamePlace && isWithin(this.#usedAt(at), configuration.used)) return NONE;
    }
    return this.#insert(hash, configuration, origin);
  }

  at(record: number): Configuration {
    const gaps: number[] = [];
    const end = record + HEADER + this.#word(record + GAPS);
    for (let at = record + HEADER; at < end; at++) gaps.push(this.#word(at));
    const state = this.#word(record + STATE);
    return { state, top: this.#word(record + TOP), gaps, used: this.#usedAt(record) };
  }

  originOf(record: number): Origin {
    return { parent: this.#word(record + PARENT), via: this.#word(record + VIA) };
  }

  // All lookups are of places that were written before: `as number` drops no case.

  #word(at: number): number {
    return this.#records[at] as number;
  }

  #usedAt(record: number): Used {
    return this.usedSets.at(this.#word(record + USED));
  }

  #isAt(record: number, { state, top, gaps }: Configuration): boolean {
    const { length } = gaps;
    if (this.#word(record + STATE) !== state || this.#word(record + TOP) !== top) return false;
    if (this.#word(record + GAPS) !== length) return false;
    for (let i = 0; i < length; i++) {
      if (this.#word(record + HEADER + i) !== gaps[i]) return false;
    }
    return true;
  }

  #insert(hash: number, { state, top, gaps, used }: Configuration, origin: Origin): number {
    if (this.#size === this.#buckets.length) this.#growBuckets();
    const record = this.#end;
    this.#reserve(record + HEADER + gaps.length);
    const records = this.#records;
    const bucket = hash & (this.#buckets.length - 1);
    records[record + HASH] = hash;
    records[record + NEXT_IN_BUCKET] = this.#buckets[bucket] as number;
    records[record + USED] = used.number;
    records[record + PARENT] = origin.parent;
    records[record + VIA] = origin.via;
    records[record + GAPS] = gaps.length;
    records[record + STATE] = state;
    records[record + TOP] = top;
    for (let i = 0; i < gaps.length; i++) records[record + HEADER + i] = gaps[i] as number;
    this.#buckets[bucket] = record;
    this.#end = record + HEADER + gaps.length;
    this.#size += 1;
    return record;
  }

  #reserve(length: number): void {
    if (length <= this.#records.length) return;
    const grown = new Int32Array(Math.max(2 * this.#records.length, length));
    grown.set(this.#records.subarray(0, this.#end));
    this.#records = grown;
  }

  #growBuckets(): void {
    const buckets = new Int32Array(4 * this.#buckets.length).fill(NONE);
    for (let at = 0; at < this.#end; at += HEADER + this.#word(at + GAPS)) {
      const bucket = this.#word(at + HASH) & (buckets.length - 1);
      this.#records[at + NEXT_IN_BUCKET] = buckets[bucket] as number;
      buckets[bucket] = at;
    }
    this.#buckets = buckets;
  }
}

/** Murmur's mixing, word by word. */
function hashOf({ state, top, gaps }: Configuration): number {
  let hash = mix(mix(gaps.length, state), top);
  for (const gap of gaps) hash = mix(hash, gap);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

function mix(hash: number, word: number): number {
  const first = Math.imul(word, 0xcc9e2d51);
  const mixed = hash ^ Math.imul((first << 15) | (first >>> 17), 0x1b873593);
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}
