/**
 * The table of known bugs of Raft implementations: every scenario has a test that bears its id, or
 * says which part it waits for.
 */

import type { Document } from "./documents.ts";
import { isCode, isTest, type Project, type ProjectFile, packageOf } from "./project.ts";
import { type SyntaxNode, syntaxOf, testTitleOf, walk } from "./syntax.ts";

/** The page that the table is in. Its first, second and last column are written by hand. */
export const BUG_CATALOGUE_PATH = "docs/internals/bug-catalogue.md";

/** How many scenarios each section has: a row that gets lost is missed. */
const SECTIONS: Readonly<Record<string, number>> = {
  A: 12,
  B: 23,
  C: 19,
  D: 17,
  E: 18,
  F: 10,
  G: 15,
  H: 14,
  I: 10,
};

interface NamedTest {
  readonly ids: readonly string[];
  readonly file: ProjectFile;
  /** Without the ids; what a template fills in is an ellipsis. */
  readonly title: string;
}

interface Row {
  readonly id: string;
  readonly scenario: string;
  /** `part: why`, or empty. */
  readonly later: string;
}

/**
 * Fills the tests into the table; at fault are scenarios without a row or without a test, and tests
 * that bear an id which is none.
 */
export function bugCatalogue(project: Project, testsMin: number): Document {
  const page = project.find((file) => file.path === BUG_CATALOGUE_PATH)?.text ?? "";
  const tests = project.filter(isRead).flatMap(namedTestsIn);
  const lines = page.split("\n");
  const rows = lines.flatMap((line) => rowOf(line) ?? []);
  const faults = [...rowFaults(rows), ...testFaults(rows, tests)];
  if (tests.length < testsMin) {
    faults.push(`found ${tests.length} tests that bear an id, expected at least ${testsMin}`);
  }
  const text = lines.map((line) => {
    const row = rowOf(line);
    return row === undefined ? line : render(row, tests);
  });
  return { path: BUG_CATALOGUE_PATH, text: text.join("\n"), faults };
}

/** The tests of the tools only make scenarios up. */
function isRead(file: ProjectFile): boolean {
  return isCode(file) && isTest(file) && packageOf(file) !== undefined;
}

function namedTestsIn(file: ProjectFile): readonly NamedTest[] {
  const found: NamedTest[] = [];
  walk(syntaxOf(file).program, (node) => {
    const title = titleOf(node);
    const prefix = /^(?:[A-I]\d+(?:, |: | ))+/.exec(title)?.[0] ?? "";
    if (prefix === "") return;
    const ids = prefix.match(/[A-I]\d+/g) ?? [];
    found.push({ ids, file, title: title.slice(prefix.length) });
  });
  return found;
}

/** The title of a `test` or `it` call; empty for anything else. */
function titleOf(node: SyntaxNode): string {
  const plain = testTitleOf(node);
  if (plain !== undefined) return plain;
  if (node.type !== "CallExpression") return "";
  const { callee, arguments: given } = node as { callee?: unknown; arguments?: unknown };
  const name = (callee as { name?: unknown }).name;
  const first: unknown = Array.isArray(given) ? given[0] : undefined;
  const quasis = (first as { quasis?: unknown } | undefined)?.quasis;
  if ((name !== "test" && name !== "it") || !Array.isArray(quasis)) return "";
  return quasis.map((part: { value: { cooked: string } }) => part.value.cooked).join("…");
}

function rowOf(line: string): Row | undefined {
  if (!/^\| [A-I]\d+ \|/.test(line)) return undefined;
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  return { id: cells[1] ?? "", scenario: cells[2] ?? "", later: cells.at(-2) ?? "" };
}

function rowFaults(rows: readonly Row[]): string[] {
  const expected = Object.entries(SECTIONS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
  );
  const ids = rows.map((row) => row.id);
  const faults = expected
    .filter((id) => !ids.includes(id))
    .map((id) => `${id} is not in the table`);
  for (const [at, { id, scenario, later }] of rows.entries()) {
    if (!expected.includes(id)) faults.push(`${id} is no scenario`);
    if (ids.indexOf(id) !== at) faults.push(`${id} has two rows`);
    if (scenario === "") faults.push(`${id} doesn't say what happens`);
    if (later !== "" && !/^[a-z][a-z -]+: ./.test(later)) {
      faults.push(`${id} must say "part: why" of what comes later`);
    }
  }
  return faults;
}

function testFaults(rows: readonly Row[], tests: readonly NamedTest[]): readonly string[] {
  const ids = new Set(rows.map((row) => row.id));
  const strangers = tests.flatMap(({ ids: borne, file, title }) =>
    borne
      .filter((id) => !ids.has(id))
      .map((id) => `${file.path}: "${title}" bears ${id}, which is not in the table`),
  );
  const bare = rows
    .filter(({ id, later }) => later === "" && tests.every((test) => !test.ids.includes(id)))
    .map(({ id }) => `${id} has no test and doesn't say what it waits for`);
  return [...strangers, ...bare];
}

function render({ id, scenario, later }: Row, tests: readonly NamedTest[]): string {
  const own = tests.filter((test) => test.ids.includes(id)).map(describeTest);
  return `| ${[id, scenario, own.join("<br>"), later].join(" | ")} |`.replaceAll("|  |", "| |");
}

function describeTest({ file, title }: NamedTest): string {
  const name = file.path.replace(/^packages\//, "").replace(/\.test\.ts$/, "");
  const escaped = title.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  return `[${name}](../../${file.path}) ${escaped}`;
}
