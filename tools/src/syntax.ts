/** The syntax tree of a source file, and a walk over it that knows the parents. */

import { type Comment, parseSync, visitorKeys } from "oxc-parser";
import type { ProjectFile } from "./project.ts";

/** Any node of the tree: ESTree with TypeScript's additions. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Syntax {
  readonly program: SyntaxNode;
  readonly comments: readonly Comment[];
  readonly errors: readonly string[];
}

const parsed = new WeakMap<ProjectFile, Syntax>();

/** Parses a file once, however many checks ask. */
export function syntaxOf(file: ProjectFile): Syntax {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const result = parseSync(file.path, file.text);
  const syntax: Syntax = {
    program: result.program as unknown as SyntaxNode,
    comments: result.comments,
    errors: result.errors.map((error) => error.message),
  };
  parsed.set(file, syntax);
  return syntax;
}

export type Visit = (node: SyntaxNode, parents: readonly SyntaxNode[]) => void;

/**
 * Calls `visit` for the node and everything in it, outer before inner; `parents` is outermost
 * first.
 */
export function walk(node: SyntaxNode, visit: Visit, parents: SyntaxNode[] = []): void {
  visit(node, parents);
  parents.push(node);
  for (const key of visitorKeys[node.type] ?? []) {
    for (const child of childrenAt(node, key)) walk(child, visit, parents);
  }
  parents.pop();
}

function childrenAt(node: SyntaxNode, key: string): readonly SyntaxNode[] {
  const value = node[key];
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.filter(isNode);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** The name of an identifier node, else undefined. */
export function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  const named = node.type === "Identifier" || node.type === "PrivateIdentifier";
  return named && typeof node["name"] === "string" ? node["name"] : undefined;
}

/** The value of a string literal, or of a template without placeholders; else undefined. */
export function stringOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "Literal") return typeof node["value"] === "string" ? node["value"] : undefined;
  if (node.type !== "TemplateLiteral") return undefined;
  const quasis = node["quasis"];
  if (!Array.isArray(quasis) || quasis.length !== 1) return undefined;
  const value: unknown = quasis[0]?.value?.cooked;
  return typeof value === "string" ? value : undefined;
}

export interface Import {
  readonly specifier: string;
  readonly offset: number;
}

/** Everything the file names as a module: import, export from, dynamic import, import in a type. */
export function importsOf(file: ProjectFile): readonly Import[] {
  const imports: Import[] = [];
  walk(syntaxOf(file).program, (node) => {
    if (!/^(Import|Export|TSImportType|TSExternalModuleReference)/.test(node.type)) return;
    const specifier = stringOf(node["source"] ?? node["expression"]);
    if (specifier !== undefined) imports.push({ specifier, offset: node.start });
  });
  return imports;
}

/** The title of the `test`, `it` or `describe` call that is this node, else undefined. */
export function testTitleOf(node: SyntaxNode): string | undefined {
  if (node.type !== "CallExpression" || !Array.isArray(node["arguments"])) return undefined;
  const name = nameOf(node["callee"]);
  if (name !== "test" && name !== "it" && name !== "describe") return undefined;
  return stringOf(node["arguments"][0]);
}
