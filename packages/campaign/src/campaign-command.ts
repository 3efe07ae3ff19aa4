/** A campaign as people start it: progress while it runs, results to a file, a page at the end. */

import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type CampaignOptions, runCampaign } from "./campaign.ts";
import type { Engine } from "./engine.ts";
import type { Ran } from "./job.ts";
import { counted } from "./number-text.ts";
import { Progress } from "./progress.ts";
import { replayCommand } from "./replay-words.ts";
import { appendSeeds, SEEDS_FILE, seedLine } from "./seeds-file.ts";
import { shrinkCommand } from "./shrink-command.ts";
import { failedSeedLines, isPassed, type SummaryOptions, summaryText } from "./summary.ts";
import type { Surroundings } from "./surroundings.ts";
import { Tally } from "./tally.ts";

/** A campaign as it is asked for on a command line. */
export interface CampaignRequest
  extends Omit<CampaignOptions, "engine" | "signal" | "jobsPerThread"> {
  /** A campaign of so many seeds must reach all marks, unless its profile leaves something out. */
  readonly marksFrom: number;
  /** Gets a line of JSON for each run. */
  readonly jsonPath: string | undefined;
  /** Failing seeds are added to the checkout's list of those that failed once. */
  readonly remembers: boolean;
  /** The first failing seed is made as small as it gets. */
  readonly shrinks: boolean;
}

/** A thread is replaced after so many seeds. */
const SEEDS_PER_THREAD = 2000;
const TICK_MS = 200;

/**
 * Resolves with the exit code: 0 when something was run and nothing failed. Rejects with what the
 * engine throws for a profile that can't be met.
 */
export async function campaignCommand(
  request: CampaignRequest,
  surroundings: Surroundings,
): Promise<number> {
  const { engine } = (await import(surroundings.engine)) as { readonly engine: Engine };
  const tally = new Tally();
  const { from, to, timeMs, workers, profile } = request;
  // What no plan can be drawn from is told once, and not by each seed.
  engine.plan(from, profile);
  const aim = { seeds: to - from + 1, timeMs, marks: engine.marks.length };
  const progress = new Progress(surroundings.screen, tally, aim, () => performance.now());
  progress.say(`seeds from ${from} on, ${counted(workers, "thread")}`);
  const replay = (seed: number): string => replayCommand(surroundings.command, seed, profile);
  const results = request.jsonPath === undefined ? undefined : await Results.open(request.jsonPath);
  const ticker = setInterval(() => progress.tick(), TICK_MS);
  const onRan = (seed: number, ran: Ran): void => {
    tally.add(seed, ran);
    results?.add(seed, ran);
    const { failure } = ran;
    if (failure === undefined) return;
    progress.say(`FAILED ${failure.check}`);
    for (const line of failedSeedLines({ seed, failure }, replay)) progress.say(line);
  };
  const options = { ...request, ...pick(surroundings), jobsPerThread: SEEDS_PER_THREAD };
  const end = await runCampaign(options, onRan);
  clearInterval(ticker);
  progress.clear();
  await results?.close();
  const isWhole = Object.keys(profile).length === 0;
  const summary: SummaryOptions = {
    wallMs: progress.elapsedMs,
    end,
    from,
    workers,
    marks: engine.marks,
    demandsMarks: isWhole && tally.seeds >= request.marksFrom,
    replay,
  };
  surroundings.write(summaryText(tally, summary));
  await keepFailures(tally, request, surroundings);
  return end !== "stopped" && isPassed(tally, summary) ? 0 : 1;
}

function pick({ engine, signal }: Surroundings): Pick<CampaignOptions, "engine" | "signal"> {
  return { engine, signal };
}

/** What is done about seeds that failed: kept for later, made smaller. */
async function keepFailures(
  { failed }: Tally,
  { remembers, shrinks, profile, workers, limitMs }: CampaignRequest,
  surroundings: Surroundings,
): Promise<void> {
  const [first] = failed;
  if (first === undefined) return;
  const lines = failed.map(({ seed, failure }) => seedLine({ seed, profile }, failure));
  if (remembers && existsSync(SEEDS_FILE)) {
    await appendSeeds(lines);
    surroundings.write(`${counted(lines.length, "line")} added to packages/campaign/seeds.txt\n`);
  } else {
    const text = lines.slice(0, LINES_SHOWN).join("\n");
    surroundings.write(
      `\nfor packages/campaign/seeds.txt, so that it is never forgotten:\n${text}\n`,
    );
  }
  if (!shrinks || surroundings.signal.aborted) return;
  const source = { kind: "seed", seed: first.seed } as const;
  const request = { source, profile, workers, limitMs, runsMax: 1000, out: undefined };
  await shrinkCommand(request, surroundings);
}

const LINES_SHOWN = 10;

/** One line of JSON for each run. */
class Results {
  readonly #file: FileHandle;
  #written: Promise<unknown> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<Results> {
    return new Results(await open(path, "w"));
  }

  add(seed: number, { failure, outcome, wallMs }: Ran): void {
    const { hash, figures, marks } = outcome ?? {};
    const line = `${JSON.stringify({ seed, wallMs, failure, hash, figures, marks })}\n`;
    this.#written = this.#written.then(() => this.#file.appendFile(line));
  }

  /** Rejects when something could not be written. */
  async close(): Promise<void> {
    try {
      await this.#written;
    } finally {
      await this.#file.close();
    }
  }
}
