/** Where two runs of one plan part. */

import type { Onlooker } from "./engine.ts";
import type { Ran } from "./job.ts";

/** What is looked at of a run; more would need too much memory. */
const LINES_MAX = 1_000_000;

/**
 * Runs a plan twice and says in words what happened first in one run and not in the other. They may
 * agree this time: then that is said.
 */
export async function firstDifference(run: (onlooker: Onlooker) => Promise<Ran>): Promise<string> {
  const lines: string[] = [];
  await run({
    record: (line) => {
      if (lines.length < LINES_MAX) lines.push(line);
    },
  });
  let at = 0;
  let found: string | undefined;
  await run({
    record: (line) => {
      if (found === undefined && at < lines.length && line !== lines[at]) found = line;
      if (found === undefined) at++;
    },
  });
  if (found !== undefined) return `event ${at} is first ${lines[at]}, then ${found}`;
  if (at < lines.length) return `after ${at} equal events the second run ends early`;
  return at === 0 ? "nothing was recorded" : `the first ${at} events are equal`;
}
