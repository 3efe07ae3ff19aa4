/** One invocation of the suite: options in, table or summary or JSON out, exit code back. */

import { checkPump, hostPump } from "@holdfast/sim";
import { UsageError } from "./failure.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { play } from "./play.ts";
import { type Job, playAll } from "./pool.ts";

import { replicas } from "./replica-server.ts";
import { report } from "./report.ts";
import { repeatedText } from "./summary.ts";
import { footText, HEAD, type Run, rowText } from "./table.ts";

export interface Surroundings {
  /** Takes what goes to the standard output. */
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  /** The seed when none is asked for. */
  readonly randomSeed: number;
  /** Plays the runs that the options ask for and hands them over in order. */
  readonly playRuns: (options: Options, onRun: (run: Run) => void) => Promise<void>;
}

/**
 * Resolves with the exit code: 0 when all passed, 1 when a test failed, 2 when the options are
 * wrong.
 */
export async function runSuite(args: readonly string[], world: Surroundings): Promise<number> {
  let options: Options | undefined;
  try {
    options = parseOptions(args, world.randomSeed);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    world.writeError(`lab: ${error.message}\n`);
    return 2;
  }
  if (options === undefined) {
    world.write(HELP);
    return 0;
  }
  const runs = await playAndPrint(options, world);
  return runs.every(({ played }) => played.figures !== undefined) ? 0 : 1;
}

async function playAndPrint(options: Options, world: Surroundings): Promise<readonly Run[]> {
  const begunMs = performance.now();
  const isTable = !options.isJson && options.repeat === 1;
  if (isTable && !options.isTraced) world.write(HEAD);
  const runs: Run[] = [];
  await world.playRuns(options, (run) => {
    runs.push(run);
    if (isTable) world.write(rowText(run, options.isReal));
  });
  const wallMs = performance.now() - begunMs;
  if (options.isJson) world.write(`${JSON.stringify(report(runs, options, wallMs))}\n`);
  else world.write(isTable ? footText(runs, options, wallMs) : repeatedText(runs, options, wallMs));
  return runs;
}

/** On threads; a narration is written in this one. */
export function playOnThreads(
  write: (text: string) => void,
): (options: Options, onRun: (run: Run) => void) => Promise<void> {
  return async (options, onRun) => {
    const runs = options.scenarios.flatMap((scenario) =>
      Array.from({ length: options.repeat }, (_, at) => ({ scenario, seed: options.seed + at })),
    );
    const { isReal } = options;
    if (!options.isTraced) {
      const jobs = runs.map(
        ({ scenario, seed }): Job => ({ number: scenario.number, seed, isReal }),
      );
      await playAll(jobs, options.jobs, (at, played) => {
        const run = runs[at];
        if (run !== undefined) onRun({ ...run, played });
      });
      return;
    }
    await checkPump(hostPump);
    const tell = (line: string): void => write(`${line}\n`);
    for (const run of runs) {
      const { seed } = run;
      onRun({ ...run, played: await play(run.scenario, replicas, { seed, isReal, tell }) });
    }
  };
}
