/**
 * Seeded randomness in named streams: the same seed and names give the same draws on every machine.
 */

/**
 * A small fast generator (sfc32). Streams made by {@link Random.fork} depend on the seed and the
 * names alone, never on how many draws were made before: one more draw in one place shifts nothing
 * elsewhere.
 */
export class Random {
  readonly #path: string;
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** Any whole number or text; both kinds with the same digits give the same stream. */
  constructor(seed: number | string) {
    this.#path = String(seed);
    this.#a = hashText(this.#path, 0x9e3779b9);
    this.#b = hashText(this.#path, 0x243f6a88);
    this.#c = hashText(this.#path, 0xb7e15162);
    for (let i = 0; i < 12; i++) this.word();
  }

  /** A stream of its own for one purpose. */
  fork(name: string | number): Random {
    return new Random(`${this.#path}/${name}`);
  }

  /** A whole number in [0, 2^32). */
  word(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [0, 1), all 53 bits of a double. */
  fraction(): number {
    return ((this.word() >>> 5) * 67108864 + (this.word() >>> 6)) / 9007199254740992;
  }

  /** A whole number in [0, limit), `limit` at most 2^32. */
  below(limit: number): number {
    return Math.floor((this.word() / 4294967296) * limit);
  }

  /** True in `part` of `whole` cases. */
  chance(part: number, whole: number): boolean {
    return this.below(whole) < part;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.word() & 0xff;
    return bytes;
  }
}

/** 32 bits of a text, mixed well enough to seed a generator. */
function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}
