/** The command line that shows a run again. */

import type { Profile } from "@holdfast/sim";

/** `npm run sim -- --seed 42 --nodes 5` */
export function replayCommand(command: string, seed: number, profile: Profile): string {
  return `${command} --seed ${seed}${profileWords(profile)}`;
}

function profileWords({ nodes, safetyMs, faults, recipe }: Profile): string {
  const words: string[] = [];
  if (nodes !== undefined) words.push("--nodes", String(nodes));
  if (safetyMs !== undefined) words.push("--seconds", String(safetyMs / 1000));
  if (faults !== undefined) words.push("--faults", String(faults));
  if (recipe !== undefined) words.push("--recipe", recipe);
  return words.map((word) => ` ${word}`).join("");
}
