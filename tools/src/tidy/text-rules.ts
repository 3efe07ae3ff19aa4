/**
 * Rules that need only the text of a file: size, width, header, name, left-over marks, traces of
 * one machine.
 */

import { isCode, lineAt, type ProjectFile } from "../project.ts";
import { syntaxOf } from "../syntax.ts";
import { type Finding, findingOn, type Rule } from "./rule.ts";

const LINES_MAX = 500;
const LINES_WARN = 350;
/** Columns; also what `fix` wraps comments to. */
export const COMMENT_WIDTH_MAX = 100;
const WIDTH_MAX = 120;
/** Its checksums may spell anything. */
const LOCK_FILE = "package-lock.json";

/** At most 500 lines a file; from 350 on a warning. */
export const fileSize: Rule = {
  id: "file-size",
  check(project) {
    return project.filter(isCode).flatMap((file): readonly Finding[] => {
      const lines = linesOf(file).length;
      if (lines <= LINES_WARN) return [];
      const isWarning = lines <= LINES_MAX;
      const message = `${lines} lines, ${LINES_MAX} is the wall and 200 the aim`;
      return [{ ...findingOn(this.id, file, lines, message), isWarning }];
    });
  },
};

/**
 * Comments end at column 100. The formatter sees to code, but for strings that it can't break: from
 * column 120 on these are a warning. A line that holds an address is let through.
 */
export const lineWidth: Rule = {
  id: "line-width",
  check(project) {
    return project.filter(isCode).flatMap((file) => {
      const commented = commentLines(file);
      return linesOf(file).flatMap((line, at) => {
        const isWarning = !commented.has(at + 1);
        const max = isWarning ? WIDTH_MAX : COMMENT_WIDTH_MAX;
        if (line.length <= max || /https?:\/\//.test(line)) return [];
        const message = `${line.length} columns, at most ${max}`;
        return [{ ...findingOn(this.id, file, at + 1, message), isWarning }];
      });
    });
  },
};

function commentLines(file: ProjectFile): ReadonlySet<number> {
  const lines = new Set<number>();
  for (const { start, end } of syntaxOf(file).comments) {
    const last = lineAt(file.text, end);
    for (let line = lineAt(file.text, start); line <= last; line += 1) lines.add(line);
  }
  return lines;
}

/** A source file begins with a sentence that says what it is for. */
export const fileHeader: Rule = {
  id: "file-header",
  check(project) {
    return project.filter(isCode).flatMap((file) => {
      const text = file.text.replace(/^#!.*\n/, "");
      const comment =
        /^\/\*\*(.*?)\*\//s
          .exec(text)?.[1]
          ?.replace(/^\s*\*/gm, "")
          .trim() ?? "";
      if (/^[^\s@].{10,}[.:!?)]$/s.test(comment)) return [];
      return [findingOn(this.id, file, 1, "must begin with /** one sentence: what it is for. */")];
    });
  },
};

/** A name says what is inside; these say nothing. */
export const fileName: Rule = {
  id: "file-name",
  check(project) {
    return project
      .filter((file) => isCode(file) && /(^|[/.-])(util|helper|common|misc)s?[./-]/.test(file.path))
      .map((file) => findingOn(this.id, file, 1, "the name says nothing, name what it holds"));
  },
};

/** Work that was put off has no place in a tracked file. */
export const leftovers: Rule = {
  id: "leftovers",
  check(project) {
    // In pieces, or this line would find itself.
    const marks = new RegExp(
      `\\b(${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"].join("|")})\\b`,
    );
    return project
      .filter((file) => file.path !== LOCK_FILE)
      .flatMap((file) => everyLine(this.id, file, marks, "left-over mark"));
  },
};

/** Nothing of the machine it was written on: home folders, registry hosts. */
export const machineTraces: Rule = {
  id: "machine-traces",
  check(project) {
    const folders = /(?:^|[\s"'`(=:,[])\/(?:home|root|work|mnt|farm|Users)\/[\w.]/;
    const hosts =
      /https?:\/\/(?!registry\.npmjs\.org[/"])[^/\s"]*(?:registry|npm|artifactory|nexus)[^/\s"]*\//;
    return project.flatMap((file) => [
      ...everyLine(this.id, file, folders, "path of one machine"),
      ...everyLine(this.id, file, hosts, "host of a package registry"),
      ...everyLine(this.id, file, /[A-Z]:\\Users\\/, "path of one machine"),
    ]);
  },
};

function everyLine(
  id: string,
  file: ProjectFile,
  pattern: RegExp,
  message: string,
): readonly Finding[] {
  return linesOf(file).flatMap((line, at) => {
    const found = pattern.exec(line)?.[0].trim();
    return found === undefined ? [] : [findingOn(id, file, at + 1, `${message}: ${found}`)];
  });
}

function linesOf(file: ProjectFile): readonly string[] {
  const lines = file.text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

export const textRules: readonly Rule[] = [
  fileSize,
  lineWidth,
  fileHeader,
  fileName,
  leftovers,
  machineTraces,
];
