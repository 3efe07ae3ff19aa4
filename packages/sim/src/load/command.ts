/** Commands of the workloads as bytes: a fixed head, then padding up to the size that is wanted. */

import { assert } from "@holdfast/raft";

/** What a command does; each model of the load has some of them. */
export type Op = "read" | "write" | "cas" | "delete" | "append" | "list" | "add" | "count";

/**
 * What a client wants done. `serial` differs between all commands of a run, also when one is sent
 * again. `session` and `number` name the operation: a command that is sent again has the same.
 */
export interface Command {
  readonly op: Op;
  readonly serial: number;
  readonly session: number;
  readonly number: number;
  readonly key: number;
  /** The value; of `cas` the one that must be there, 0 for none. */
  readonly value: number;
  /** Of `cas` the value that takes its place. */
  readonly to: number;
}

const OPS: readonly Op[] = ["read", "write", "cas", "delete", "append", "list", "add", "count"];
const HEAD_BYTES = 25;

/** Keys and sessions have 16 bits each. */
export const KEYS_MAX = 65_536;

/** `bytes` long, or as long as the head needs. All fields are whole numbers of at most 32 bits. */
export function encodeCommand(command: Command, bytes: number): Uint8Array {
  const out = new Uint8Array(commandBytes(bytes));
  putCommand(out, command);
  return out;
}

const SLAB_BYTES = 65_536;

/** Makes commands of one size. An array of its own costs more than all else about a command. */
export class CommandWriter {
  readonly #bytes: number;
  #slab: Uint8Array = new Uint8Array(0);
  #used = 0;

  /** Commands are `bytes` long, or as long as the head needs. */
  constructor(bytes: number) {
    this.#bytes = commandBytes(bytes);
  }

  /** The bytes are never used again for another one. */
  write(command: Command): Uint8Array {
    const end = this.#used + this.#bytes;
    if (end > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(SLAB_BYTES, this.#bytes));
      this.#used = 0;
    }
    const out = this.#slab.subarray(this.#used, this.#used + this.#bytes);
    this.#used += this.#bytes;
    putCommand(out, command);
    return out;
  }
}

function commandBytes(bytes: number): number {
  return Math.max(bytes, HEAD_BYTES + 1);
}

function putCommand(out: Uint8Array, command: Command): void {
  const { serial } = command;
  const { length } = out;
  assert(command.key < KEYS_MAX, "load.command: key too large");
  assert(command.session < KEYS_MAX, "load.command: session too large");
  out[0] = OPS.indexOf(command.op);
  putWord(out, 1, length);
  putWord(out, 5, serial);
  putWord(out, 9, (command.session << 16) | command.key);
  putWord(out, 13, command.number);
  putWord(out, 17, command.value);
  putWord(out, 21, command.to);
  out.fill(serial & 0xff, HEAD_BYTES);
}

/** Throws `InvariantError` when it is not what a client made: somebody changed it on its way. */
export function decodeCommand(bytes: Uint8Array): Command {
  const { length } = bytes;
  assert(length > HEAD_BYTES, "load.command: shorter than its head");
  assert(word(bytes, 1) === length, "load.command: cut or stretched");
  const op = OPS[bytes[0] ?? OPS.length];
  assert(op !== undefined, "load.command: no such operation");
  const serial = word(bytes, 5);
  const isWhole = bytes[HEAD_BYTES] === (serial & 0xff) && bytes[length - 1] === (serial & 0xff);
  assert(isWhole, "load.command: padding of another one");
  const place = word(bytes, 9);
  return {
    op,
    serial,
    session: place >>> 16,
    number: word(bytes, 13),
    key: place & 0xffff,
    value: word(bytes, 17),
    to: word(bytes, 21),
  };
}

function putWord(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

function word(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
  const high = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8);
  return (low | (high << 16)) >>> 0;
}
