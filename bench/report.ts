/** How a benchmark says what it found: a table for the reader, and rows for `--json`. */

import { availableParallelism, cpus, loadavg } from "node:os";

/** One line of a result: plain data. */
export type Row = Readonly<Record<string, string | number>>;

/** What one benchmark sends to the process that started it. */
export interface Findings {
  readonly kind: "findings";
  readonly rows: readonly Row[];
}

export function isFindings(value: unknown): value is Findings {
  return (
    typeof value === "object" && value !== null && "kind" in value && value.kind === "findings"
  );
}

/** The first column is aligned left, all others right. */
export function printTable(head: readonly string[], lines: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  for (const line of [head, ...lines]) {
    const cells = line.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(cells.join("   ").trimEnd());
  }
}

/** Passes rows on to `npm run bench`, when that has started this process. */
export function handOver(rows: readonly Row[]): void {
  const findings: Findings = { kind: "findings", rows };
  process.send?.(findings);
}

/** Where it ran: figures of different machines can't be compared, nor those of a busy one. */
export function machineLine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const platform = `${process.platform} ${process.arch}, ${availableParallelism()} cores (${model})`;
  return `Node ${process.version}, ${platform}, load ${load}`;
}

export function perSecond(count: number, ms: number): number {
  return Math.round((count * 1000) / ms);
}

/** 12345 becomes 12,345. */
export function grouped(value: number): string {
  return Math.round(value).toLocaleString("en");
}
