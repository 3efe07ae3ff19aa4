/**
 * Says where in a file something stands by names instead of lines, so that it stays true when lines
 * move.
 */

import type { ProjectFile } from "./project.ts";
import { nameOf, type SyntaxNode, syntaxOf, testTitleOf, walk } from "./syntax.ts";

interface Declaration {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const NAMED = new Set([
  "ClassDeclaration",
  "FunctionDeclaration",
  "MethodDefinition",
  "PropertyDefinition",
  "TSInterfaceDeclaration",
  "TSMethodSignature",
  "TSPropertySignature",
  "TSTypeAliasDeclaration",
  "VariableDeclarator",
]);

/**
 * The declaration that the comment in `[start, end)` is on or in (`Log.push`); undefined at file
 * level.
 */
export function placeOf(file: ProjectFile, start: number, end: number): string | undefined {
  let inside: Declaration | undefined;
  let after: Declaration | undefined;
  for (const declaration of declarationsOf(file)) {
    if (declaration.start < start && end <= declaration.end) inside = declaration;
    const gap = declaration.start >= end ? file.text.slice(end, declaration.start) : "code";
    if (isBlankOrComment(gap)) after ??= declaration;
  }
  const isHeader = file.text.slice(0, start).replace(/^#!.*\n/, "") === "";
  if (isHeader) return undefined;
  return after?.name ?? inside?.name;
}

const declared = new WeakMap<ProjectFile, readonly Declaration[]>();

/** In the order of the text, outer before inner; members carry the name of what they belong to. */
function declarationsOf(file: ProjectFile): readonly Declaration[] {
  const known = declared.get(file);
  if (known !== undefined) return known;
  const found: Declaration[] = [];
  walk(syntaxOf(file).program, (node, parents) => {
    if (!NAMED.has(node.type)) return;
    const own = nameOf(node["id"] ?? node["key"]);
    if (own === undefined) return;
    const owner = ownerOf(parents);
    const name = owner === undefined ? own : `${owner}.${own}`;
    found.push({ name, start: outerStart(node, parents), end: node.end });
  });
  declared.set(file, found);
  return found;
}

/** The class, interface or type around a member; nothing for what is declared inside a function. */
function ownerOf(parents: readonly SyntaxNode[]): string | undefined {
  for (const parent of [...parents].reverse()) {
    if (/^(Class|TSInterface|TSTypeAlias)Declaration$/.test(parent.type))
      return nameOf(parent["id"]);
    if (/Function/.test(parent.type)) return undefined;
  }
  return undefined;
}

/** `export` and `const` belong to the declaration. */
function outerStart(node: SyntaxNode, parents: readonly SyntaxNode[]): number {
  let { start } = node;
  for (const parent of [...parents].reverse()) {
    if (!/^(Export\w+Declaration|VariableDeclaration)$/.test(parent.type)) break;
    start = parent.start;
  }
  return start;
}

function isBlankOrComment(text: string): boolean {
  return text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "").trim() === "";
}

/** The titles of the tests around a position, innermost last. */
export function testTitlesAt(file: ProjectFile, offset: number): readonly string[] {
  const titles: string[] = [];
  walk(syntaxOf(file).program, (node) => {
    const title = testTitleOf(node);
    if (title !== undefined && node.start <= offset && offset < node.end) titles.push(title);
  });
  return titles;
}
