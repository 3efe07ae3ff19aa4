/** What many runs of each scenario come to. */

import type { Figures } from "./harness.ts";
import type { Options } from "./options.ts";
import { referenceRow } from "./reference.ts";
import type { Scenario } from "./suite.ts";
import { machineSeconds, type Run, replayCommand, sumText } from "./table.ts";

export interface Summary {
  readonly scenario: Scenario;
  readonly runs: number;
  readonly failingSeeds: readonly number[];
  /** Nothing when no run passed. */
  readonly medians: Figures | undefined;
  /** On this machine, all runs together. */
  readonly wallMs: number;
}

export function summarize(runs: readonly Run[]): Summary[] {
  const byScenario = new Map<Scenario, Run[]>();
  for (const run of runs) {
    const others = byScenario.get(run.scenario);
    if (others === undefined) byScenario.set(run.scenario, [run]);
    else others.push(run);
  }
  return [...byScenario].map(([scenario, own]) => ({
    scenario,
    runs: own.length,
    failingSeeds: own.filter(({ played }) => played.figures === undefined).map(({ seed }) => seed),
    medians: medianFigures(own.flatMap(({ played }) => played.figures ?? [])),
    wallMs: own.reduce((sum, { played }) => sum + played.wallMs, 0),
  }));
}

/** The median of each figure by itself. */
function medianFigures(all: readonly Figures[]): Figures | undefined {
  if (all.length === 0) return undefined;
  const of = (read: (figures: Figures) => number): number => {
    const sorted = all.map(read).sort((one, other) => one - other);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  };
  return {
    ms: of(({ ms }) => ms),
    calls: of(({ calls }) => calls),
    bytes: of(({ bytes }) => bytes),
    commits: of(({ commits }) => commits),
    floorMs: of(({ floorMs }) => floorMs),
  };
}

const SUMMARY_HEAD = " runs failed  median: time  RPCs    bytes commits   wall ms  test\n";

/** The whole output of a repeated run. */
export function repeatedText(runs: readonly Run[], options: Options, wallMs: number): string {
  const summaries = summarize(runs);
  const failed = summaries.reduce((sum, { failingSeeds }) => sum + failingSeeds.length, 0);
  const medians = summaries.flatMap(({ scenario, medians: figures }) =>
    figures === undefined || referenceRow(scenario.number) === undefined ? [] : [figures],
  );
  const seconds = medians.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const last = options.seed + options.repeat - 1;
  return [
    SUMMARY_HEAD,
    ...summaries.map(summaryText),
    failuresText(runs, options.isReal),
    medians.length === 25 ? `${sumText("Sum of the medians", seconds)}\n` : "",
    `${runs.length - failed} of ${runs.length} runs passed, `,
    `seeds ${options.seed} to ${last}, ${machineSeconds(wallMs)}\n`,
  ].join("");
}

export function summaryText({ scenario, runs, failingSeeds, medians, wallMs }: Summary): string {
  const columns =
    medians === undefined
      ? ["-".padStart(36)]
      : [
          (medians.ms / 1000).toFixed(1).padStart(13),
          pad(medians.calls, 5),
          pad(medians.bytes, 8),
          pad(medians.commits, 7),
        ];
  const head = [pad(runs, 5), pad(failingSeeds.length, 6)];
  const line = [...head, ...columns, pad(Math.round(wallMs), 9)].join(" ");
  return `${line}  (${scenario.part}) ${scenario.name}\n`;
}

/** One line per failing run: its seed, how to see it again, and why it failed. */
export function failuresText(runs: readonly Run[], isReal: boolean): string {
  return runs
    .filter(({ played }) => played.figures === undefined)
    .map(({ scenario, seed, played }) => {
      const [why] = played.failure.split("\n");
      return `seed ${seed}: ${scenario.name}: ${why}\n  again: ${replayCommand(scenario, seed, isReal)}\n`;
    })
    .join("");
}

function pad(value: number, width: number): string {
  return String(value).padStart(width);
}
