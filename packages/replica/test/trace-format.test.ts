/** The trace format: what is written comes back, and nothing else is taken for it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  encodeTraceLine,
  narrateTrace,
  readTrace,
  type TraceEvent,
  TraceFormatError,
  type TraceHeader,
  type TraceKind,
} from "@holdfast/replica";
import {
  ENVELOPE_FIELDS,
  HEADER_FIELDS,
  KIND_FIELDS,
  MESSAGE_FIELDS,
  STAMP_FIELDS,
  STANDING_FIELDS,
  type TraceField,
  WORLD_KINDS,
} from "../src/trace/trace-fields.ts";
import { HEADER, MESSAGES, SAMPLES } from "./trace-samples.ts";

const lines = (header: TraceHeader, events: readonly TraceEvent[]): string[] =>
  [header, ...events].map((one) => encodeTraceLine(one));

/** Reads these lines and returns what is wrong with them. */
function faultOf(broken: readonly string[]): { readonly line: number; readonly field: string } {
  try {
    readTrace(broken);
  } catch (error) {
    assert(error instanceof TraceFormatError, String(error));
    assert.equal(error.code, "TRACE_FORMAT");
    assert.match(error.message, new RegExp(`^Line ${error.line} of the trace`));
    return { line: error.line, field: error.field };
  }
  return assert.fail("nothing is wrong");
}

test("readTrace: events of every kind come back as they were written", () => {
  const kinds = new Set(SAMPLES.map(({ kind }) => kind));
  assert.deepEqual([...kinds].sort(), Object.keys(KIND_FIELDS).sort());
  assert.deepEqual(MESSAGES.map(({ kind }) => kind).sort(), Object.keys(MESSAGE_FIELDS).sort());

  const recordings = readTrace(lines(HEADER, SAMPLES));

  assert.deepEqual(recordings, [{ header: HEADER, events: SAMPLES, isCut: false }]);
});

test("encodeTraceLine: one line each, whatever a text holds", () => {
  const note = { at: 1, no: 1, node: 0, life: 0, kind: "note", text: "a\nb\u2028c" } as const;

  const line = encodeTraceLine(note);

  assert.doesNotMatch(line, /[\n\r]/);
  assert.deepEqual(readTrace([encodeTraceLine(HEADER), line])[0]?.events, [note]);
});

test("TRACE_FORMAT: every field that is missing, of another type, or unknown is named", () => {
  let looked = 0;
  const spoilt = (event: object, name: string, more: object, path: string): void => {
    const first = { ...event, no: 1, ...more };
    const line = JSON.stringify(first);
    assert.deepEqual(faultOf([encodeTraceLine(HEADER), line]), { line: 2, field: path }, name);
    looked++;
  };
  const spoilFields = (event: object, names: readonly string[]): void => {
    for (const name of names) {
      if (name === "no") continue;
      const isMessage = name === "message" && /^(sent|received)$/.test(kindOf(event));
      const path = isMessage ? "message.kind" : name;
      spoilt(event, `${name} of another type`, { [name]: { odd: [] } }, path);
      if (isNeeded(event, name)) spoilt(event, `no ${name}`, { [name]: undefined }, name);
    }
    spoilt(event, "an unknown field", { colour: "red" }, "colour");
  };

  for (const event of SAMPLES) {
    const { kind } = event;
    const isWorld = (WORLD_KINDS as readonly string[]).includes(kind);
    const standing = isWorld ? [] : Object.keys(STANDING_FIELDS);
    spoilFields(event, [
      ...Object.keys(STAMP_FIELDS),
      ...standing,
      ...Object.keys(KIND_FIELDS[kind]),
    ]);
    if (isWorld) spoilt(event, "a standing", { currentTerm: 3 }, "currentTerm");
  }
  for (const message of MESSAGES) {
    const names = Object.keys({ ...ENVELOPE_FIELDS, ...MESSAGE_FIELDS[message.kind] });
    const sent = SAMPLES.find(({ kind }) => kind === "sent");
    assert(sent !== undefined);
    for (const name of names) {
      spoilt(sent, name, { message: { ...message, [name]: undefined } }, `message.${name}`);
      spoilt(sent, name, { message: { ...message, [name]: { odd: 1 } } }, `message.${name}`);
    }
    spoilt(sent, "more", { message: { ...message, data: "secret" } }, "message.data");
  }
  assert(looked > 400, `${looked} spoilt events`);
});

function kindOf(event: object): TraceKind {
  return (event as TraceEvent).kind;
}

function isNeeded(event: object, name: string): boolean {
  const fields: Readonly<Record<string, TraceField>> = {
    ...STAMP_FIELDS,
    ...STANDING_FIELDS,
    ...KIND_FIELDS[kindOf(event)],
  };
  const field = fields[name];
  return typeof field !== "string" || !field.endsWith("?");
}

test("TRACE_FORMAT: kinds, headers and numbers that no recorder writes are refused by line and field", () => {
  const header = encodeTraceLine(HEADER);
  const [first, second] = SAMPLES.map((event) => encodeTraceLine(event));
  assert(first !== undefined && second !== undefined);
  const event = JSON.parse(first) as object;
  const headed = (more: object): string[] => [JSON.stringify({ ...HEADER, ...more })];
  const scenes: readonly (readonly [readonly string[], number, string])[] = [
    [[first], 1, "format"],
    [[header, JSON.stringify({ ...event, kind: "elected" })], 2, "kind"],
    [[header, JSON.stringify({ ...event, kind: "toString" })], 2, "kind"],
    [[header, "7"], 2, ""],
    [[header, "null"], 2, ""],
    [[header, "[]"], 2, ""],
    [[header, "", second, first], 4, "no"],
    [[header, first, first], 3, "no"],
    [[header, "{", first], 2, ""],
    [[header, "{", "{", header], 2, ""],
    [["{", header], 1, ""],
    [headed({ format: "other" }), 1, "format"],
    [headed({ version: 2 }), 1, "version"],
    [headed({ version: 0 }), 1, "version"],
    [headed({ version: "1" }), 1, "version"],
    [headed({ kind: "real" }), 1, "kind"],
    [headed({ nodes: [1, -2] }), 1, "nodes"],
    [headed({ unit: "us" }), 1, "unit"],
    [headed({ seed: 42 }), 1, "seed"],
    [headed({ plan: [] }), 1, "plan"],
    [headed({ colour: "red" }), 1, "colour"],
  ];

  for (const [broken, line, field] of scenes) {
    assert.deepEqual(faultOf(broken), { line, field }, broken.join(" | "));
  }
});

test("readTrace: a line that is cut short is left out where the process died, and only there", () => {
  const [header, first, second] = lines(HEADER, SAMPLES);
  assert(header !== undefined && first !== undefined && second !== undefined);
  const whole = readTrace([header, first])[0];
  const cut = second.slice(0, -5);

  const ends = readTrace([header, first, cut, ""]);
  const goesOn = readTrace([header, first, cut, header, first, second]);

  assert.deepEqual(ends, [{ ...whole, isCut: true }]);
  assert.deepEqual(
    goesOn.map(({ isCut, events }) => [isCut, events.length]),
    [
      [true, 1],
      [false, 2],
    ],
  );
  assert.deepEqual(faultOf([header, cut, second]), { line: 2, field: "" });
});

test("narrateTrace: every kind has words of its own, one line each", () => {
  const told = SAMPLES.map((event) => narrateTrace(event));

  assert.equal(new Set(told).size, SAMPLES.length);
  for (const [at, line] of told.entries()) {
    const isNote = SAMPLES[at]?.kind === "note";
    assert.match(line, isNote ? /^\[\d+\] [a-z]/ : /^\[\d+\] 1: [a-zB]/);
    assert.doesNotMatch(line, /undefined|NaN|\[object|\n/);
  }
  const find = (kind: string): string | undefined =>
    told[SAMPLES.findIndex((event) => event.kind === kind)];
  assert.equal(find("appended"), "[108] 1: appends 5..7, last of term 3");
  assert.equal(
    find("write-durable"),
    "[137] 1: syncs write 5: term 3 vote 1, snapshot 100^2, cut from 101, entries 101..102^3, compact to 50",
  );
  assert.match(
    told.join("\n"),
    /sends append-request 1->2 term 3 behind 4\^2 \[5\^2 6\.\.7\^3\] commit 3/,
  );
});

/** A row's cell of fields, as the document has it. Long lists of words are told in the text. */
function cellOf(fields: Readonly<Record<string, TraceField>>): string {
  const cells = Object.entries(fields).map(([name, field]) => {
    if (typeof field === "string")
      return `\`${name}\` ${field.replace("hard-state", "hard state")}`;
    if (field.length > 4) return `\`${name}\` text`;
    return `\`${name}\` ${field.map((word) => `\`${word}\``).join(", ")}`;
  });
  return cells.join(", ");
}

/** Name and second cell of each row of the tables in a section. */
function rowsOf(text: string, title: string): ReadonlyMap<string, string> {
  const section = text.split(`\n## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| `([A-Za-z-]+)` \| ?(.*?) ?\|/gm)];
  assert(rows.length > 0, `no section ${title}`);
  // The first row of a name counts: the values of inputs come later.
  return new Map(rows.reverse().map(([, name = "", cell = ""]) => [name, cell]));
}

test("docs/reference/trace-format.md says every kind, message and field as the code has them", () => {
  const text = readFileSync(DOCUMENT, "utf8");
  const sections: readonly (readonly [string, (kind: string) => boolean])[] = [
    ["Events of the core", (kind) => Object.keys(KIND_FIELDS).indexOf(kind) < CORE_KINDS],
    ["Events of the world", (kind) => (WORLD_KINDS as readonly string[]).includes(kind)],
  ];
  const told = new Set<string>();
  for (const [title, isHere] of [...sections, ["Events of a node", () => true] as const]) {
    const rows = rowsOf(text, title);
    for (const [kind, fields] of Object.entries(KIND_FIELDS)) {
      if (told.has(kind) || !isHere(kind)) continue;
      assert.equal(rows.get(kind), cellOf(fields), kind);
      told.add(kind);
    }
    const unknown = [...rows.keys()].filter((name) => !(name in KIND_FIELDS));
    assert.deepEqual(
      unknown.filter((name) => !INPUTS.includes(name)),
      [],
      title,
    );
  }
  assert.equal(told.size, Object.keys(KIND_FIELDS).length);

  const messages = rowsOf(text, "Messages");
  for (const [kind, fields] of Object.entries(MESSAGE_FIELDS)) {
    assert.equal(messages.get(kind), cellOf(fields), kind);
  }
  const tables: readonly (readonly [string, Readonly<Record<string, TraceField>>])[] = [
    ["The header", HEADER_FIELDS],
    ["Every event", { ...STAMP_FIELDS, ...STANDING_FIELDS }],
    ["Messages", ENVELOPE_FIELDS],
  ];
  for (const [title, fields] of tables) {
    const rows = rowsOf(text, title);
    for (const [name, field] of Object.entries(fields)) {
      const type = cellOf({ [name]: field }).slice(name.length + 3);
      assert.equal(rows.get(name), type, `${title}: ${name}`);
    }
  }
});

test("docs/reference/trace-format.md: its example is a trace", () => {
  const example = /```json\n([\s\S]*?)```/.exec(readFileSync(DOCUMENT, "utf8"))?.[1] ?? "";

  const recordings = readTrace(example.split("\n"));

  assert.equal(recordings.length, 1);
  assert((recordings[0]?.events.length ?? 0) >= 5);
});

const DOCUMENT = new URL("../../../../docs/reference/trace-format.md", import.meta.url);
/** How many kinds the core has: they come first in the table of fields. */
const CORE_KINDS = 16;
const INPUTS: readonly string[] = KIND_FIELDS.input.input as readonly string[];
