/** Finds citations of the Raft paper and thesis in a text: `§5.4.2`, `Fig. 8`, `thesis §10.2.1`. */

export type Source = "paper" | "figure" | "thesis";

export interface Citation {
  readonly source: Source;
  /** `5.4.2`, or the number of a figure. */
  readonly section: string;
  /** Where it stands in the text. */
  readonly offset: number;
}

const TOKEN = new RegExp(
  [
    /(?<paper>\bpaper\b)/,
    /(?<thesis>\b[Tt]hesis\b|\bth\.)/,
    /(?<other>\bARCHITECTURE\b|\bRFC\s?\d+)/,
    /§\s?(?<section>\d+(?:\.\d+)*)/,
    /\bFig(?:ure|\.)\s?(?<figure>\d+)/,
    /(?<end>[;:)])/,
  ]
    .map((part) => part.source)
    .join("|"),
  "g",
);

/**
 * All citations in order. A section belongs to the thesis when that word came before it in the
 * clause.
 */
export function findCitations(text: string): readonly Citation[] {
  const citations: Citation[] = [];
  let source: "paper" | "thesis" | "other" = "paper";
  for (const match of text.matchAll(TOKEN)) {
    const { paper, thesis, other, section, figure, end } = match.groups ?? {};
    if (thesis !== undefined) source = "thesis";
    else if (other !== undefined) source = "other";
    else if (paper !== undefined || end !== undefined) source = "paper";
    const offset = match.index;
    if (source === "other") continue;
    if (section !== undefined) citations.push({ source, section, offset });
    else if (figure !== undefined) citations.push({ source: "figure", section: figure, offset });
  }
  return citations;
}

/** The sentence that holds the position, without the citation that opens it. */
export function ruleAt(text: string, offset: number): string {
  let begin = 0;
  for (const { 0: gap, index } of text.matchAll(/[.!?]\s+(?=[A-Z`])/g)) {
    const next = index + gap.length;
    if (next > offset) return trimRule(text.slice(begin, index + 1));
    begin = next;
  }
  return trimRule(text.slice(begin));
}

function trimRule(sentence: string): string {
  const rule = sentence
    .trim()
    .replace(/^(?:[Tt]hesis )?§[\d.]+(?:, §[\d.]+)*: /, "")
    .replace(/\.$/, "");
  return rule.charAt(0).toUpperCase() + rule.slice(1);
}

/** The text of a comment without its stars and slashes, on one line. */
export function plainComment(value: string): string {
  return value
    .replace(/^\*/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trim())
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
}
