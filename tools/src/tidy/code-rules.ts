/**
 * Rules that need the syntax tree: platform names in pure packages, tests that are skipped or run
 * alone, packages without tests.
 */

import { isCode, isTest, type ProjectFile, packageOf } from "../project.ts";
import { nameOf, type SyntaxNode, syntaxOf, walk } from "../syntax.ts";
import type { Layers } from "./layers.ts";
import { type Finding, findingAt, findingOn, type Rule } from "./rule.ts";

/** What does not parse is not checked by anything else. */
export const parses: Rule = {
  id: "parses",
  check(project) {
    return project
      .filter(isCode)
      .flatMap((file) => syntaxOf(file).errors.map((error) => findingOn(this.id, file, 1, error)));
  },
};

/** Time, randomness and the outside world enter through inputs and ports, never by name. */
const PLATFORM_NAMES = new Set([
  "Buffer",
  "Date",
  "TextDecoder",
  "TextEncoder",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "globalThis",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
]);

export const platformNames: Rule = {
  id: "platform-names",
  check(project, layers) {
    const files = project.filter((file) => isCode(file) && isPlatformFree(file, layers));
    const { hostDoors } = layers;
    const missing = hostDoors.filter((path) => !files.some((file) => file.path === path));
    return [
      ...files.filter(({ path }) => !hostDoors.includes(path)).flatMap(platformUses),
      ...missing.map((path) => noDoor(path)),
    ];
  },
};

/** An exception for nothing would wait for a file of that name. */
function noDoor(path: string): Finding {
  const message = `${path} of hostDoors is no source of a platform-free package`;
  return { rule: platformNames.id, path: "tools/layers.json", line: 1, message, isWarning: false };
}

function isPlatformFree(file: ProjectFile, layers: Layers): boolean {
  const folder = packageOf(file);
  if (folder === undefined || !file.path.startsWith(`packages/${folder}/src/`)) return false;
  return layers.packages[folder]?.platformFree ?? false;
}

function platformUses(file: ProjectFile): readonly Finding[] {
  const findings: Finding[] = [];
  walk(syntaxOf(file).program, (node, parents) => {
    const name = nameOf(node);
    if (name !== undefined && PLATFORM_NAMES.has(name) && isReference(node, parents.at(-1))) {
      findings.push(findingAt(platformNames.id, file, node.start, `${name} is of the platform`));
    }
    if (node.type === "MemberExpression" && nameOf(node["object"]) === "Math") {
      if (nameOf(node["property"]) === "random") {
        const message = "Math.random is not seeded";
        findings.push(findingAt(platformNames.id, file, node.start, message));
      }
    }
  });
  return findings;
}

/** False for the `process` of `x.process`, `{ process: 1 }` and of members of types and classes. */
function isReference(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (parent === undefined) return true;
  if (parent["property"] === node) return parent["computed"] === true;
  // In `{ process }` the same identifier is key and value: it is found as the value.
  return parent["key"] !== node || parent["computed"] === true;
}

/** Every test runs: none alone, none skipped or put off without a condition. */
export const testMarks: Rule = {
  id: "test-marks",
  check(project) {
    return project.filter((file) => isCode(file) && isTest(file)).flatMap(markedTests);
  },
};

const MARKS = new Set(["only", "skip", "todo"]);

function markedTests(file: ProjectFile): readonly Finding[] {
  const findings: Finding[] = [];
  walk(syntaxOf(file).program, (node) => {
    if (node.type !== "CallExpression") return;
    const mark = markOf(node);
    if (mark === undefined) return;
    findings.push(findingAt(testMarks.id, file, node.start, `a test is marked ${mark}`));
  });
  return findings;
}

function markOf(call: SyntaxNode): string | undefined {
  const callee = call["callee"] as SyntaxNode;
  const owner = callee.type === "MemberExpression" ? callee["object"] : callee;
  if (!/^(test|it|describe|suite)$/.test(nameOf(owner) ?? "")) return undefined;
  const member = callee.type === "MemberExpression" ? nameOf(callee["property"]) : undefined;
  if (member !== undefined && MARKS.has(member)) return member;
  const given = call["arguments"] as readonly SyntaxNode[];
  return given.flatMap((argument) => markInOptions(argument)).at(0);
}

/** A mark with a constant: `{ skip: true }`. A condition (`{ skip: isWindows }`) is let through. */
function markInOptions(argument: SyntaxNode): readonly string[] {
  if (argument.type !== "ObjectExpression") return [];
  const properties = argument["properties"] as readonly SyntaxNode[];
  return properties.flatMap((property) => {
    const name = nameOf(property["key"]);
    const value = property["value"] as SyntaxNode | undefined;
    const isConstant = value?.type === "Literal" && Boolean(value["value"]);
    return name !== undefined && MARKS.has(name) && isConstant ? [name] : [];
  });
}

/** Each package of the table is there and has at least one test. */
export const packageTests: Rule = {
  id: "package-tests",
  check(project, layers) {
    return Object.keys(layers.packages).flatMap((folder) => {
      const home = `packages/${folder}/test/`;
      if (project.some((file) => file.path.startsWith(home) && file.path.endsWith(".test.ts"))) {
        return [];
      }
      const message = `package ${folder} has no test`;
      return [{ rule: this.id, path: home, line: 1, message, isWarning: false }];
    });
  },
};

export const codeRules: readonly Rule[] = [parses, platformNames, testMarks, packageTests];
