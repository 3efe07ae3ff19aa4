/** What can be wrong with a trace. */

/**
 * This is no trace, or one of a later version: `line` (from 1) and `field` tell where it goes
 * wrong. Read it with a release that knows its version, or record it anew.
 */
export class TraceFormatError extends Error {
  readonly code = "TRACE_FORMAT";
  readonly line: number;
  /** As a path, such as `message.term`; empty when it is about the whole line. */
  readonly field: string;

  constructor(line: number, field: string, problem: string, options?: { readonly cause: unknown }) {
    super(`Line ${line} of the trace${field === "" ? "" : `, ${field}`}: ${problem}`, options);
    this.name = "TraceFormatError";
    this.line = line;
    this.field = field;
  }
}
