/** `holdfast explore`: every world that a small scope of the protocol allows, nearest first. */

import { explore as exploreWorlds, type Report, replay, type Scope, SMALLEST } from "@holdfast/sim";
import { EXIT_FAILED, UsageError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { type Flag, type Settings, wholeNumber } from "../flags.ts";
import { printError, printLine } from "../output.ts";

const WORLDS = 100_000;

type Numbered = "voters" | "termMax" | "entriesMax" | "messagesMax" | "writesMax" | "crashesMax";

/** Flags for numbers of the scope: the flag, its field, its least and greatest value. */
const NUMBERS: readonly (readonly [string, Numbered, number, number, string])[] = [
  ["voters", "voters", 1, 5, "Servers"],
  ["terms", "termMax", 1, 7, "Highest term"],
  ["entries", "entriesMax", 0, 4, "Longest log, in entries"],
  ["messages", "messagesMax", 0, 8, "Messages under way at once"],
  ["writes", "writesMax", 0, 4, "Writes under way on a server; 0 makes each durable at once"],
  ["crashes", "crashesMax", 0, 15, "Crashes in one history"],
];

type Switched = "duplicates" | "heartbeats" | "timeouts" | "preVote" | "checkQuorum" | "noop";

const SWITCHES: readonly (readonly [string, Switched, string])[] = [
  ["duplicates", "duplicates", "Messages may arrive twice"],
  ["heartbeats", "heartbeats", "Leaders send heartbeats at any time"],
  ["timeouts", "timeouts", "Leaders give up waiting for answers at any time"],
  ["pre-vote", "preVote", "Ask before raising the term"],
  ["check-quorum", "checkQuorum", "Leaders without a majority step down"],
  ["noop", "noop", "New leaders append an empty entry"],
];

const DELAYS = ["all", "requests", "none"] as const;

const FLAGS: readonly Flag[] = [
  ...NUMBERS.map(([name, field, , , help]) => ({
    name,
    value: "N",
    help: `${help} (default ${SMALLEST[field]})`,
  })),
  {
    name: "delays",
    value: DELAYS.join("|"),
    help: `What may be late (default ${SMALLEST.delays})`,
  },
  ...SWITCHES.map(([name, , help]) => ({ name, help })),
  { name: "worlds", value: "N", help: `Stop at so many distinct worlds (default ${WORLDS})` },
];

export const explore: Command = {
  name: "explore",
  summary: "Look at every world that a small scope of the protocol allows, nearest first",
  flags: FLAGS,
  examples: [
    "holdfast explore",
    "holdfast explore --voters 3 --terms 1 --writes 1 --crashes 1",
    "holdfast explore --voters 3 --delays none --worlds 1000000",
  ],
  async run(settings) {
    const scope = readScope(settings);
    const worldsMax = wholeNumber(settings, "worlds", { fallback: WORLDS, min: 1, max: 1e8 });
    const begun = performance.now();
    const report = exploreWorlds({
      scope,
      worldsMax,
      onDepth: (depth, distinct, frontier) =>
        printError(`depth ${depth}: ${distinct} worlds, ${frontier} to look at`),
    });
    printLine(text(report, (performance.now() - begun) / 1000));
    if (report.finding === undefined) return 0;
    for (const line of replay({ scope, moves: report.finding.moves }).story) printLine(line);
    return EXIT_FAILED;
  },
};

function text({ distinct, reached, depth, isExhausted, finding }: Report, seconds: number): string {
  const rate = Math.round(reached / Math.max(seconds, 0.001));
  const end = isExhausted ? "nothing is left" : "there are more";
  return [
    `worlds    ${distinct}, at most ${depth} moves away${finding === undefined ? `; ${end}` : ""}`,
    `moves     ${reached} looked at in ${seconds.toFixed(1)} s, ${rate} a second`,
    finding === undefined
      ? "violated  nothing"
      : `violated  ${finding.violation.invariant}: ${finding.violation.detail}`,
  ].join("\n");
}

function readScope(settings: Settings): Scope {
  const scope: { -readonly [field in keyof Scope]: Scope[field] } = { ...SMALLEST };
  for (const [name, field, min, max] of NUMBERS) {
    scope[field] = wholeNumber(settings, name, { fallback: SMALLEST[field], min, max });
  }
  for (const [name, field] of SWITCHES) scope[field] = settings.has(name);
  const wanted = settings.get("delays") ?? SMALLEST.delays;
  const delays = DELAYS.find((one) => one === wanted);
  if (delays === undefined) {
    throw new UsageError(`--delays must be one of ${DELAYS.join(", ")}, got ${wanted}`);
  }
  return { ...scope, delays };
}
