/**
 * Wraps comments that are too wide: the formatter leaves comments alone, `npm run fix` does not.
 */

import type { ProjectFile } from "./project.ts";
import { syntaxOf } from "./syntax.ts";

/**
 * The text of the file with each comment line over `width` columns wrapped, where that can be done
 * safely.
 */
export function wrapComments(file: ProjectFile, width: number): string {
  let text = file.text;
  // From the last to the first, so that positions before stay right.
  for (const { start, end } of [...syntaxOf(file).comments].reverse()) {
    const begin = text.lastIndexOf("\n", start - 1) + 1;
    const indent = text.slice(begin, start);
    // What stands behind code keeps its place: where it should go is for a person to say.
    if (indent.trim() !== "") continue;
    const before = text.slice(start, end);
    const after = wrapComment(before, indent, width);
    if (after !== before) text = text.slice(0, start) + after + text.slice(end);
  }
  return text;
}

function wrapComment(comment: string, indent: string, width: number): string {
  const isWide = comment
    .split("\n")
    .some((line, at) => line.length + (at === 0 ? indent.length : 0) > width);
  if (!isWide) return comment;
  if (comment.startsWith("//")) {
    const words = comment.slice(2).trim();
    return fill(words, `${indent}// `, `${indent}// `, width).join("\n").trimStart();
  }
  const single = /^\/\*\*\s*(.*?)\s*\*\/$/.exec(comment)?.[1];
  const lines = single === undefined ? comment.split("\n").slice(1, -1) : [`${indent} * ${single}`];
  const isBlock = single !== undefined || /^\/\*\*\n[\s\S]*\n\s*\*\/$/.test(comment);
  if (!isBlock) return comment;
  return ["/**", ...wrapLines(lines, indent, width), `${indent} */`].join("\n");
}

/**
 * Wraps the lines of a block comment; what overflows goes to the head of the next line of the same
 * paragraph.
 */
function wrapLines(lines: readonly string[], indent: string, width: number): readonly string[] {
  const wrapped: string[] = [];
  let overflow = "";
  for (const [at, line] of lines.entries()) {
    const text = line.replace(/^\s*\*? ?/, "");
    const words = overflow === "" ? text : `${overflow} ${text}`;
    const hang = /^(\s*(?:-|\d+\.) )/.exec(text)?.[1] ?? "";
    const rest = " ".repeat(hang.length);
    const filled = fill(words, `${indent} * `, `${indent} * ${rest}`, width);
    overflow = "";
    if (filled.length > 1 && isContinued(lines[at + 1])) {
      overflow = (filled.pop() ?? "").replace(/^\s*\* /, "").trim();
    }
    wrapped.push(...filled);
  }
  return wrapped;
}

/**
 * True for a line that goes on with the paragraph: not empty, no tag, no item of a list, no table
 * or drawing.
 */
function isContinued(line: string | undefined): boolean {
  const text = line?.replace(/^\s*\*? ?/, "");
  return text !== undefined && /^[^\s@|*-]/.test(text) && !/^\d+\. |\S {2,}\S/.test(text);
}

/** Words, with code in backquotes and links in one piece. */
const UNBROKEN = /(?:`[^`]*`|\{@link [^}]*\}|\S)+/g;

function fill(words: string, first: string, next: string, width: number): string[] {
  if (first.length + words.length <= width) return [(first + words).trimEnd()];
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of words.match(UNBROKEN) ?? []) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  lines.push(line);
  return lines;
}
