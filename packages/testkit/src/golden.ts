/** Golden files: a text that a test produces is compared with one that was read and approved, and rewritten on request. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The text and its golden file differ, or there is no such file. The message holds the difference. */
export class GoldenError extends Error {
  readonly code = "GOLDEN_MISMATCH";

  constructor(message: string) {
    super(message);
    this.name = "GoldenError";
  }
}

const CONTEXT_LINES = 3;
const SHOWN_LINES = 40;

/**
 * Passes when `actual` equals the content of `file`, else throws {@link GoldenError}. With `UPDATE=1` in the
 * environment the file is written instead; under `CI` that is refused, so that a gate can't approve its own output.
 *
 * @param name what the text is, for the message
 * @param file the golden file: from a compiled test, `new URL("../../testdata/x.txt", import.meta.url)`
 */
export function golden(name: string, actual: string, file: URL | string): void {
  const place = typeof file === "string" ? file : fileURLToPath(file);
  const shown = path.relative(process.cwd(), place);
  if (process.env["UPDATE"] === "1") {
    if (process.env["CI"] === "true") {
      throw new GoldenError(`${name}: golden files are not rewritten under CI, unset UPDATE`);
    }
    update(place, actual);
    return;
  }
  const expected = read(place);
  if (expected === undefined) {
    throw new GoldenError(`${name}: ${shown} does not exist, write it with UPDATE=1`);
  }
  if (expected === actual) return;
  const hint = `accept with UPDATE=1 if the new text is right`;
  throw new GoldenError(`${name} differs from ${shown} (${hint})\n${difference(expected, actual)}`);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function update(file: string, text: string): void {
  if (read(file) === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** The lines between the common beginning and the common end, the expected ones marked `-`, the actual ones `+`. */
function difference(expected: string, actual: string): string {
  const before = expected.split("\n");
  const after = actual.split("\n");
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const context = before.slice(Math.max(0, head - CONTEXT_LINES), head);
  const lines = [
    `@@ line ${head + 1}`,
    ...context.map((line) => `  ${line}`),
    ...marked("-", before.slice(head, before.length - tail)),
    ...marked("+", after.slice(head, after.length - tail)),
    ...before
      .slice(before.length - tail, before.length - tail + CONTEXT_LINES)
      .map((line) => `  ${line}`),
  ];
  return lines.join("\n");
}

function marked(mark: string, lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `${mark} ${line}`);
  const rest = lines.length - shown.length;
  return rest > 0 ? [...shown, `${mark} ... ${rest} more lines`] : shown;
}
