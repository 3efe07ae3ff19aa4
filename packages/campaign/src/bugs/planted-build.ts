/** A copy of the compiled packages with one bug in it: production code itself has no switches. */

import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type PlantedBug, planted } from "./bug.ts";

/** All that a campaign loads. They stand side by side, so each finds the copies of the others. */
const PACKAGES = ["campaign", "linearizability", "raft", "replica", "sim"] as const;

/**
 * Copies the compiled packages into `directory` and plants the bug; `undefined` gives a sound copy.
 * Resolves with the place of the copied campaign's compiled sources, ending in a slash. Throws
 * `PlantError` when a text to replace isn't there exactly once.
 */
export async function plantedBuild(bug: PlantedBug | undefined, directory: string): Promise<URL> {
  const scope = join(directory, "node_modules", "@holdfast");
  await mkdir(scope, { recursive: true });
  await Promise.all(PACKAGES.map((name) => copyPackage(name, join(scope, name))));
  for (const change of bug?.changes ?? []) {
    const [name = "", ...path] = change.file.split("/");
    const file = join(scope, name, "dist", "src", ...path);
    const text = await readFile(file, "utf8");
    await writeFile(file, planted(text, bug?.name ?? "", change));
  }
  return pathToFileURL(join(scope, "campaign", "dist", "src", "/"));
}

/** What ends a hunt early. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Gives `use` a planted build in a directory of its own, which is gone afterwards, also when a
 * signal ends the process.
 */
export async function withPlantedBuild<T>(
  bug: PlantedBug | undefined,
  use: (campaign: URL) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-bug-"));
  const end = (signal: NodeJS.Signals): void => {
    rmSync(directory, { recursive: true, force: true });
    // This listener is gone by now: the signal does what it always does.
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, end);
  try {
    return await use(await plantedBuild(bug, directory));
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
    await rm(directory, { recursive: true, force: true });
  }
}

async function copyPackage(name: string, to: string): Promise<void> {
  const from = homeOf(name);
  await mkdir(to, { recursive: true });
  await cp(join(from, "package.json"), join(to, "package.json"));
  await cp(join(from, "dist", "src"), join(to, "dist", "src"), {
    recursive: true,
    filter: (path) => !path.endsWith(".map") && !path.endsWith(".d.ts"),
  });
}

/** Where a package lives: its entry is `dist/src/index.js`. This one is not found by its name. */
function homeOf(name: string): string {
  const entry =
    name === "campaign"
      ? new URL("../index.js", import.meta.url).href
      : import.meta.resolve(`@holdfast/${name}`);
  return dirname(dirname(dirname(fileURLToPath(entry))));
}
