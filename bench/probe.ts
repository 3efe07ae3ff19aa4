/** How long one thing takes when it is done again and again. */

/** Calls `once` for a while and notes how long each call takes, in milliseconds. */
export async function probe(durationMs: number, once: () => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  const until = performance.now() + durationMs;
  for (let now = performance.now(); now < until; ) {
    await once();
    const after = performance.now();
    took.push(after - now);
    now = after;
  }
  return took;
}
