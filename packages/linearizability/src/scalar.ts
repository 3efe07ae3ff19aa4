/** The values that the ready models hold: JSON without structure, compared by `===`. */

/** `null` stands for "nothing there". */
export type Scalar = string | number | boolean | null;

export function isScalar(value: unknown): value is Scalar {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "string" || typeof value === "boolean";
}

/** A scalar for people: strings in quotes, so that `"1"` and `1` differ. */
export function showScalar(value: Scalar): string {
  return JSON.stringify(value);
}

/** An object whose members may be looked at, or `undefined`. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}
