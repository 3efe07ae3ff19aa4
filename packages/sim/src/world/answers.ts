/** What a client learns of its command, from what the replica says. */

import { NotCommittedError, OutcomeUnknownError } from "@holdfast/replica";
import type { Answer } from "../load/door.ts";

/** Throws what is neither of the two outcomes: the API promises no other. */
export function answerOf(error: unknown): Answer<never> {
  if (error instanceof NotCommittedError) return { kind: "failed", reason: error.reason };
  if (error instanceof OutcomeUnknownError) return { kind: "unknown" };
  throw error;
}
