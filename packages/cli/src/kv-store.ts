/**
 * The key-value map of the demo: etcd's revisions and ranges over the newest state, without
 * history.
 */

import { SortedKeys } from "./sorted-keys.ts";

/** One key with its value. Never changed once made: a put replaces it. */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Store revision of the put that made this key (anew after a deletion). */
  readonly createRevision: number;
  /** Store revision of the last put. */
  readonly modRevision: number;
  /** Puts since the key was made, from 1. */
  readonly version: number;
}

/** Which keys: see {@link intervalOf} for the meaning of `rangeEnd`. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

export interface RangeRequest extends KeyRange {
  /** At most this many pairs come back; 0 = all. */
  readonly limit: number;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
}

export interface RangeResult {
  readonly revision: number;
  readonly pairs: readonly KeyValue[];
  /** Keys in the range, whatever the limit. */
  readonly count: number;
  /** True when the limit cut something off. */
  readonly more: boolean;
}

const NO_BYTES = new Uint8Array(0);

export class KvStore {
  readonly #pairs = new Map<string, KeyValue>();
  readonly #keys = new SortedKeys();
  #revision: number;

  /** `pairs` must be in key order, without repeats: what {@link KvStore.pairs} gives. */
  constructor(revision = 1, pairs: Iterable<KeyValue> = []) {
    this.#revision = revision;
    for (const pair of pairs) {
      const name = nameOf(pair.key);
      this.#pairs.set(name, pair);
      this.#keys.add(name);
    }
  }

  /** 1 for the empty store; each change adds 1. */
  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Gives what was there before. */
  put(key: Uint8Array, value: Uint8Array): KeyValue | undefined {
    const name = nameOf(key);
    const before = this.#pairs.get(name);
    const modRevision = ++this.#revision;
    this.#pairs.set(name, {
      key,
      value,
      createRevision: before?.createRevision ?? modRevision,
      modRevision,
      version: (before?.version ?? 0) + 1,
    });
    if (before === undefined) this.#keys.add(name);
    return before;
  }

  /** Gives what was deleted, in key order. All of it takes one revision, none takes none. */
  deleteRange(range: KeyRange): readonly KeyValue[] {
    const { from, to } = intervalOf(range);
    const names = [...this.#keys.range(from, to)];
    if (names.length > 0) this.#revision++;
    const deleted: KeyValue[] = [];
    for (const name of names) {
      const pair = this.#pairs.get(name);
      if (pair !== undefined) deleted.push(pair);
      this.#pairs.delete(name);
      this.#keys.remove(name);
    }
    return deleted;
  }

  range(request: RangeRequest): RangeResult {
    const { from, to } = intervalOf(request);
    const count = this.#keys.count(from, to);
    const wanted = request.limit > 0 ? Math.min(request.limit, count) : count;
    const pairs: KeyValue[] = [];
    if (!request.countOnly) {
      for (const name of this.#keys.range(from, to)) {
        if (pairs.length === wanted) break;
        const pair = this.#pairs.get(name);
        if (pair !== undefined) pairs.push(request.keysOnly ? { ...pair, value: NO_BYTES } : pair);
      }
    }
    return { revision: this.#revision, pairs, count, more: !request.countOnly && wanted < count };
  }

  /** All pairs as of now, in key order. Later changes to the store do not show. */
  pairs(): readonly KeyValue[] {
    const pairs: KeyValue[] = [];
    for (const name of this.#keys.range("", undefined)) {
      const pair = this.#pairs.get(name);
      if (pair !== undefined) pairs.push(pair);
    }
    return pairs;
  }
}

/**
 * The name under which a key is filed: one character per byte, so that string order is byte order.
 */
export function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}

/**
 * etcd's rule for ranges: no end = this key alone; the end `\0` = this key and all after it; else
 * up to the end, which is not included. An end at or before the key gives an empty range.
 */
function intervalOf({ key, rangeEnd }: KeyRange): { from: string; to: string | undefined } {
  const from = nameOf(key);
  if (rangeEnd.length === 0) return { from, to: `${from}\0` };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { from, to: undefined };
  return { from, to: nameOf(rangeEnd) };
}
