/** What the commands of a campaign need of the program that they are part of. */

import type { Screen } from "./progress.ts";

/** What a command has around it. */
export interface Surroundings {
  /** Takes what goes to the standard output. */
  readonly write: (text: string) => void;
  /** Where progress is shown. */
  readonly screen: Screen;
  /** Address of the module that exports the engine. */
  readonly engine: string;
  /** How this program is called, without options: `npm run sim --`. */
  readonly command: string;
  /** Ends a campaign or a shrinking early. */
  readonly signal: AbortSignal;
}

/** A run is known by its seed and profile, or by a file with its plan. */
export type Source =
  | { readonly kind: "seed"; readonly seed: number }
  | { readonly kind: "file"; readonly path: string };
