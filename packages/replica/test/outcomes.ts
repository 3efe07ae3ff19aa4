/** How proposals ended, for comparing. */

import { NotCommittedError, OutcomeUnknownError } from "@holdfast/replica";

/** Counts settled outcomes by what they say. */
export async function outcomes(
  promises: readonly Promise<unknown>[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const one of await Promise.allSettled(promises)) {
    const kind = one.status === "fulfilled" ? "applied" : reasonOf(one.reason);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function reasonOf(error: unknown): string {
  if (error instanceof NotCommittedError) return error.reason;
  return error instanceof OutcomeUnknownError ? "unknown" : `other: ${String(error)}`;
}
