/** What a search has been through: exact keys of integers, in one typed array. */

/** The optional operations that were used: pairs of class and count, ascending by class. */
export type Used = readonly number[];

/** A record: hash, the next record of its bucket or NONE, place in `#used`, key length; the key. */
const HEADER = 4;
const NONE = -1;

/**
 * A set of configurations. A configuration is some integers that tell where the search is, and
 * the optional operations it has used to get there. Keys are compared whole: the hash only finds
 * the place to look.
 */
export class Memo {
  #records = new Int32Array(256);
  #end = 0;
  #buckets = new Int32Array(16).fill(NONE);
  readonly #used: Used[] = [];
  #size = 0;

  /** Configurations in it. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds the configuration `key[0, length)` with `used`, unless it is no better than a known one:
   * the same place, reached with the same optional operations or fewer. Says if it was added.
   */
  add(key: Int32Array, length: number, used: Used): boolean {
    const hash = hashOf(key, length);
    for (let at = this.#bucket(hash); at !== NONE; at = this.#word(at + 1)) {
      if (this.#isAt(at, hash, key, length) && isWithin(this.#usedAt(at), used)) return false;
    }
    this.#insert(hash, key, length, used);
    return true;
  }

  // All lookups below are of places that were written before: `as number` drops no case.

  #bucket(hash: number): number {
    return this.#buckets[hash & (this.#buckets.length - 1)] as number;
  }

  #word(at: number): number {
    return this.#records[at] as number;
  }

  #usedAt(at: number): Used {
    return this.#used[this.#word(at + 2)] as Used;
  }

  #isAt(at: number, hash: number, key: Int32Array, length: number): boolean {
    if (this.#word(at) !== hash || this.#word(at + 3) !== length) return false;
    for (let i = 0; i < length; i++) {
      if (this.#word(at + HEADER + i) !== key[i]) return false;
    }
    return true;
  }

  #insert(hash: number, key: Int32Array, length: number, used: Used): void {
    if (this.#size === this.#buckets.length) this.#growBuckets();
    const at = this.#end;
    this.#reserve(at + HEADER + length);
    const records = this.#records;
    const bucket = hash & (this.#buckets.length - 1);
    records[at] = hash;
    records[at + 1] = this.#buckets[bucket] as number;
    records[at + 2] = this.#placeOf(used);
    records[at + 3] = length;
    for (let i = 0; i < length; i++) records[at + HEADER + i] = key[i] as number;
    this.#buckets[bucket] = at;
    this.#end = at + HEADER + length;
    this.#size += 1;
  }

  /** Runs of configurations share one `used`: most steps are of known operations. */
  #placeOf(used: Used): number {
    if (this.#used.at(-1) !== used) this.#used.push(used);
    return this.#used.length - 1;
  }

  #reserve(length: number): void {
    if (length <= this.#records.length) return;
    const grown = new Int32Array(Math.max(2 * this.#records.length, length));
    grown.set(this.#records.subarray(0, this.#end));
    this.#records = grown;
  }

  #growBuckets(): void {
    const buckets = new Int32Array(4 * this.#buckets.length).fill(NONE);
    for (let at = 0; at < this.#end; at += HEADER + this.#word(at + 3)) {
      const bucket = this.#word(at) & (buckets.length - 1);
      this.#records[at + 1] = buckets[bucket] as number;
      buckets[bucket] = at;
    }
    this.#buckets = buckets;
  }
}

/** Murmur's mixing, word by word. */
function hashOf(key: Int32Array, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) {
    let word = Math.imul(key[i] as number, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}

/** Whether `few` uses of no class more than `many`. */
function isWithin(few: Used, many: Used): boolean {
  if (few === many) return true;
  if (few.length > many.length) return false;
  let at = 0;
  for (let i = 0; i < few.length; i += 2) {
    const name = few[i] as number;
    while (at < many.length && (many[at] as number) < name) at += 2;
    if (many[at] !== name || (many[at + 1] as number) < (few[i + 1] as number)) return false;
  }
  return true;
}

/** `used`, and one more of a class. */
export function useOne(used: Used, name: number): Used {
  const before = used.findIndex((entry, i) => i % 2 === 0 && entry >= name);
  const at = before === -1 ? used.length : before;
  if (used[at] === name) return used.map((entry, i) => (i === at + 1 ? entry + 1 : entry));
  return [...used.slice(0, at), name, 1, ...used.slice(at)];
}

/** How many of a class are in it. */
export function countOf(used: Used, name: number): number {
  for (let i = 0; i < used.length; i += 2) {
    if (used[i] === name) return used[i + 1] as number;
  }
  return 0;
}
