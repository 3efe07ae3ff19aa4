/**
 * The paper map: for each section of the paper and the thesis, the rules in our code and the tests
 * that prove them.
 */

import type { Document } from "../documents.ts";
import { placeOf, testTitlesAt } from "../places.ts";
import { isCode, isTest, lineAt, type Project, type ProjectFile, packageOf } from "../project.ts";
import { syntaxOf, testTitleOf, walk } from "../syntax.ts";
import { type Citation, findCitations, plainComment, ruleAt, type Source } from "./citations.ts";

/** Titles of sections by number, by source: a citation of anything else is a slip of the pen. */
export type Sections = Readonly<Record<Source, Readonly<Record<string, string>>>>;

interface Mention extends Citation {
  readonly file: ProjectFile;
  /** What it says about the section. */
  readonly rule: string;
  /** The function, type or test that says it; empty for a whole file. */
  readonly place: string;
  readonly isTest: boolean;
  readonly line: number;
}

const ORDER: readonly Source[] = ["paper", "figure", "thesis"];
const LABEL: Readonly<Record<Source, string>> = {
  paper: "§",
  figure: "Figure ",
  thesis: "Thesis §",
};

/**
 * Writes the map and says what is wrong with it: unknown sections, and rules in code that no test
 * cites.
 */
export function paperMap(project: Project, sections: Sections, citationsMin: number): Document {
  const mentions = project.filter(isCited).flatMap(mentionsIn);
  const faults = [...unknownSections(mentions, sections), ...untested(mentions, sections)];
  if (mentions.length < citationsMin) {
    faults.push(`found ${mentions.length} citations, expected at least ${citationsMin}`);
  }
  return { path: "docs/paper-map.md", text: render(mentions, sections), faults };
}

function isCited(file: ProjectFile): boolean {
  const folder = packageOf(file);
  return isCode(file) && folder !== undefined && folder !== "testkit";
}

function mentionsIn(file: ProjectFile): readonly Mention[] {
  // The course suite is a test that lives in sources.
  const isProof = isTest(file) || file.path.startsWith("packages/lab/");
  const fromComments = syntaxOf(file).comments.flatMap(({ value, start, end }) => {
    const text = plainComment(value);
    const place = isTest(file)
      ? testTitlesAt(file, start).join(": ")
      : (placeOf(file, start, end) ?? "");
    // A comment outside of all tests proves nothing.
    if (isTest(file) && place === "") return [];
    return mentionsOf(file, text, place, isProof, start);
  });
  return isTest(file) ? [...fromComments, ...titleMentions(file)] : fromComments;
}

function titleMentions(file: ProjectFile): readonly Mention[] {
  const mentions: Mention[] = [];
  walk(syntaxOf(file).program, (node) => {
    const title = testTitleOf(node);
    if (title === undefined) return;
    const place = testTitlesAt(file, node.start).join(": ");
    mentions.push(...mentionsOf(file, title, place, true, node.start));
  });
  return mentions;
}

function mentionsOf(
  file: ProjectFile,
  text: string,
  place: string,
  isProof: boolean,
  start: number,
): readonly Mention[] {
  const line = lineAt(file.text, start);
  return findCitations(text).map((citation) => {
    const rule = ruleAt(text, citation.offset);
    return { ...citation, file, rule, place, isTest: isProof, line };
  });
}

function unknownSections(mentions: readonly Mention[], sections: Sections): readonly string[] {
  return mentions.flatMap(({ source, section, file, line }) => {
    if (Object.hasOwn(sections[source], section)) return [];
    return [
      `${file.path}:${line} cites ${LABEL[source]}${section}, which tools/sections.json lacks`,
    ];
  });
}

function untested(mentions: readonly Mention[], sections: Sections): string[] {
  // Figures sum up what the sections say: they need no test of their own.
  const ruled = ORDER.filter((source) => source !== "figure");
  return ruled.flatMap((source) =>
    Object.keys(sections[source]).flatMap((section) => {
      const own = mentions.filter((mention) => mention.source === source);
      const inCode = own.filter((mention) => mention.section === section && !mention.isTest);
      const covers = (mention: Mention): boolean =>
        mention.isTest &&
        (mention.section === section || mention.section.startsWith(`${section}.`));
      const first = inCode[0];
      if (first === undefined || own.some(covers)) return [];
      const where = `${first.file.path}:${first.line}`;
      return [`${LABEL[source]}${section} is cited by code (${where}) and by no test`];
    }),
  );
}

function render(mentions: readonly Mention[], sections: Sections): string {
  const parts = [
    "# Paper map",
    "",
    "Each section of the Raft paper (extended version) and of the thesis that the code cites: the rule",
    "as the code states it, where it stands, and the tests that cite the same section.",
    "Generated from the sources by `npm run fix`; `npm run verify` fails when it is out of date, or when",
    "a section has code and no test. Figures sum up sections, so they may be without.",
  ];
  for (const source of ORDER) {
    for (const section of Object.keys(sections[source]).sort(bySection)) {
      const own = mentions.filter(
        (mention) => mention.source === source && mention.section === section,
      );
      if (own.length === 0) continue;
      const title = sections[source][section] ?? "";
      parts.push("", `## ${LABEL[source]}${section} ${title}`, "", ...renderSection(own));
    }
  }
  return `${parts.join("\n")}\n`;
}

function renderSection(mentions: readonly Mention[]): readonly string[] {
  const code = mentions.filter((mention) => !mention.isTest);
  const tests = mentions.filter((mention) => mention.isTest);
  const rows = unique(code.map((mention) => `| ${cell(mention.rule)} | ${link(mention)} |`));
  const proofs = unique(tests.map((mention) => `- ${link(mention)}`));
  const table = rows.length === 0 ? [] : ["| rule | code |", "| --- | --- |", ...rows, ""];
  const tested = proofs.length === 0 ? ["No test of its own."] : ["Tests:", "", ...proofs];
  return [...table, ...tested];
}

function link({ file, place, isTest }: Mention): string {
  const name = file.path.replace(/^packages\//, "");
  const target = `[${name}](../${file.path})`;
  if (place === "") return target;
  return isTest ? `${target} ${cell(place)}` : `${target} \`${place}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

function unique(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)];
}

function bySection(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? -1) - (right[at] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
