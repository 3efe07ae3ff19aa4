/** `npm run lab`: plays the suite and prints the table. */

import { randomInt } from "node:crypto";
import { TraceHash } from "@holdfast/sim";
import { UsageError } from "./failure.ts";
import { HELP, type Options, parseOptions } from "./options.ts";
import { play } from "./play.ts";
import { type Job, playAll } from "./pool.ts";
import { checkPump, tickPump } from "./pump.ts";
import { GOAL_SUM_SECONDS, REFERENCE_SUM_SECONDS, referenceRow } from "./reference.ts";
import { replicas } from "./replica-server.ts";
import { failuresText, SUMMARY_HEAD, summarize, summaryText } from "./summary.ts";
import { footText, HEAD, rowText, type Run } from "./table.ts";
import { judge } from "./verdict.ts";

try {
  const options = parseOptions(process.argv.slice(2), randomInt(2 ** 31));
  if (options === undefined) process.stdout.write(HELP);
  else process.exitCode = await main(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`lab: ${error.message}\n`);
  process.exitCode = 2;
}

async function main(options: Options): Promise<number> {
  const begunMs = performance.now();
  const runs: Run[] = [];
  const isTable = !options.isJson && options.repeat === 1;
  if (isTable && !options.isTraced) process.stdout.write(HEAD);
  await playRuns(options, (run) => {
    runs.push(run);
    if (isTable) process.stdout.write(rowText(run, options.isReal));
  });
  const wallMs = performance.now() - begunMs;
  if (options.isJson) process.stdout.write(`${JSON.stringify(report(runs, options, wallMs))}\n`);
  else if (isTable) process.stdout.write(footText(runs, options, wallMs));
  else printSummary(runs, options, wallMs);
  return runs.every(({ played }) => played.figures !== undefined) ? 0 : 1;
}

async function playRuns(options: Options, onRun: (run: Run) => void): Promise<void> {
  const { scenarios, seed: firstSeed, repeat, isReal } = options;
  const seeds = Array.from({ length: repeat }, (_, run) => firstSeed + run);
  if (!options.isTraced) {
    const jobs = scenarios.flatMap(({ number }) =>
      seeds.map((seed): Job => ({ scenario: number, seed, isReal })),
    );
    await playAll(jobs, options.jobs, ({ scenario: number, seed }, played) => {
      const scenario = scenarios.find((other) => other.number === number);
      if (scenario !== undefined) onRun({ scenario, seed, played });
    });
    return;
  }
  await checkPump(tickPump);
  for (const scenario of scenarios) {
    for (const seed of seeds) {
      const tell = (line: string): void => void process.stdout.write(`${line}\n`);
      onRun({ scenario, seed, played: await play(scenario, replicas, { seed, isReal, tell }) });
    }
  }
}

function printSummary(runs: readonly Run[], options: Options, wallMs: number): void {
  const summaries = summarize(runs);
  const failed = summaries.reduce((sum, { failingSeeds }) => sum + failingSeeds.length, 0);
  process.stdout.write(SUMMARY_HEAD);
  for (const summary of summaries) process.stdout.write(summaryText(summary));
  process.stdout.write(failuresText(runs, options.isReal));
  const last = options.seed + options.repeat - 1;
  process.stdout.write(
    `${runs.length - failed} of ${runs.length} runs passed, seeds ${options.seed} to ${last}, ${(wallMs / 1000).toFixed(1)} s on this machine\n`,
  );
}

/** Everything, for other programs. */
function report(runs: readonly Run[], options: Options, wallMs: number): object {
  const trace = new TraceHash();
  for (const { played } of runs) trace.note(played.traceHash);
  const summaries = options.repeat > 1 ? summarize(runs) : [];
  return {
    mode: options.isReal ? "real" : "virtual",
    seed: options.seed,
    repeat: options.repeat,
    node: process.version,
    passed: runs.filter(({ played }) => played.figures !== undefined).length,
    runs: runs.map(({ scenario, seed, played }) => ({
      number: scenario.number,
      part: scenario.part,
      name: scenario.name,
      servers: scenario.servers,
      seed,
      ...played,
      reference: referenceRow(scenario.number),
      verdict: played.figures === undefined ? undefined : judge(scenario.number, played.figures),
    })),
    summaries: summaries.map(({ scenario, ...rest }) => ({ number: scenario.number, ...rest })),
    reference: { sumSeconds: REFERENCE_SUM_SECONDS, goalSeconds: GOAL_SUM_SECONDS },
    traceHash: trace.digest(),
    wallMs,
  };
}
