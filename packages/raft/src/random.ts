/** Randomness as data: one 32-bit word of state, so that a node replays from its inputs alone. */

/** The next word; never 0 when `word` is not 0 (xorshift with shifts 13, 17, 5). */
export function nextWord(word: number): number {
  let x = word | 0;
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  return x >>> 0;
}

/**
 * A usable state word from any seed: different seeds and ids give unrelated words (C16: equal seeds
 * split every vote).
 */
export function seedWord(seed: number, salt: number): number {
  let x = (Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul((salt | 0) + 0x7f4a7c15, 0x85ebca6b)) | 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 13;
  return x >>> 0 || 0x6d2b79f5;
}
