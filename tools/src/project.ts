/** The project as the checks see it: its tracked text files, read once. */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface ProjectFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export type Project = readonly ProjectFile[];

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", ".git", "data"]);
const BINARY = /\.(png|jpg|gif|ico|woff2?|bin)$/;

/** Reads what git tracks or would track; without git, everything but what is installed or built. */
export function readProject(root: string): Project {
  return listFiles(root)
    .filter((name) => !BINARY.test(name) && existsSync(path.join(root, name)))
    .sort()
    .map((name) => ({ path: name, text: readFileSync(path.join(root, name), "utf8") }));
}

function listFiles(root: string): readonly string[] {
  if (!existsSync(path.join(root, ".git"))) return walk(root, "");
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const names = execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  return [...new Set(names.split("\0").filter((name) => name !== ""))];
}

function walk(root: string, folder: string): readonly string[] {
  const names: string[] = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) names.push(name);
    else if (entry.isDirectory() && !SKIPPED_FOLDERS.has(entry.name)) {
      names.push(...walk(root, name));
    }
  }
  return names;
}

/** TypeScript and plain JavaScript: what is parsed. */
export function isCode(file: ProjectFile): boolean {
  return /\.(ts|mjs|js)$/.test(file.path) && !file.path.endsWith(".d.ts");
}

/**
 * The workspace folder (`raft` of `packages/raft/src/log.ts`), or undefined outside of `packages`.
 */
export function packageOf(file: ProjectFile): string | undefined {
  return /^packages\/([^/]+)\//.exec(file.path)?.[1];
}

export function isTest(file: ProjectFile): boolean {
  return /^(packages\/[^/]+|tools)\/test\//.test(file.path);
}

/** The line of a position in a text, from 1. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line += 1;
  }
  return line;
}
