/** `--bug` and `--bugs`: hunts for planted bugs, a table at the end. */

import { readFile, writeFile } from "node:fs/promises";
import type { PlantedBug } from "./bug.ts";
import { PLANTED_BUGS, plantedBug } from "./catalogue.ts";
import { type Hunt, type HuntOptions, runBug } from "./hunt.ts";
import { HUNT_HEAD, type HuntsOf, huntLine, withRows } from "./hunt-table.ts";

/** Which bugs to look for, how often, and where the results go. */
export interface BugsOptions extends HuntOptions {
  /** Which; none: all. */
  readonly names: readonly string[];
  /** Each is looked for so many times, from first seeds that lie far apart. */
  readonly ranges: number;
  /** The document whose table gets the results. */
  readonly writesTo?: string;
  /** Looks for one bug; `runBug` unless told. */
  readonly hunt?: typeof runBug;
}

/** First seeds of ranges lie so far apart. */
const RANGE_SEEDS = 1_000_000;

/** A name that no planted bug has. */
export class UnknownBugError extends Error {
  readonly code = "CAMPAIGN_UNKNOWN_BUG";

  constructor(name: string) {
    super(`No planted bug has the name ${name}`);
    this.name = "UnknownBugError";
  }
}

/**
 * Resolves with the exit code: 0 when all were found within their seeds. `write` takes text for the
 * standard output. Rejects with `UnknownBugError` or `PlantError`.
 */
export async function bugsCommand(
  options: BugsOptions,
  write: (text: string) => void,
): Promise<number> {
  const bugs = options.names.length === 0 ? PLANTED_BUGS : options.names.map(known);
  const results: HuntsOf[] = [];
  write(`${HUNT_HEAD}\n`);
  for (const bug of bugs) {
    const hunts: Hunt[] = [];
    for (let range = 0; range < options.ranges; range++) {
      const from = options.from + range * RANGE_SEEDS;
      const hunt = await (options.hunt ?? runBug)(bug, { ...options, from });
      write(`${huntLine(hunt)}\n`);
      hunts.push(hunt);
    }
    results.push({ bug, hunts });
    if (options.writesTo !== undefined) await keep([{ bug, hunts }], options.writesTo);
  }
  return summary(results, write);
}

function known(name: string): PlantedBug {
  const bug = plantedBug(name);
  if (bug === undefined) throw new UnknownBugError(name);
  return bug;
}

/** After each bug: a long hunt that is ended early keeps what it has. */
async function keep(results: readonly HuntsOf[], path: string): Promise<void> {
  const document = await readFile(path, "utf8");
  const names = PLANTED_BUGS.map(({ name }) => name);
  await writeFile(path, withRows(document, results, names));
}

function summary(results: readonly HuntsOf[], write: (text: string) => void): number {
  const missed = results.filter(({ hunts }) => hunts.some(({ verdict }) => verdict !== "found"));
  write(`${results.length - missed.length} of ${results.length} bugs found\n`);
  for (const { bug } of missed) write(`not found each time: ${bug.name}: ${bug.title}\n`);
  return missed.length === 0 && results.length > 0 ? 0 : 1;
}
