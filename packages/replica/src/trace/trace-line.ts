/** One line of a trace file: JSON without line breaks. */

import type { TraceEvent, TraceHeader } from "./trace-event.ts";

/** The line without its end. */
export function encodeTraceLine(line: TraceHeader | TraceEvent): string {
  return JSON.stringify(line);
}
