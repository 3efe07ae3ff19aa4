/** The table of the suite: each row as the course prints it, beside the reference row. */

import type { Figures } from "./harness.ts";
import type { Options } from "./options.ts";
import type { Played } from "./play.ts";
import { GOAL_SUM_SECONDS, REFERENCE_SUM_SECONDS, referenceRow } from "./reference.ts";
import type { Scenario } from "./suite.ts";
import {
  BYTES_SHARE,
  CALLS_BAND,
  isFloorBound,
  judge,
  type Mark,
  PAYLOAD_BYTES_AIM,
  TIME_BAND,
  type Verdict,
} from "./verdict.ts";

/** One run of one scenario. */
export interface Run {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly played: Played;
}

const SIGNS: Readonly<Record<Mark, string>> = { better: "+", tie: "=", worse: "-" };

/**
 * Two lines: name, then figures, reference, and verdicts; or the failure and how to see it again.
 */
export function rowText({ scenario, seed, played }: Run, isReal: boolean): string {
  const title = `Test (${scenario.part}): ${scenario.name} ...`;
  if (played.figures === undefined) {
    return `${title}\n  ... FAILED: ${played.failure}\n  again: ${replayCommand(scenario, seed, isReal)}\n`;
  }
  const own = `  ... Passed --${courseFigures(scenario.servers, played.figures)}`;
  const reference = referenceRow(scenario.number);
  if (reference === undefined) return `${title}\n${own}\n`;
  const theirs = courseFigures(undefined, { ...reference, ms: reference.seconds * 1000 });
  const verdict = judge(scenario.number, played.figures);
  return `${title}\n${own}  | ${theirs}  | ${verdict === undefined ? "" : verdictText(verdict)}\n`;
}

export const HEAD: string = `${" ".repeat(18)}time  n RPCs   bytes  com  |  the reference's figures    | verdict\n`;

/** The one line that plays a run again, with narration. */
export function replayCommand({ number }: Scenario, seed: number, isReal: boolean): string {
  return `npm run lab -- --only ${number} --seed ${seed} --trace${isReal ? " --real" : ""}`;
}

/** Columns as wide as the course's. Without servers: only the four figures. */
function courseFigures(servers: number | undefined, figures: Omit<Figures, "floorMs">): string {
  const seconds = (figures.ms / 1000).toFixed(1).padStart(4);
  const calls = String(figures.calls).padStart(4);
  const bytes = String(figures.bytes).padStart(servers === undefined ? 8 : 7);
  const commits = String(figures.commits).padStart(4);
  return servers === undefined
    ? `${seconds} ${calls} ${bytes} ${commits}`
    : `  ${seconds}  ${servers} ${calls} ${bytes} ${commits}`;
}

function verdictText({ time, calls, bytes, commits }: Verdict): string {
  const text = `time ${SIGNS[time]}  RPCs ${SIGNS[calls]}  bytes ${SIGNS[bytes]}`;
  return commits === undefined ? text : `${text}  commits ${SIGNS[commits]}`;
}

/** Seconds of the reference table's 25 rows; nothing unless each of them passed just once. */
export function sumSeconds(runs: readonly Run[]): number | undefined {
  const rows = comparedRows(runs);
  if (rows.length !== 25 || new Set(rows.map(({ scenario }) => scenario)).size !== 25) return;
  return rows.reduce((sum, { figures }) => sum + figures.ms, 0) / 1000;
}

/** What stands under the table. */
export function footText(runs: readonly Run[], options: Options, wallMs: number): string {
  const passed = runs.filter(({ played }) => played.figures !== undefined);
  const rows = comparedRows(runs);
  const time = options.isReal ? "real" : "virtual";
  const lines = [
    `${passed.length} of ${runs.length} passed, seed ${options.seed}, ${time} time, ${machineSeconds(wallMs)}`,
  ];
  const seconds = sumSeconds(runs);
  if (seconds !== undefined) lines.push(sumText("Sum", seconds));
  if (rows.length > 0) lines.push(...legend());
  for (const { scenario, figures } of rows) {
    if (!isFloorBound(scenario.number, figures)) continue;
    const own = (figures.floorMs / 1000).toFixed(1);
    const all = (figures.ms / 1000).toFixed(1);
    lines.push(`- ${scenario.name}: ${own} s of ${all} s are the harness's own sleeps`);
  }
  return `${lines.join("\n")}\n`;
}

export function machineSeconds(wallMs: number): string {
  return `${(wallMs / 1000).toFixed(1)} s on this machine`;
}

export function sumText(what: string, seconds: number): string {
  const others = `reference ${REFERENCE_SUM_SECONDS} s; goal ${GOAL_SUM_SECONDS} s`;
  return `${what} of the 25 rows: ${seconds.toFixed(1)} s; ${others}`;
}

function comparedRows(runs: readonly Run[]): { scenario: Scenario; figures: Figures }[] {
  return runs.flatMap(({ scenario, played: { figures } }) =>
    figures === undefined || referenceRow(scenario.number) === undefined
      ? []
      : [{ scenario, figures }],
  );
}

function legend(): string[] {
  const time = `${TIME_BAND.share * 100} % or ${TIME_BAND.seconds} s`;
  const calls = `${CALLS_BAND.share * 100} % or ${CALLS_BAND.calls}`;
  return [
    "+ better, = tie, - worse than the reference:",
    `  time ties within ${time}, RPCs within ${calls};`,
    `  bytes are + at ${BYTES_SHARE * 100} % of the reference or less, otherwise -`,
    `  (RPC byte count, nearly all payload: at ${PAYLOAD_BYTES_AIM});`,
    "  the churn rows compare RPCs and bytes per commit, and commits.",
  ];
}
