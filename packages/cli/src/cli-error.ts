/**
 * What the command line says when it cannot go on: one line for people, one exit code for scripts.
 */

/** The command was understood and could not be done. */
export const EXIT_FAILED = 1;
/** The command line itself is wrong. */
export const EXIT_USAGE = 2;

/** A failure whose message is all that the user needs; no stack is shown. */
export class CliError extends Error {
  readonly code: string = "CLI_FAILED";
  readonly exitCode: number = EXIT_FAILED;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "CliError";
  }
}

/** An unknown command or flag, a value that does not fit, a setting that is missing. */
export class UsageError extends CliError {
  override readonly code: string = "CLI_USAGE";
  override readonly exitCode: number = EXIT_USAGE;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = "UsageError";
  }
}

/** One line about any error: its message, with line breaks flattened. */
export function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().replaceAll(/\s*\n\s*/g, "; ");
}
