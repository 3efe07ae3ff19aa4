/**
 * A state machine that keeps every command: what was applied, in which order, and how often is
 * plain to see.
 */

import type { Machine, Position } from "@holdfast/replica";

export class Journal implements Machine<number> {
  lines: string[] = [];
  /** Positions of the commands that this object itself was given. */
  readonly given: Position[] = [];
  restores = 0;
  snapshots = 0;
  /** Runs before each apply: may throw, or return something to wait for. */
  before: ((line: string) => void | Promise<void>) | undefined;

  /** Returns how many commands there are now. */
  apply(command: Uint8Array, at: Position): number | Promise<number> {
    const line = text(command);
    const wait = this.before?.(line);
    if (wait === undefined) return this.#add(line, at);
    return wait.then(() => this.#add(line, at));
  }

  *snapshot(): Iterable<Uint8Array> {
    this.snapshots++;
    for (const line of this.lines) yield bytes(`${line}\n`);
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let all = "";
    for await (const chunk of chunks) all += text(chunk);
    this.lines = all.split("\n").slice(0, -1);
    this.restores++;
  }

  #add(line: string, { index, term }: Position): number {
    this.given.push({ index, term });
    return this.lines.push(line);
  }
}

export function bytes(line: string): Uint8Array {
  return new TextEncoder().encode(line);
}

export function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}
