/** The middle and the tail of a set of measurements. */

/** The value below which the share `q` of `values` lies; NaN for none. */
export function quantile(values: readonly number[] | Float64Array, q: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * q));
  return sorted[at] ?? Number.NaN;
}

export function median(values: readonly number[] | Float64Array): number {
  return quantile(values, 0.5);
}
