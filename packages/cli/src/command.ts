/** What each command of `holdfast` is made of. */

import type { Flag, Settings } from "./flags.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Undefined = everything after the name goes to `run` unread. */
  readonly flags: readonly Flag[] | undefined;
  /** Command lines that work, for the help text. */
  readonly examples: readonly string[];
  /** Gives the exit code; throws `CliError` for a failure that one line explains. */
  run(settings: Settings, argv: string[]): Promise<number>;
}
