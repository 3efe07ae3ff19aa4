/**
 * Reads trace files, strictly: every line, kind and field is as docs/reference/trace-format.md
 * says.
 */

import { TraceFormatError } from "./errors.ts";
import {
  type Recording,
  TRACE_FORMAT,
  TRACE_VERSION,
  type TraceEvent,
  type TraceHeader,
} from "./trace-event.ts";
import {
  ENVELOPE_FIELDS,
  HEADER_FIELDS,
  KIND_FIELDS,
  MESSAGE_FIELDS,
  STAMP_FIELDS,
  STANDING_FIELDS,
  type TraceField,
  type TraceFields,
  WORLD_KINDS,
} from "./trace-fields.ts";

/**
 * All recordings of a file, given as its lines. Empty lines are passed over. A line that is cut
 * short is left out when nothing of its recording follows: the process died there. Throws
 * {@link TraceFormatError} for anything else that a recorder does not write.
 */
export function readTrace(lines: Iterable<string>): readonly Recording[] {
  const reader = new Reader();
  let number = 0;
  for (const line of lines) {
    number++;
    if (line.trim() !== "") reader.take(line, number);
  }
  return reader.end();
}

interface Open {
  readonly header: TraceHeader;
  readonly events: TraceEvent[];
  isCut: boolean;
}

class Reader {
  readonly #recordings: Open[] = [];
  /** A line that is no JSON: fine only if no event follows. */
  #broken: TraceFormatError | undefined;

  take(text: string, line: number): void {
    const value = this.#parse(text, line);
    if (value === undefined) return;
    if (Object.hasOwn(value, "format")) {
      this.#close();
      this.#recordings.push({ header: headerOf(value, line), events: [], isCut: false });
      return;
    }
    if (this.#broken !== undefined) throw this.#broken;
    const recording = this.#recordings.at(-1);
    if (recording === undefined) throw new TraceFormatError(line, "format", "no header before it");
    const event = eventOf(value, line);
    if (event.no <= (recording.events.at(-1)?.no ?? 0)) {
      throw new TraceFormatError(line, "no", `must grow, got ${event.no}`);
    }
    recording.events.push(event);
  }

  end(): readonly Recording[] {
    this.#close();
    return this.#recordings;
  }

  #close(): void {
    if (this.#broken === undefined) return;
    const recording = this.#recordings.at(-1);
    if (recording === undefined) throw this.#broken;
    recording.isCut = true;
    this.#broken = undefined;
  }

  #parse(text: string, line: number): object | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      if (this.#broken !== undefined) throw this.#broken;
      this.#broken = new TraceFormatError(line, "", "is no JSON", { cause });
      return undefined;
    }
    if (!isObject(value)) throw new TraceFormatError(line, "", "is no JSON object");
    return value;
  }
}

function headerOf(value: object, line: number): TraceHeader {
  const format = fieldOf(value, "format");
  if (format !== TRACE_FORMAT) {
    throw new TraceFormatError(line, "format", `must be ${TRACE_FORMAT}, got ${shown(format)}`);
  }
  const version = fieldOf(value, "version");
  check("count", version, "version", line);
  if (version === 0 || Number(version) > TRACE_VERSION) {
    const rule = `this release reads 1 to ${TRACE_VERSION}`;
    throw new TraceFormatError(line, "version", `${rule}, got ${shown(version)}`);
  }
  checkFields(value, [HEADER_FIELDS], "", line);
  return value as TraceHeader;
}

function eventOf(value: object, line: number): TraceEvent {
  const kind = fieldOf(value, "kind");
  const own = fieldsOf(KIND_FIELDS, kind);
  if (own === undefined) throw new TraceFormatError(line, "kind", `unknown, got ${shown(kind)}`);
  const isWorld = (WORLD_KINDS as readonly unknown[]).includes(kind);
  const more = isWorld ? [own] : [STANDING_FIELDS, own];
  checkFields(value, [KIND, STAMP_FIELDS, ...more], "", line);
  return value as TraceEvent;
}

const KIND: TraceFields = { kind: "text" };

function checkMessage(value: object, path: string, line: number): void {
  const kind = fieldOf(value, "kind");
  const own = fieldsOf(MESSAGE_FIELDS, kind);
  if (own === undefined) {
    throw new TraceFormatError(line, `${path}.kind`, `unknown, got ${shown(kind)}`);
  }
  checkFields(value, [KIND, ENVELOPE_FIELDS, own], `${path}.`, line);
}

/** Every field of `groups` is there unless it may be absent, and no other is. */
function checkFields(
  value: object,
  groups: readonly TraceFields[],
  prefix: string,
  line: number,
): void {
  let found = 0;
  for (const fields of groups) {
    for (const name of Object.keys(fields)) {
      const field = fields[name];
      if (field === undefined) continue;
      if (Object.hasOwn(value, name)) {
        found++;
        check(field, fieldOf(value, name), `${prefix}${name}`, line);
      } else if (typeof field !== "string" || !field.endsWith("?")) {
        throw new TraceFormatError(line, `${prefix}${name}`, "is missing");
      }
    }
  }
  if (found === Object.keys(value).length) return;
  const known = groups.flatMap((fields) => Object.keys(fields));
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  throw new TraceFormatError(line, `${prefix}${unknown}`, "is unknown");
}

function check(field: TraceField, value: unknown, path: string, line: number): void {
  if (typeof field !== "string") {
    if (typeof value === "string" && field.includes(value)) return;
    const words = field.map((word) => JSON.stringify(word)).join(", ");
    throw new TraceFormatError(line, path, `must be one of ${words}, got ${shown(value)}`);
  }
  const type = field.endsWith("?") ? field.slice(0, -1) : field;
  if (type === "message" && isObject(value)) {
    checkMessage(value, path, line);
  } else if (!isOf(type, value)) {
    throw new TraceFormatError(line, path, `must be ${WORDS[type] ?? type}, got ${shown(value)}`);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  count: "a whole number, 0 or more",
  time: "a number",
  flag: "true or false",
  text: "a string",
  object: "an object",
  place: "{ index, term }",
  "hard-state": "{ term, vote }",
  ids: "a list of whole numbers",
  runs: "a list of [first, count, term]",
  message: "an object",
};

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "count":
      return isCount(value);
    case "time":
      return typeof value === "number";
    case "flag":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    case "object":
      return isObject(value);
    case "place":
      return isPair(value, "index", "term");
    case "hard-state":
      return isPair(value, "term", "vote");
    case "ids":
      return Array.isArray(value) && value.every(isCount);
    case "runs":
      return Array.isArray(value) && value.every(isRun);
    default:
      return false;
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isPair(value: unknown, first: string, second: string): boolean {
  if (!isObject(value) || Object.keys(value).length !== 2) return false;
  return isCount(fieldOf(value, first)) && isCount(fieldOf(value, second));
}

function isRun(value: unknown): boolean {
  return Array.isArray(value) && value.length === 3 && value.every(isCount);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldOf(value: object, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name];
}

function fieldsOf(
  table: Readonly<Record<string, TraceFields>>,
  kind: unknown,
): TraceFields | undefined {
  return typeof kind === "string" && Object.hasOwn(table, kind) ? table[kind] : undefined;
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
