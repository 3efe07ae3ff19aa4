/** What came of hunts: the table of `docs/internals/planted-bugs.md`, and lines for a terminal. */

import type { PlantedBug } from "./bug.ts";
import type { Hunt } from "./hunt.ts";

const BEGIN = "<!-- table: begin -->";
const END = "<!-- table: end -->";
const HEAD = [
  "| bug | what is wrong | known from | caught by | seeds, half / most |",
  "|---|---|---|---|---|",
];

/** All hunts for one bug, from different first seeds. */
export interface HuntsOf {
  readonly bug: PlantedBug;
  readonly hunts: readonly Hunt[];
}

/** One row: every check that caught it, and how many seeds that took. */
export function row({ bug, hunts }: HuntsOf): string {
  const missed = hunts.filter(({ verdict }) => verdict !== "found").length;
  const checks = new Set(hunts.flatMap((hunt) => hunt.catch?.failure.check ?? []));
  const seeds = hunts.map((hunt) => hunt.seeds).sort((a, b) => a - b);
  const half = seeds[Math.floor((seeds.length - 1) / 2)] ?? 0;
  const counts = `${half} / ${seeds.at(-1) ?? 0}`;
  const misses = missed === 0 ? counts : `${counts}, ${missed} of ${hunts.length} not found`;
  const cells = [
    `\`${bug.name}\``,
    bug.title,
    bug.cites.join(", "),
    [...checks].sort().join("; "),
    misses,
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** Names of the bugs in a document's table, in its order. */
export function namesIn(document: string): readonly string[] {
  return rowsIn(document).map(nameOf);
}

/**
 * The document with these rows in place of the ones before; other bugs keep theirs, and those that
 * are not among `names` any more go.
 */
export function withRows(
  document: string,
  results: readonly HuntsOf[],
  names: readonly string[],
): string {
  const rows = new Map(rowsIn(document).map((line) => [nameOf(line), line]));
  for (const result of results) rows.set(result.bug.name, row(result));
  const lines = names.flatMap((name) => rows.get(name) ?? []);
  const [before = "", after = ""] = [document.split(BEGIN)[0], document.split(END)[1]];
  return [`${before}${BEGIN}`, ...HEAD, ...lines, `${END}${after}`].join("\n");
}

function rowsIn(document: string): readonly string[] {
  const table = document.split(BEGIN)[1]?.split(END)[0];
  if (table === undefined) throw new Error(`The document has no line ${BEGIN}`);
  return table.split("\n").filter((line) => line.startsWith("| `"));
}

function nameOf(line: string): string {
  return line.split("`")[1] ?? "";
}

/** One hunt as a line. */
export function huntLine({ bug, verdict, seeds, catch: caught }: Hunt): string {
  const head = `${bug.name.padEnd(NAME_WIDTH)}  ${verdict.padEnd(10)}  ${String(seeds).padStart(5)}`;
  return caught === undefined ? head : `${head}  ${caught.failure.check}`;
}

const NAME_WIDTH = 30;

/** What stands over such lines. */
export const HUNT_HEAD: string = `${"bug".padEnd(NAME_WIDTH)}  ${"verdict".padEnd(10)}  seeds  check`;
