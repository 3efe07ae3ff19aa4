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
  if (ms < 100_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${(minutes / 1440).toFixed(1)} days`;
}

/** `1 seed`, `2 seeds` */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
