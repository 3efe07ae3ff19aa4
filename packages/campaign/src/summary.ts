/** What a campaign came to, in a page of text. */

import type { CampaignEnd } from "./campaign.ts";
import { counted, duration, grouped, short } from "./number-text.ts";
import { type FailedSeed, quantile, type Recovery, type Tally } from "./tally.ts";

export interface SummaryOptions {
  readonly wallMs: number;
  readonly end: CampaignEnd;
  readonly from: number;
  readonly workers: number;
  /** All marks there are. */
  readonly marks: readonly string[];
  /** Marks never reached are a failure. */
  readonly demandsMarks: boolean;
  /** The one line that runs a seed again. */
  readonly replay: (seed: number) => string;
}

/** Of marks that a small campaign has not reached so many are shown. */
const MARKS_SHOWN = 12;

/** Of one check so many failing seeds are shown; the others are counted. */
const SHOWN_PER_CHECK = 5;

export function summaryText(tally: Tally, options: SummaryOptions): string {
  const parts = [
    ...headLines(tally, options),
    ...figureLines(tally),
    ...markLines(tally, options),
    ...failureLines(tally, options),
    verdictLine(tally, options),
  ];
  return `${parts.join("\n")}\n`;
}

/** Marks that no run has reached. */
export function marksMissed(tally: Tally, marks: readonly string[]): readonly string[] {
  return marks.filter((mark) => !tally.marks.has(mark));
}

/** Nothing failed, something was run, and every mark was reached if that is demanded. */
export function isPassed(
  tally: Tally,
  { marks, demandsMarks }: Pick<SummaryOptions, "marks" | "demandsMarks">,
): boolean {
  if (tally.seeds === 0 || tally.failed.length > 0) return false;
  return !demandsMarks || marksMissed(tally, marks).length === 0;
}

function headLines(tally: Tally, { wallMs, from, workers, end }: SummaryOptions): string[] {
  const seconds = Math.max(wallMs / 1000, 0.001);
  const { simulatedMs, events } = tally.sums;
  const sizes = [...tally.sizes].sort(([a], [b]) => a - b);
  const clusters = sizes.map(([size, runs]) => `${grouped(runs)} of ${counted(size, "node")}`);
  const shortest = tally.sizes.size === 0 ? "" : `, each run ${duration(tally.shortestMs)} or more`;
  const why: Readonly<Record<CampaignEnd, string>> = {
    seeds: "",
    time: ", time is over",
    failures: ", too many failed",
    stopped: ", stopped",
  };
  return [
    row(
      "seeds",
      `${grouped(tally.seeds)} from ${from} on, ${counted(workers, "thread")}${why[end]}`,
    ),
    ...wrapped("clusters", clusters.length === 0 ? "none" : clusters.join(", ")),
    row("time", `${duration(wallMs)}, ${short(tally.seeds / seconds)} seeds a second`),
    row(
      "simulated",
      `${duration(simulatedMs)}, ${short(simulatedMs / 1000 / seconds)} seconds a second${shortest}`,
    ),
    row("events", `${grouped(events)}, ${short(events / seconds)} a second`),
  ];
}

function figureLines(tally: Tally): string[] {
  const { operations, sums, recoveries, slowest } = tally;
  const kinds = [...tally.faults].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const listed = kinds.map(([kind, count]) => `${kind} ${grouped(count)}`).join(", ");
  const lines = [
    ...wrapped("faults", `${grouped(tally.faultCount)}${listed === "" ? "" : `: ${listed}`}`),
    row("operations", operationsText(operations)),
    row(
      "cluster",
      `${grouped(sums.committed)} committed, ${grouped(sums.elections)} elections, ${grouped(sums.starts)} starts`,
    ),
    row("network", `${grouped(sums.packets)} packets, ${grouped(sums.bytes)} bytes`),
    row("disks", `${grouped(sums.syncs)} syncs`),
  ];
  if (recoveries.length > 0) lines.push(...recoveryLines(recoveries));
  if (slowest !== undefined) {
    lines.push(row("slowest", `seed ${slowest.seed}, ${duration(slowest.wallMs)} of real time`));
  }
  return lines;
}

function operationsText({ ok, failed, unknown }: Tally["operations"]): string {
  return `${grouped(ok)} ok, ${grouped(failed)} certainly not done, ${grouped(unknown)} unknown`;
}

function recoveryLines(recoveries: readonly Recovery[]): string[] {
  const line = (field: keyof Recovery, what: string): string => {
    const values = recoveries.map((recovery) => recovery[field]).sort((a, b) => a - b);
    const [p50, p99, max] = [0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(2));
    return `${what} p50 ${p50}, p99 ${p99}, max ${max}`;
  };
  return [
    row("healing", "in longest election timeouts, until there is"),
    row("", line("leader", "a leader   ")),
    row("", line("commit", "a commit   ")),
    row("", line("caughtUp", "no laggard ")),
  ];
}

function markLines(tally: Tally, { marks, demandsMarks }: SummaryOptions): string[] {
  const missed = marksMissed(tally, marks);
  const head = row("marks", `${marks.length - missed.length} of ${marks.length} reached`);
  if (missed.length === 0) return [head];
  const word = demandsMarks ? "FAILED, never reached" : "never reached";
  const shown = demandsMarks ? missed : missed.slice(0, MARKS_SHOWN);
  const rest = missed.length - shown.length;
  return [
    head,
    row("", `${word}:`),
    ...shown.map((mark) => row("", `- ${mark}`)),
    ...(rest > 0 ? [row("", `and ${rest} more`)] : []),
  ];
}

function failureLines(tally: Tally, { replay }: SummaryOptions): string[] {
  const byCheck = new Map<string, FailedSeed[]>();
  for (const one of tally.failed) {
    const list = byCheck.get(one.failure.check);
    if (list === undefined) byCheck.set(one.failure.check, [one]);
    else list.push(one);
  }
  return [...byCheck].flatMap(([check, list]) => [
    "",
    `FAILED ${check} (${counted(list.length, "seed")})`,
    ...list.slice(0, SHOWN_PER_CHECK).flatMap((one) => failedSeedLines(one, replay)),
    ...(list.length > SHOWN_PER_CHECK ? [`  and ${list.length - SHOWN_PER_CHECK} more`] : []),
  ]);
}

/** A failing seed and how to see it again. */
export function failedSeedLines(
  { seed, failure }: FailedSeed,
  replay: (seed: number) => string,
): readonly string[] {
  const where = failure.node === 0 ? "" : `, node ${failure.node}`;
  const at =
    failure.at === 0 && failure.node === 0 ? "" : ` at ${failure.at.toFixed(3)} ms${where}`;
  return [`  seed ${seed}${at}: ${failure.message}`, `    again: ${replay(seed)}`];
}

function verdictLine(tally: Tally, options: SummaryOptions): string {
  if (tally.seeds === 0) return "\nnothing was run";
  if (tally.failed.length > 0) {
    return `\n${grouped(tally.failed.length)} of ${counted(tally.seeds, "seed")} failed`;
  }
  const missed = options.demandsMarks ? marksMissed(tally, options.marks).length : 0;
  if (missed > 0) return `\nall seeds passed, but ${counted(missed, "mark")} never reached`;
  return `\n${tally.seeds === 1 ? "the seed" : `all ${grouped(tally.seeds)} seeds`} passed`;
}

const LABEL_WIDTH = 12;
const LINE_WIDTH = 100;

function row(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

/** Broken at commas; what follows is indented. */
function wrapped(label: string, text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=, )/)) {
    if (line !== "" && LABEL_WIDTH + line.length + word.trimEnd().length > LINE_WIDTH) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += word;
  }
  return [...lines, line].map((part, at) => row(at === 0 ? label : "", part));
}
