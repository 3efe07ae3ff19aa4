/** Numbers as people read them. */

/** 1,234,567 */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** 412, 12.3k, 4.56M: three digits or so. */
export function short(value: number): string {
  if (value < 10_000) return value < 10 ? value.toFixed(1).replace(/\.0$/, "") : grouped(value);
  const [scaled, unit] = value < 1e6 ? [value / 1e3, "k"] : [value / 1e6, "M"];
  const digits = scaled < 10 ? 2 : 1;
  return `${scaled.toFixed(scaled < 100 ? digits : 0)}${unit}`;
}

/** 4.2 s, 3 min 20 s, 5 h 2 min, 1.3 days */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 48 * 3600) {
    return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  }
  return `${(seconds / 86_400).toFixed(1)} days`;
}

/** `1 seed`, `2 seeds` */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
