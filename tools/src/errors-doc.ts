/**
 * The reference of errors: every class with a stable `code`, what it means, and the test that
 * provokes it.
 */

import type { Document } from "./documents.ts";
import { plainComment } from "./paper-map/citations.ts";
import { testTitlesAt } from "./places.ts";
import { isCode, isTest, lineAt, type Project, type ProjectFile, packageOf } from "./project.ts";
import { isNode, nameOf, type SyntaxNode, stringOf, syntaxOf, walk } from "./syntax.ts";

interface ErrorCode {
  readonly code: string;
  readonly className: string;
  readonly file: ProjectFile;
  readonly line: number;
  /** The class's TSDoc: what happened and what the caller can do. */
  readonly meaning: string;
}

/**
 * Writes the reference; at fault are codes without a test, without words, or that cannot be read
 * off.
 */
export function errorsDoc(project: Project, codesMin: number): Document {
  const faults: string[] = [];
  const codes = project
    .filter((file) => isPublicSource(file, project))
    .flatMap((file) => codesIn(file, faults))
    .sort((a, b) => (a.code === b.code ? order(a.file.path, b.file.path) : order(a.code, b.code)));
  const proofs = proofsOf(project);
  for (const error of codes) {
    const { code, className, file, line, meaning } = error;
    const where = `${file.path}:${line} ${className}`;
    if (meaning === "") faults.push(`${where} has no comment that says what the caller can do`);
    if (proofOf(error, codes, proofs) === undefined) {
      faults.push(`${where}: no test names the code ${code}`);
    }
  }
  if (codes.length < codesMin) {
    faults.push(`found ${codes.length} error codes, expected at least ${codesMin}`);
  }
  return { path: "docs/reference/errors.md", text: render(codes, proofs), faults };
}

/**
 * Sources of packages that users import. What is private throws only at us, and a program (a
 * package with `bin`) speaks by its output and its exit code.
 */
function isPublicSource(file: ProjectFile, project: Project): boolean {
  const folder = packageOf(file);
  if (folder === undefined || !isCode(file)) return false;
  if (!file.path.startsWith(`packages/${folder}/src/`)) return false;
  const manifest = project.find(({ path }) => path === `packages/${folder}/package.json`);
  return !/"private":\s*true|"bin":/.test(manifest?.text ?? "");
}

function codesIn(file: ProjectFile, faults: string[]): readonly ErrorCode[] {
  const found: ErrorCode[] = [];
  walk(syntaxOf(file).program, (node, parents) => {
    if (node.type !== "ClassDeclaration" || !/Error$/.test(nameOf(node["superClass"]) ?? ""))
      return;
    const className = nameOf(node["id"]) ?? "a class without a name";
    const line = lineAt(file.text, node.start);
    const member = memberOf(node, "code");
    if (member === undefined) return;
    const codes = literalsOf(member, file);
    if (codes.length === 0) {
      faults.push(
        `${file.path}:${line} ${className}: code must be a literal or a union of literals`,
      );
    }
    const comment = commentBefore(file, parents.at(-1)?.start ?? node.start, node.start);
    for (const code of codes) {
      found.push({ code, className, file, line, meaning: meaningOf(code, comment) });
    }
  });
  return found;
}

function memberOf(node: SyntaxNode, name: string): SyntaxNode | undefined {
  const body = node["body"];
  const members = isNode(body) && Array.isArray(body["body"]) ? (body["body"] as unknown[]) : [];
  return members.filter(isNode).find((member) => nameOf(member["key"]) === name);
}

/**
 * The string of `code = "A"`, the strings of `code: "A" | "B"` and of `code: Alias` in the same
 * file.
 */
function literalsOf(member: SyntaxNode, file: ProjectFile): readonly string[] {
  const value = stringOf(member["value"]);
  if (value !== undefined) return [value];
  const annotation = member["typeAnnotation"];
  return isNode(annotation) ? literalsOfType(annotation["typeAnnotation"], file) : [];
}

function literalsOfType(type: unknown, file: ProjectFile): readonly string[] {
  if (!isNode(type)) return [];
  if (type.type === "TSLiteralType") return [stringOf(type["literal"]) ?? ""].filter(Boolean);
  if (type.type === "TSUnionType" && Array.isArray(type["types"])) {
    return type["types"].flatMap((one) => literalsOfType(one, file));
  }
  const alias = nameOf(type["typeName"]);
  const found: string[] = [];
  walk(syntaxOf(file).program, (node) => {
    const isAlias = node.type === "TSTypeAliasDeclaration" && nameOf(node["id"]) === alias;
    if (isAlias && alias !== undefined) found.push(...literalsOfType(node["typeAnnotation"], file));
  });
  return found;
}

function commentBefore(file: ProjectFile, ...starts: readonly number[]): string {
  const comment = syntaxOf(file).comments.findLast(({ end }) =>
    starts.some((start) => end <= start && file.text.slice(end, start).trim() === ""),
  );
  return comment?.value ?? "";
}

/** A comment on several codes has a list item for each: of these only the one that is asked for. */
function meaningOf(code: string, comment: string): string {
  const [general = "", ...items] = comment.split(/\n\s*\*\s*- /);
  const own = items.find((item) => item.startsWith(`\`${code}\``));
  const text = own === undefined ? general : `${general} ${own.replace(/^`.*?`:?/, "")}`;
  const plain = plainComment(text);
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Where a word was found, by the package whose tests have it. */
type Proofs = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** The test that names the code, or the class when that has no other code. */
function proofOf(
  error: ErrorCode,
  codes: readonly ErrorCode[],
  proofs: Proofs,
): string | undefined {
  const { code, className, file } = error;
  const siblings = codes.filter((other) => other.className === className);
  const byCode = proofs.get(code);
  const found = byCode ?? (siblings.length === 1 ? proofs.get(`class ${className}`) : undefined);
  // A conformance suite says it best, then the package's own tests, then whoever uses it.
  return found?.get("testkit") ?? found?.get(packageOf(file) ?? "") ?? [...(found ?? [])][0]?.[1];
}

/** For each string and each class of an error in tests and conformance suites, the first place. */
function proofsOf(project: Project): Proofs {
  const proofs = new Map<string, Map<string, string>>();
  const tests = project.filter(
    (file) => isCode(file) && (isTest(file) || /^packages\/testkit\/src\/.*-suite/.test(file.path)),
  );
  for (const file of tests) {
    const folder = packageOf(file);
    // The tests of the tools only make errors up.
    if (folder === undefined) continue;
    walk(syntaxOf(file).program, (node, parents) => {
      for (const word of wordsOf(node, parents.at(-1))) {
        const places = proofs.get(word) ?? new Map<string, string>();
        if (!places.has(folder)) places.set(folder, proofAt(file, node.start));
        proofs.set(word, places);
      }
    });
  }
  return proofs;
}

/** The string, the codes inside of longer strings and patterns, and classes in use. */
function wordsOf(node: SyntaxNode, parent: SyntaxNode | undefined): readonly string[] {
  const name = nameOf(node);
  if (name !== undefined) {
    const isUse = /Error$/.test(name) && parent?.type !== "ImportSpecifier";
    return isUse ? [`class ${name}`] : [];
  }
  const text = stringOf(node) ?? (node.type === "Literal" ? String(node["raw"] ?? "") : "");
  return text === "" ? [] : [text, ...(text.match(/\b[A-Z]+(?:_[A-Z]+)+\b/g) ?? [])];
}

function proofAt(file: ProjectFile, offset: number): string {
  const title = testTitlesAt(file, offset).at(-1);
  const name = `[${file.path.replace(/^packages\//, "")}](../../${file.path})`;
  return title === undefined ? name : `${name}: ${title}`;
}

function render(codes: readonly ErrorCode[], proofs: Proofs): string {
  const rows = codes.map((error) => {
    const { code, className, file, meaning } = error;
    const source = `[\`${className}\`](../../${file.path})`;
    return `| \`${code}\` | ${source} | ${cell(meaning)} | ${cell(proofOf(error, codes, proofs) ?? "none")} |`;
  });
  return `${[
    "# Errors",
    "",
    "Every error that Holdfast throws on purpose carries a `code` that stays the same from release to",
    "release. The message may change: decide by the code.",
    "Generated from the sources by `npm run fix`; `npm run verify` fails when it is out of date, or when",
    "no test names a code.",
    "",
    "| code | class | what it means, what to do | test |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n")}\n`;
}

function cell(text: string): string {
  return text
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
