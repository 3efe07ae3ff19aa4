/** Majorities (paper §5.2, §5.3). */

import { assert } from "./assert.ts";
import type { NodeId } from "./entry.ts";

/** How many of `count` servers make a majority. */
export function majorityOf(count: number): number {
  return (count >>> 1) + 1;
}

/**
 * The largest value that a majority has reached. Sorts `values` in place: there are three to nine
 * of them, so an insertion sort is quicker than the built-in one and makes no garbage.
 */
export function reachedByMajority(values: number[]): number {
  const count = values.length;
  assert(count > 0, "quorum: no voters");
  for (let i = 1; i < count; i++) {
    const value = values[i] as number;
    let j = i;
    while (j > 0 && (values[j - 1] as number) < value) {
      values[j] = values[j - 1] as number;
      j--;
    }
    values[j] = value;
  }
  return values[majorityOf(count) - 1] as number;
}

export type Verdict = "won" | "lost" | "open";

/** Counts distinct voters, never messages (A7). Ids that are not voters don't count. */
export function tally(
  voters: readonly NodeId[],
  granted: readonly NodeId[],
  refused: readonly NodeId[],
): Verdict {
  const need = majorityOf(voters.length);
  let yes = 0;
  let no = 0;
  for (const voter of voters) {
    if (granted.includes(voter)) yes++;
    else if (refused.includes(voter)) no++;
  }
  if (yes >= need) return "won";
  return no > voters.length - need ? "lost" : "open";
}
