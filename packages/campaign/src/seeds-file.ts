/** Seeds that failed once: a line each, the profile as JSON unless it is empty, after `#` why. */

import { appendFile } from "node:fs/promises";
import type { Failure, Profile } from "@holdfast/sim";

export interface KnownSeed {
  readonly seed: number;
  readonly profile: Profile;
}

/** Where a checkout keeps them; an installed package has no such file. */
export const SEEDS_FILE: URL = new URL("../../seeds.txt", import.meta.url);

/** Throws for a line that is none. */
export function parseSeeds(text: string): readonly KnownSeed[] {
  const known: KnownSeed[] = [];
  for (const line of text.split("\n")) {
    const words = line.replace(/#.*/, "").trim();
    if (words === "") continue;
    const [, seed, profile = "{}"] = /^(\d{1,15})(?: (\{.*\}))?$/.exec(words) ?? [];
    if (seed === undefined) throw new SyntaxError(`Not a seed and a profile: ${line}`);
    known.push({ seed: Number(seed), profile: JSON.parse(profile) as Profile });
  }
  return known;
}

/** A line of the file, without its end. */
export function seedLine({ seed, profile }: KnownSeed, failure: Failure): string {
  const words = Object.keys(profile).length === 0 ? "" : ` ${JSON.stringify(profile)}`;
  const { check, message } = failure;
  const text = message.startsWith(check) ? message : `${check}: ${message}`;
  const why = text
    .replaceAll(/[\s#]+/g, " ")
    .slice(0, 80)
    .trim();
  return `${seed}${words} # ${why}`;
}

/** Adds lines to the end of the file. */
export async function appendSeeds(lines: readonly string[], file: URL = SEEDS_FILE): Promise<void> {
  await appendFile(file, lines.map((line) => `${line}\n`).join(""));
}
