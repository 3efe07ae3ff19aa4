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
  if (!isCount(version) || version === 0 || Number(version) > TRACE_VERSION) {
    const rule = `this release reads 1 to ${TRACE_VERSION}`;
    throw new TraceFormatError(line, "version", `${rule}, got ${shown(version)}`);
  }
  checkShape(value, HEADER, "", line);
  return value as TraceHeader;
}

function eventOf(value: object, line: number): TraceEvent {
  const kind = fieldOf(value, "kind");
  const shape = typeof kind === "string" ? EVENTS.get(kind) : undefined;
  if (shape === undefined) throw new TraceFormatError(line, "kind", `unknown, got ${shown(kind)}`);
  checkShape(value, shape, "", line);
  return value as TraceEvent;
}

function checkMessage(value: object, path: string, line: number): void {
  const kind = fieldOf(value, "kind");
  const shape = typeof kind === "string" ? MESSAGES.get(kind) : undefined;
  if (shape === undefined) {
    throw new TraceFormatError(line, `${path}.kind`, `unknown, got ${shown(kind)}`);
  }
  checkShape(value, shape, `${path}.`, line);
}

interface Slot {
  readonly name: string;
  readonly type: string;
  /** The words that are allowed, if only some are. */
  readonly words: readonly string[] | undefined;
  readonly isNeeded: boolean;
}

function shapeOf(...groups: readonly TraceFields[]): readonly Slot[] {
  return groups.flatMap((fields) =>
    Object.entries(fields).map(([name, field]) => {
      if (typeof field !== "string") return { name, type: "words", words: field, isNeeded: true };
      const isNeeded = !field.endsWith("?");
      const type = isNeeded ? field : field.slice(0, -1);
      return { name, type, words: undefined, isNeeded };
    }),
  );
}

const KIND: TraceFields = { kind: "text" };
const HEADER = shapeOf(HEADER_FIELDS);
const EVENTS: ReadonlyMap<string, readonly Slot[]> = new Map(
  Object.entries(KIND_FIELDS).map(([kind, fields]) => {
    const isWorld = (WORLD_KINDS as readonly string[]).includes(kind);
    return [kind, shapeOf(KIND, STAMP_FIELDS, isWorld ? {} : STANDING_FIELDS, fields)];
  }),
);
const MESSAGES: ReadonlyMap<string, readonly Slot[]> = new Map(
  Object.entries(MESSAGE_FIELDS).map(([kind, fields]) => [
    kind,
    shapeOf(KIND, ENVELOPE_FIELDS, fields),
  ]),
);

/** Every field of the shape is there unless it may be absent, and no other is. */
function checkShape(value: object, shape: readonly Slot[], prefix: string, line: number): void {
  let found = 0;
  for (const slot of shape) {
    const field = fieldOf(value, slot.name);
    if (field !== undefined) {
      found++;
      check(slot, field, prefix, line);
    } else if (slot.isNeeded) {
      throw new TraceFormatError(line, `${prefix}${slot.name}`, "is missing");
    }
  }
  const names = Object.keys(value);
  if (found === names.length) return;
  const unknown = names.find((name) => shape.every((slot) => slot.name !== name));
  throw new TraceFormatError(line, `${prefix}${unknown}`, "is unknown");
}

function check({ name, type, words }: Slot, value: unknown, prefix: string, line: number): void {
  if (words !== undefined) {
    if (typeof value === "string" && words.includes(value)) return;
    const allowed = words.map((word) => JSON.stringify(word)).join(", ");
    const problem = `must be one of ${allowed}, got ${shown(value)}`;
    throw new TraceFormatError(line, `${prefix}${name}`, problem);
  }
  if (type === "message" && isObject(value)) {
    checkMessage(value, `${prefix}${name}`, line);
  } else if (!isOf(type, value)) {
    const problem = `must be ${WORDS[type] ?? type}, got ${shown(value)}`;
    throw new TraceFormatError(line, `${prefix}${name}`, problem);
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

function shown(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
