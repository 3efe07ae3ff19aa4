/** An ordered set of keys, kept in small blocks so that adding to a big set stays cheap. */

/** A block splits in two above this size. */
const BLOCK_KEYS_MAX = 512;

/**
 * Keys are strings that hold one byte per character (latin1), so that string order is byte order. A
 * half-open interval is given as `from` (included) and `to` (not included; undefined = no end).
 */
export class SortedKeys {
  /** Never empty blocks, each sorted, in order. */
  readonly #blocks: string[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False when the key was there already. */
  add(key: string): boolean {
    const at = this.#blockFor(key);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([key]);
      this.#size++;
      return true;
    }
    const place = lowerBound(block, key);
    if (block[place] === key) return false;
    block.splice(place, 0, key);
    this.#size++;
    if (block.length > BLOCK_KEYS_MAX) {
      this.#blocks.splice(at + 1, 0, block.splice(block.length >> 1));
    }
    return true;
  }

  /** False when the key was not there. */
  remove(key: string): boolean {
    const at = this.#blockFor(key);
    const block = this.#blocks[at];
    if (block === undefined) return false;
    const place = lowerBound(block, key);
    if (block[place] !== key) return false;
    block.splice(place, 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
    this.#size--;
    return true;
  }

  /** The keys of an interval, in order. The set must not change meanwhile. */
  *range(from: string, to: string | undefined): Generator<string> {
    for (let at = this.#blockFor(from); at < this.#blocks.length; at++) {
      const block = this.#blocks[at] ?? [];
      for (let i = lowerBound(block, from); i < block.length; i++) {
        const key = block[i];
        if (key === undefined || (to !== undefined && key >= to)) return;
        yield key;
      }
    }
  }

  /** How many keys an interval holds; looks at the blocks, not at each key. */
  count(from: string, to: string | undefined): number {
    if (to === undefined) return this.#size - this.#rank(from);
    return to <= from ? 0 : this.#rank(to) - this.#rank(from);
  }

  /** How many keys come before `key`. */
  #rank(key: string): number {
    const at = this.#blockFor(key);
    let before = 0;
    for (let i = 0; i < at; i++) before += this.#blocks[i]?.length ?? 0;
    return before + lowerBound(this.#blocks[at] ?? [], key);
  }

  /** The last block that starts at or before `key`, else the first one. */
  #blockFor(key: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = this.#blocks[middle]?.[0];
      if (first !== undefined && first <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The place of the first element that is not below `key`. */
function lowerBound(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = block[middle];
    if (there !== undefined && there < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
