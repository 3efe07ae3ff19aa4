/** From what a command line names to a plan. */

import { readFile } from "node:fs/promises";
import type { Plan, Profile } from "@holdfast/sim";
import type { Engine } from "./engine.ts";
import { replayCommand } from "./replay-words.ts";
import type { Source, Surroundings } from "./surroundings.ts";

/** Throws what the engine or the file system throws. */
export async function planOf(engine: Engine, source: Source, profile: Profile): Promise<Plan> {
  if (source.kind === "seed") return engine.plan(source.seed, profile);
  return engine.fromJson(await readFile(source.path, "utf8"));
}

/** The command that replays it. */
export function commandFor(source: Source, profile: Profile, { command }: Surroundings): string {
  if (source.kind === "file") return `${command} --plan ${source.path}`;
  return replayCommand(command, source.seed, profile);
}
