/** A planted bug: one realistic mistake, as changes of the compiled code of a build of its own. */

/** One piece of compiled text that is exchanged for another. */
export interface Change {
  /** The compiled file: the package's folder, then the path in its `dist/src`. */
  readonly file: string;
  /** Occurs exactly once in it. */
  readonly find: string;
  readonly put: string;
}

/** One mistake, how it is made, and which checks must see it how soon. */
export interface PlantedBug {
  /** Kebab-case, never changed: it stands in documents and on command lines. */
  readonly name: string;
  /** The mistake, in one sentence. */
  readonly title: string;
  /** Where it is known from: ids of the bug catalogue, sections of the paper and the thesis. */
  readonly cites: readonly string[];
  readonly changes: readonly Change[];
  /** Beginnings of the checks that may catch it. */
  readonly expect: readonly string[];
  /** Within so many seeds it must be found. */
  readonly seedsMax: number;
}

/** A change that doesn't fit the compiled code any more: the code has moved, mend the bug. */
export class PlantError extends Error {
  readonly code = "CAMPAIGN_PLANT";

  constructor(bug: string, { file, find }: Change, count: number) {
    const [line = ""] = find.trim().split("\n");
    super(`Bug ${bug}: the text to replace occurs ${count} times in ${file}, not once: ${line}`);
    this.name = "PlantError";
  }
}

/** `text` of the change's file with the change made. Throws `PlantError`. */
export function planted(text: string, bug: string, change: Change): string {
  const pieces = text.split(change.find);
  if (pieces.length !== 2) throw new PlantError(bug, change, pieces.length - 1);
  return pieces.join(change.put);
}
