/** Makes a list shorter as long as what is left suffices. */

/**
 * Gives up halves, quarters, and so on down to single items. If a list that suffices still does
 * with more in it, nothing can be left out of the result.
 */
export function fewest<T>(
  items: readonly T[],
  suffices: (fewer: readonly T[]) => boolean,
): readonly T[] {
  let left = items;
  let size = Math.max(1, items.length >> 1);
  for (;;) {
    for (let end = left.length; end > 0; end -= size) {
      const fewer = [...left.slice(0, Math.max(0, end - size)), ...left.slice(end)];
      if (suffices(fewer)) left = fewer;
    }
    if (size === 1) return left;
    size >>= 1;
  }
}
