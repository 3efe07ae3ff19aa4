/** Any plain value as one text: equal for equal values, whatever order they were built in. */

/** Longer texts are cut, with a hash of the rest. */
const LENGTH_MAX = 2000;
const DEPTH_MAX = 200;

/**
 * As JSON where JSON has it, and as people write it where it has not. Entries of objects, maps and
 * sets stand in order of their content; properties that are undefined count as absent, and -0 as 0.
 */
export function canonical(value: unknown): string {
  return shortened(textOf(value, []));
}

/** Bytes as text when all of them can be read, else in hexadecimal. */
export function canonicalBytes(bytes: Uint8Array): string {
  const isReadable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  return shortened(isReadable ? latin(bytes) : `bytes(${hex(bytes)})`);
}

/** One character per byte: equal for equal bytes only. */
export function latin(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return text;
}

function shortened(text: string): string {
  if (text.length <= LENGTH_MAX) return text;
  return `${text.slice(0, LENGTH_MAX)}... (${text.length} characters, hash ${hashOf(text)})`;
}

function hashOf(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high + code, 0x85ebca6b) ^ (low >>> 15);
  }
  return [high, low].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

function textOf(value: unknown, above: readonly object[]): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "bigint":
      return `${value}n`;
    case "function":
      return `[function ${value.name}]`;
    case "object":
      return value === null ? "null" : textOfObject(value, above);
    case "number":
      return value === 0 ? "0" : String(value);
    default:
      return String(value);
  }
}

function textOfObject(value: object, above: readonly object[]): string {
  if (above.includes(value)) return "[circular]";
  if (above.length > DEPTH_MAX) return "[deeper]";
  const inside = [...above, value];
  const text = (item: unknown): string => textOf(item, inside);
  if (Array.isArray(value)) return `[${value.map(text).join(",")}]`;
  if (value instanceof Uint8Array) return `bytes(${hex(value)})`;
  if (value instanceof ArrayBuffer) return `bytes(${hex(new Uint8Array(value))})`;
  if (ArrayBuffer.isView(value)) return ownText(value, text);
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => `${text(key)} => ${text(item)}`);
    return `Map{${pairs.sort().join(", ")}}`;
  }
  if (value instanceof Set) return `Set{${[...value].map(text).sort().join(", ")}}`;
  if (value instanceof Error) return `${value.name}(${JSON.stringify(value.message)})`;
  return ownText(value, text);
}

/** By its own properties, or by what it says of itself when it has none. */
function ownText(value: object, text: (item: unknown) => string): string {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  // By its tag: the name of the class is the platform's clock, too.
  if (tag === "Date") return `Date(${Number(value)})`;
  if (tag === "RegExp") return String(value);
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([name, item]) => `${JSON.stringify(name)}:${text(item)}`);
  const { constructor: made } = value;
  const isPlain = made === Object || typeof made !== "function";
  return `${isPlain ? "" : `${made.name} `}{${fields.sort().join(",")}}`;
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
