/** What people and scripts read: tables, JSON, colours where a terminal shows them. */

import type { WriteStream } from "node:tty";

const COLORS = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

export type Color = keyof typeof COLORS;

/** https://no-color.org and FORCE_COLOR; else colours only on a terminal. */
export function wantsColor(
  env: Readonly<Record<string, string | undefined>>,
  stream: { readonly isTTY?: boolean },
): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  return stream.isTTY === true;
}

export function paint(color: Color, text: string): string {
  return `\x1b[${COLORS[color]}m${text}\x1b[39m`;
}

/** Columns as wide as their widest cell, two spaces between, no trailing space. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return all.map(line).join("\n");
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printError(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A reader that goes away (`| head`, a parent that was killed) must not crash a server. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr] as WriteStream[]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
