/** A seeded generator for tests. */

/** Numbers in [0, 1), the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let word = (seed ^ 0x9e3779b9) >>> 0;
  return () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word >>> 0) / 2 ** 32;
  };
}
