/**
 * Rare but legal paths of production code that only a simulation takes. In production nobody
 * decides, every answer is no, and a call is one comparison.
 */

/** How long rare paths that take their time do: at an entry, and at a whole snapshot. In ms. */
export const ENTRY_REST_MS = 100;
export const SNAPSHOT_REST_MS = 500;

let decide: ((point: string) => boolean) | undefined;

/** True only in a simulation, and there by its seed: take the rare path. The text is constant. */
export function maybe(point: string): boolean {
  return decide?.(point) ?? false;
}

/** Decides from here on, until called with `undefined`. For the simulator alone. */
export function decideMaybe(next: ((point: string) => boolean) | undefined): void {
  decide = next;
}
