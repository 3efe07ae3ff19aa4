/**
 * The commands of the scenarios and how they look in a log entry: a tag byte, then as little as
 * possible.
 */

/** A small whole number, a random 63-bit number, or a text. */
export type Command = number | bigint | string;

const SMALL = 0;
const BIG = 1;
const TEXT = 2;

export function encodeCommand(command: Command): Uint8Array {
  if (typeof command === "number") return encodeSmall(command);
  if (typeof command === "string")
    return Buffer.concat([Uint8Array.of(TEXT), Buffer.from(command, "utf8")]);
  const bytes = Buffer.alloc(9);
  bytes[0] = BIG;
  bytes.writeBigUInt64LE(command, 1);
  return bytes;
}

/** Throws a `RangeError` for bytes that {@link encodeCommand} doesn't make. */
export function decodeCommand(bytes: Uint8Array): Command {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (view[0]) {
    case SMALL:
      return decodeSmall(view);
    case BIG:
      if (view.length === 9) return view.readBigUInt64LE(1);
      break;
    case TEXT:
      return view.toString("utf8", 1);
  }
  throw new RangeError(`Not a command: ${view.toString("hex").slice(0, 40)}`);
}

/** As many bytes as the number needs, lowest first. */
function encodeSmall(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`Not a whole number: ${value}`);
  const bytes = [SMALL];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.push(rest % 256);
  return Uint8Array.from(bytes);
}

function decodeSmall(view: Buffer): number {
  let value = 0;
  for (let i = view.length - 1; i > 0; i--) value = value * 256 + view.readUInt8(i);
  return value;
}

/** For messages: texts are shortened. */
export function showCommand(command: Command | undefined): string {
  if (typeof command !== "string") return String(command);
  return command.length > 20
    ? `${command.slice(0, 20)}... (${command.length} characters)`
    : command;
}
