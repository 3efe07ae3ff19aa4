/** Lines of a trace made as bytes: they say what the encoder of single lines says. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, encodeTraceLine, readTrace, type TraceEvent, TraceLines } from "@holdfast/replica";
import { TextBytes } from "../src/trace/text-bytes.ts";
import { HEADER, SAMPLES } from "./trace-samples.ts";

function textOf(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function putEvent(lines: TraceLines, event: TraceEvent): void {
  lines.put(event, "role" in event ? event : undefined, event);
}

function numbered(value: number, put: "putNumber" | "putTime"): string {
  const text = new TextBytes(1);
  text[put](value);
  return textOf(text.view());
}

/** From a seed: a number of up to `bits` bits, all sizes alike. */
function* numbers(seed: number, count: number, bits: number): Generator<number> {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let at = 0; at < count; at += 1) yield Math.floor(2 ** (next() * bits));
}

test("TraceLines: events of every kind and message read back as they were, and the header", () => {
  const lines = new TraceLines();
  lines.putHeader(HEADER);
  for (const event of SAMPLES) putEvent(lines, event);

  const text = textOf(lines.take());

  assert.equal(text.at(-1), "\n");
  const recordings = readTrace(text.split("\n"));
  assert.deepEqual(recordings, [{ header: HEADER, events: SAMPLES, isCut: false }]);
});

test("TraceLines: byte for byte what encodeTraceLine says, in the order of the document", () => {
  const stamp = { at: 12.345, no: 7, node: 2, life: 1_795_383_692_538, cause: 6 };
  const standing = { currentTerm: 3, role: "leader" } as const;
  const actions = [
    { kind: "appended", first: 5, last: 7, term: 3 },
    { kind: "applied", index: 6, term: 3, entry: "command", bytes: 10, hash: 0xdeadbeef },
    { kind: "applied", index: 7, term: 3, entry: "noop", bytes: 0, hash: 0 },
    { kind: "input", input: "propose", value: 2, bytes: 30 },
    { kind: "input", input: "persisted", value: 9 },
    { kind: "refused-message", from: 2, why: 'a "quote"\n\u2028 and é 漢 😀' },
  ] as const;
  const lines = new TraceLines();

  for (const action of actions) {
    lines.put(stamp, standing, action);
    const line = textOf(lines.take());
    assert.equal(line, `${encodeTraceLine({ ...stamp, ...standing, ...action })}\n`);
  }
  assert.equal(lines.length, 0);
});

test("TraceLines: the parts that hardly ever change are made anew when they do", () => {
  const lines = new TraceLines();
  const told: TraceEvent[] = [];
  for (const [node, currentTerm, role] of [
    [1, 3, "leader"],
    [2, 3, "leader"],
    [2, 4, "leader"],
    [2, 4, "follower"],
    [1, 3, "leader"],
  ] as const) {
    const no = told.length + 1;
    const stamp = { at: no, no, node, life: node + 10 };
    told.push({ ...stamp, currentTerm, role, kind: "committed", index: no });
    lines.put(stamp, { currentTerm, role }, { kind: "committed", index: no });
  }

  const text = textOf(lines.take());

  assert.equal(text, told.map((event) => `${encodeTraceLine(event)}\n`).join(""));
});

test("TraceLines: a burst makes room, and what was taken stays valid while more is put", () => {
  const lines = new TraceLines();
  const burst = 20_000;
  const put = (no: number): void =>
    lines.put({ at: no, no, node: 1, life: 1 }, undefined, { kind: "note", text: "x".repeat(100) });
  for (let no = 1; no <= burst; no += 1) put(no);
  const first = lines.take();
  const before = crc32(first);
  for (let no = burst + 1; no <= burst + 3; no += 1) put(no);

  assert(first.length > 2 << 20, `${first.length} bytes`);
  assert.equal(crc32(first), before);
  assert.equal(textOf(first).split("\n").length - 1, burst);
  assert.equal(textOf(lines.take()).split("\n").length - 1, 3);
  lines.putGap();
  assert.equal(textOf(lines.take()), "\n");
});

test("TextBytes: numbers and times as JSON has them", () => {
  const odd = [0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 1e9, 1e9 + 7, 1e15, 2 ** 53 - 1];
  const strange = [-1, 0.5, 1e21, 1.7e308, 0.1 + 0.2, 1e-7];
  let looked = 0;
  for (const value of [...odd, ...strange, ...numbers(1, 5000, 53)]) {
    assert.equal(numbered(value, "putNumber"), JSON.stringify(value));
    const time = value / 1000;
    assert.equal(numbered(time, "putTime"), JSON.stringify(time));
    looked += 1;
  }
  assert(looked > 5000);
});

test("TextBytes: text as UTF-8, half of a pair as the sign for what can't be read", () => {
  for (const written of ["", "plain", "é߿ࠀ\uffff", "😀\u{10ffff}a", "\ud800", "a\udfffb"]) {
    const text = new TextBytes(1);
    text.putText(written);
    assert.deepEqual(text.view(), new TextEncoder().encode(written));
  }
});
