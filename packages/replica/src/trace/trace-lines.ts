/**
 * Lines of a trace as bytes, gathered until they are taken. They say what {@link encodeTraceLine}
 * says, at a price that a node in production can pay: the format's own table tells what to write,
 * and neither strings nor lists are made on the way.
 */

import type { RaftEvent } from "@holdfast/raft";
import { bytesOfText, TextBytes } from "./text-bytes.ts";
import type {
  NodeAction,
  TraceHeader,
  TraceKind,
  TracePlace,
  TraceStamp,
  TraceStanding,
  TraceWrite,
  WorldAction,
} from "./trace-event.ts";
import {
  ENVELOPE_FIELDS,
  KIND_FIELDS,
  MESSAGE_FIELDS,
  type TraceFields,
  type TraceFieldType,
} from "./trace-fields.ts";
import { encodeTraceLine } from "./trace-line.ts";
import type { TraceMessage, TraceRun } from "./trace-message.ts";

const FIRST_BYTES = 320 << 10;
/** A buffer that a burst has made larger than this is not used again. */
const KEPT_BYTES = 1 << 20;

const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const END = 0x7d;
const LINE_END = 0x0a;
const END_OF_LINE: Uint8Array = bytesOfText("}\n");
const AT: Uint8Array = bytesOfText('{"at":');
const NO: Uint8Array = bytesOfText(',"no":');
const CAUSE: Uint8Array = bytesOfText(',"cause":');
const INDEX: Uint8Array = bytesOfText('{"index":');
const TERM: Uint8Array = bytesOfText('{"term":');
const APPENDED: Uint8Array = bytesOfText(',"kind":"appended","first":');
const APPLIED: Uint8Array = bytesOfText(',"kind":"applied","index":');
const PROPOSE: Uint8Array = bytesOfText(',"kind":"input","input":"propose","value":');
const OF_COMMAND: Uint8Array = bytesOfText(',"entry":"command","bytes":');
const THEN_BYTES: Uint8Array = bytesOfText(',"bytes":');
const THEN_HASH: Uint8Array = bytesOfText(',"hash":');
const THEN_LAST: Uint8Array = bytesOfText(',"last":');
const THEN_TERM: Uint8Array = bytesOfText(',"term":');
const THEN_VOTE: Uint8Array = bytesOfText(',"vote":');

type Action = RaftEvent | NodeAction | WorldAction;

/** One of a line's fields. */
interface Slot {
  readonly name: string;
  readonly type: TraceFieldType | "words";
  /** What comes before its value. */
  readonly before: Uint8Array;
  /** Of a field that has only few values: each with what comes before it. */
  readonly words: ReadonlyMap<unknown, Uint8Array>;
}

interface Shape {
  readonly kind: Uint8Array;
  readonly slots: readonly Slot[];
}

export class TraceLines {
  #text = new TextBytes(FIRST_BYTES);
  /** What was taken last. */
  #taken = new TextBytes(FIRST_BYTES);
  /** Parts of lines that hardly ever change, and what they were made of. */
  #who: Uint8Array = bytesOfText("");
  #node = -1;
  #life = -1;
  #standing: Uint8Array = bytesOfText("");
  #term = -1;
  #role = "";

  /** In bytes. */
  get length(): number {
    return this.#text.length;
  }

  putHeader(header: TraceHeader): void {
    this.#text.putText(`${encodeTraceLine(header)}\n`);
  }

  /** Adds the line of one event, which is given in its parts; see `TraceOutlet`. */
  put(stamp: TraceStamp, standing: TraceStanding | undefined, action: Action): void {
    const text = this.#text;
    text.putBytes(AT);
    text.putTime(stamp.at);
    text.putBytes(NO);
    text.putNumber(stamp.no);
    text.putBytes(this.#whoOf(stamp));
    if (stamp.cause !== undefined) {
      text.putBytes(CAUSE);
      text.putNumber(stamp.cause);
    }
    if (standing !== undefined) text.putBytes(this.#standingOf(standing));
    if (!putFrequent(text, action)) putShape(text, EVENTS[action.kind], action);
    text.putBytes(END_OF_LINE);
  }

  /** An empty line. */
  putGap(): void {
    this.#text.putByte(LINE_END);
  }

  /** All lines since the last call. The bytes are valid until the next call. */
  take(): Uint8Array {
    const full = this.#text;
    this.#text = this.#taken.capacity > KEPT_BYTES ? new TextBytes(FIRST_BYTES) : this.#taken;
    this.#text.clear();
    this.#taken = full;
    return full.view();
  }

  #whoOf({ node, life }: TraceStamp): Uint8Array {
    if (node !== this.#node || life !== this.#life) {
      this.#who = bytesOfText(`,"node":${node},"life":${life}`);
      this.#node = node;
      this.#life = life;
    }
    return this.#who;
  }

  #standingOf({ currentTerm, role }: TraceStanding): Uint8Array {
    if (currentTerm !== this.#term || role !== this.#role) {
      this.#standing = bytesOfText(`,"currentTerm":${currentTerm},"role":"${role}"`);
      this.#term = currentTerm;
      this.#role = role;
    }
    return this.#standing;
  }
}

/** Those that come with every entry, for speed; false if it is none of them. */
function putFrequent(text: TextBytes, action: Action): boolean {
  switch (action.kind) {
    case "appended":
      text.putBytes(APPENDED);
      text.putNumber(action.first);
      text.putBytes(THEN_LAST);
      text.putNumber(action.last);
      text.putBytes(THEN_TERM);
      text.putNumber(action.term);
      return true;
    case "applied":
      if (action.entry !== "command") return false;
      text.putBytes(APPLIED);
      text.putNumber(action.index);
      text.putBytes(THEN_TERM);
      text.putNumber(action.term);
      text.putBytes(OF_COMMAND);
      text.putNumber(action.bytes);
      text.putBytes(THEN_HASH);
      text.putNumber(action.hash);
      return true;
    case "input":
      if (action.input !== "propose" || action.bytes === undefined) return false;
      if (action.peer !== undefined || action.ok !== undefined) return false;
      text.putBytes(PROPOSE);
      text.putNumber(action.value);
      text.putBytes(THEN_BYTES);
      text.putNumber(action.bytes);
      return true;
    default:
      return false;
  }
}

function putShape(text: TextBytes, { kind, slots }: Shape, fields: object): void {
  text.putBytes(kind);
  for (const slot of slots) {
    const value = (fields as Readonly<Record<string, unknown>>)[slot.name];
    if (value !== undefined) putField(text, slot, value);
  }
}

/** What is of another type than the table says is a mistake of this program: the types rule. */
function putField(text: TextBytes, { type, before, words }: Slot, value: unknown): void {
  if (type === "words" || type === "flag") {
    const word = words.get(value);
    if (word !== undefined) text.putBytes(word);
    return;
  }
  text.putBytes(before);
  switch (type) {
    case "count":
      text.putNumber(value as number);
      break;
    case "time":
      text.putTime(value as number);
      break;
    case "place":
      putPlace(text, value as TracePlace);
      break;
    case "hard-state":
      putHardState(text, value as Required<TraceWrite>["hardState"]);
      break;
    case "ids":
      putList(text, value as readonly number[]);
      break;
    case "runs":
      putRuns(text, value as readonly TraceRun[]);
      break;
    case "message":
      putShape(text, MESSAGES[(value as TraceMessage).kind], value as TraceMessage);
      text.putByte(END);
      break;
    default:
      text.putText(JSON.stringify(value));
  }
}

function putPlace(text: TextBytes, { index, term }: TracePlace): void {
  text.putBytes(INDEX);
  text.putNumber(index);
  text.putBytes(THEN_TERM);
  text.putNumber(term);
  text.putByte(END);
}

function putHardState(text: TextBytes, { term, vote }: Required<TraceWrite>["hardState"]): void {
  text.putBytes(TERM);
  text.putNumber(term);
  text.putBytes(THEN_VOTE);
  text.putNumber(vote);
  text.putByte(END);
}

function putRuns(text: TextBytes, runs: readonly TraceRun[]): void {
  text.putByte(OPEN);
  for (let at = 0; at < runs.length; at += 1) {
    if (at > 0) text.putByte(COMMA);
    putList(text, runs[at] ?? []);
  }
  text.putByte(CLOSE);
}

function putList(text: TextBytes, counts: readonly number[]): void {
  text.putByte(OPEN);
  for (let at = 0; at < counts.length; at += 1) {
    if (at > 0) text.putByte(COMMA);
    text.putNumber(counts[at] ?? 0);
  }
  text.putByte(CLOSE);
}

function shapesOf<K extends string>(
  table: Readonly<Record<K, TraceFields>>,
  before: string,
  also: TraceFields,
): Readonly<Record<K, Shape>> {
  const shapes = Object.entries<TraceFields>(table).map(([kind, fields]) => {
    const slots = Object.entries({ ...also, ...fields }).map(([name, field]) =>
      slotOf(name, field),
    );
    return [kind, { kind: bytesOfText(`${before}"kind":"${kind}"`), slots }] as const;
  });
  return Object.fromEntries(shapes) as Record<string, Shape> as Record<K, Shape>;
}

function slotOf(name: string, field: TraceFields[string]): Slot {
  const before = `,"${name}":`;
  const type = typeof field === "string" ? (field.replace("?", "") as TraceFieldType) : "words";
  const flags = type === "flag" ? [true, false] : [];
  const values = typeof field === "string" ? flags : field;
  const words = new Map(
    values.map((value) => [value, bytesOfText(`${before}${JSON.stringify(value)}`)] as const),
  );
  return { name, type, before: bytesOfText(before), words };
}

const EVENTS: Readonly<Record<TraceKind, Shape>> = shapesOf(KIND_FIELDS, ",", {});
const MESSAGES: Readonly<Record<TraceMessage["kind"], Shape>> = shapesOf(
  MESSAGE_FIELDS,
  "{",
  ENVELOPE_FIELDS,
);
