/** The service's snapshot in part 2D: the index it stands for and every command so far. */

import type { Index } from "@holdfast/raft";
import { type Command, decodeCommand, encodeCommand } from "./command.ts";

export interface CourseSnapshot {
  readonly index: Index;
  readonly commands: Map<Index, Command>;
}

/** The index in 4 bytes, then each command behind its length in 2. */
export function encodeCourseSnapshot(index: Index, commands: ReadonlyMap<Index, Command>): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(index);
  const parts: Uint8Array[] = [head];
  for (let at = 1; at <= index; at++) {
    const command = commands.get(at);
    if (command === undefined) throw new RangeError(`No command at index ${at} of ${index}`);
    const bytes = encodeCommand(command);
    const length = Buffer.alloc(2);
    length.writeUInt16LE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

/** Nothing for bytes that no snapshot has. */
export function decodeCourseSnapshot(bytes: Uint8Array): CourseSnapshot | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < 4) return undefined;
  const index = view.readUInt32LE(0);
  const commands = new Map<Index, Command>();
  let at = 4;
  for (let next = 1; next <= index; next++) {
    if (at + 2 > view.length) return undefined;
    const end = at + 2 + view.readUInt16LE(at);
    if (end > view.length || end === at + 2) return undefined;
    try {
      commands.set(next, decodeCommand(view.subarray(at + 2, end)));
    } catch {
      return undefined;
    }
    at = end;
  }
  return at === view.length ? { index, commands } : undefined;
}
