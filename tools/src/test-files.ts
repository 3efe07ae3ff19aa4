/** Finds the test files by their sources, so that a leftover in `dist` never runs and a test that wasn't built is missed. */

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

export interface TestFile {
  /** Relative to the root, with forward slashes: what the user sees and filters by. */
  readonly source: string;
  /** The compiled file, absolute. */
  readonly built: string;
}

/** All `*.test.ts` under `packages/x/test` and `tools/test`, sorted. Throws when one of them was not compiled. */
export function findTestFiles(root: string): readonly TestFile[] {
  const homes = [...subfolders(root, "packages"), "tools"];
  const files: TestFile[] = [];
  for (const home of homes) {
    for (const name of walk(path.join(root, home, "test"))) {
      if (!name.endsWith(".test.ts")) continue;
      const source = `${home}/test/${name}`;
      const built = path.join(root, home, "dist", "test", name.replace(/\.ts$/, ".js"));
      if (!existsSync(built)) throw new Error(`${source} was not built, expected ${built}`);
      files.push({ source, built });
    }
  }
  return files.sort((a, b) => (a.source < b.source ? -1 : 1));
}

/** Those whose path contains at least one of the fragments; all when there are none. */
export function selectTestFiles(
  files: readonly TestFile[],
  fragments: readonly string[],
): readonly TestFile[] {
  if (fragments.length === 0) return files;
  return files.filter((file) => fragments.some((fragment) => file.source.includes(fragment)));
}

function subfolders(root: string, folder: string): readonly string[] {
  const inside = path.join(root, folder);
  if (!existsSync(inside)) return [];
  return readdirSync(inside, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`);
}

function walk(folder: string, prefix = ""): readonly string[] {
  if (!existsSync(folder)) return [];
  const names: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) names.push(...walk(path.join(folder, entry.name), `${name}/`));
    else names.push(name);
  }
  return names;
}
