/** What goes into the log for the key-value map: one byte for the kind, then the fields. */

import type { KeyRange } from "./kv-store.ts";
import { pushVarint, readVarint } from "./varint.ts";

export type KvCommand =
  | { readonly kind: "put"; readonly key: Uint8Array; readonly value: Uint8Array }
  | ({ readonly kind: "delete-range" } & KeyRange)
  /** Changes nothing: whoever sees it applied has seen all that was committed before it. */
  | { readonly kind: "barrier" };

const PUT = 1;
const DELETE_RANGE = 2;
const BARRIER = 3;

export function encodeKvCommand(command: KvCommand): Uint8Array {
  switch (command.kind) {
    case "put":
      return joined(PUT, command.key, command.value);
    case "delete-range":
      return joined(DELETE_RANGE, command.key, command.rangeEnd);
    case "barrier":
      return Uint8Array.of(BARRIER);
  }
}

/**
 * Undefined for bytes that {@link encodeKvCommand} never makes. The fields are views into `bytes`.
 */
export function decodeKvCommand(bytes: Uint8Array): KvCommand | undefined {
  const kind = bytes[0];
  if (kind === BARRIER) return bytes.length === 1 ? { kind: "barrier" } : undefined;
  if (kind !== PUT && kind !== DELETE_RANGE) return undefined;
  const length = readVarint(bytes, 1);
  if (length === undefined || length.value > bytes.length - length.next) return undefined;
  const end = length.next + length.value;
  const key = bytes.subarray(length.next, end);
  const rest = bytes.subarray(end);
  return kind === PUT
    ? { kind: "put", key, value: rest }
    : { kind: "delete-range", key, rangeEnd: rest };
}

function joined(kind: number, key: Uint8Array, rest: Uint8Array): Uint8Array {
  const head = [kind];
  pushVarint(head, key.length);
  const bytes = new Uint8Array(head.length + key.length + rest.length);
  bytes.set(head);
  bytes.set(key, head.length);
  bytes.set(rest, head.length + key.length);
  return bytes;
}
