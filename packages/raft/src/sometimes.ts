/**
 * Marks in production code: situations so rare that a test campaign must show it reached them. Off
 * unless somebody listens; then a call is one comparison.
 */

/** What a mark (or a rare path) is called where it stands, and what it means. */
export interface Mark {
  readonly name: string;
  readonly meaning: string;
}

let listener: ((mark: string) => void) | undefined;

/**
 * Says that this interesting situation has come up. The text is constant and stands in the table of
 * its package; the simulator's campaign fails for marks that it never reached.
 */
export function sometimes(mark: string): void {
  if (listener !== undefined) listener(mark);
}

/** Hears every mark from here on, until called with `undefined`. For the simulator alone. */
export function hearMarks(next: ((mark: string) => void) | undefined): void {
  listener = next;
}
