/** Reading stored bytes that may be damaged, where that is no failure. */

/** What `read` gives, or `undefined` when the store has an objection (an error with a code). */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
