/** The wire codec: round trips, golden bytes, sizes, and bytes that are no packet. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Entry, InvariantError, isCount, isNodeId } from "@holdfast/raft";
import { CodecError, decodePacket, encodePacket, laneOf, type Packet } from "@holdfast/replica";
import { golden } from "@holdfast/testkit";
import fc from "fast-check";
import { FROM, packet, SAMPLES, TO } from "./codec-packets.ts";

const GOLDEN = new URL("../../testdata/wire-packets.txt", import.meta.url);
const FORMAT_PAGE = new URL("../../../../docs/reference/wire-format.md", import.meta.url);

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Decodes, or says that the codec refused; anything else that is thrown fails the test. */
function tryDecode(bytes: Uint8Array): Packet | undefined {
  try {
    return decodePacket(bytes, FROM, TO);
  } catch (error) {
    if (error instanceof CodecError && error.code === "WIRE_MALFORMED") return undefined;
    throw error;
  }
}

const REASONS = [
  "",
  "not-leader",
  "too-much-uncommitted",
  "too-large",
  "malformed",
  "impossible",
  "unknown",
];

/** Every field of the right type and range, whatever the bytes were. */
function assertWellTyped(packet: Packet): void {
  assert.equal(packet.from, FROM);
  assert.equal(packet.to, TO);
  for (const [field, value] of Object.entries(packet)) {
    if (typeof value === "number") assert.ok(isCount(value), `${field} is ${value}`);
    else if (field === "data" || field === "command") assert.ok(value instanceof Uint8Array);
    else if (field === "reason") assert.ok(REASONS.includes(value));
    else if (field === "entries") value.forEach(assertWellTypedEntry);
    else if (field === "members") assert.ok(value.voters.every(isNodeId));
    else assert.ok(field === "kind" || typeof value === "boolean", `${field} is ${typeof value}`);
  }
  if (packet.kind === "append-request") {
    assert.ok(packet.entries.every((entry, i) => entry.index === packet.prevIndex + 1 + i));
  }
}

function assertWellTypedEntry(entry: Entry): void {
  assert.ok(isCount(entry.index) && isCount(entry.term));
  assert.ok(["command", "noop", "members"].includes(entry.kind));
  assert.ok(entry.data instanceof Uint8Array);
}

test("encodePacket and decodePacket: any packet comes back as it was", () => {
  fc.assert(
    fc.property(packet, (sent) => {
      const bytes = encodePacket(sent);
      assert.deepStrictEqual(decodePacket(bytes, FROM, TO), sent);
    }),
    { numRuns: 2000 },
  );
});

test("encodePacket: outputs share no memory with each other or with the input", () => {
  fc.assert(
    fc.property(fc.array(packet, { minLength: 2, maxLength: 20 }), (packets) => {
      const encoded = packets.map((one) => encodePacket(one));
      const before = encoded.map(hex);
      for (const bytes of encoded.slice(1)) bytes.fill(0xff);
      assert.equal(hex(encoded[0] ?? new Uint8Array()), before[0]);
      const again = packets.map((one) => hex(encodePacket(one)));
      assert.deepEqual(again, before);
    }),
    { numRuns: 200 },
  );
});

test("decodePacket: payloads are views into the packet", () => {
  const bytes = encodePacket({
    kind: "forward-request",
    from: FROM,
    to: TO,
    id: 1,
    term: 2,
    command: Uint8Array.of(1, 2, 3),
  });
  const decoded = decodePacket(bytes, FROM, TO);
  assert.equal(decoded.kind, "forward-request");
  bytes[bytes.length - 1] = 9;
  assert.deepEqual(decoded.kind === "forward-request" && decoded.command, Uint8Array.of(1, 2, 9));
});

test("decodePacket: every kind is built with its fields in the order of the contract", () => {
  const kinds = new Set<string>();
  for (const [, sample] of SAMPLES) {
    const decoded = decodePacket(encodePacket(sample), FROM, TO);
    assert.deepEqual(Object.keys(decoded), Object.keys(sample));
    kinds.add(sample.kind);
  }
  assert.equal(kinds.size, 8);
});

test("encodePacket: golden bytes of every kind", () => {
  const text = SAMPLES.map(([name, sample]) => `${name}\n  ${hex(encodePacket(sample))}\n`).join(
    "",
  );
  golden("wire packets", text, GOLDEN);
});

test("wire-format.md shows the golden bytes", () => {
  const page = readFileSync(FORMAT_PAGE, "utf8");
  const dumps = readFileSync(GOLDEN, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("  "));
  assert.equal(dumps.length, SAMPLES.length);
  for (const dump of dumps) assert.ok(page.includes(dump.trim()), `not in the page: ${dump}`);
});

test("decodePacket: every cut and every changed byte is refused or read as another packet", () => {
  let cuts = 0;
  let refused = 0;
  let readAsAnother = 0;
  for (const [, sample] of SAMPLES) {
    const whole = encodePacket(sample);
    for (let length = 0; length < whole.length; length++) {
      assert.equal(tryDecode(whole.slice(0, length)), undefined, `cut at ${length}`);
      cuts++;
    }
    assert.equal(tryDecode(Uint8Array.of(...whole, 0)), undefined, "one byte too many");
    for (let at = 0; at < whole.length; at++) {
      for (let flip = 1; flip < 256; flip++) {
        const changed = whole.slice();
        changed[at] = (whole[at] ?? 0) ^ flip;
        const decoded = tryDecode(changed);
        if (decoded === undefined) {
          refused++;
          continue;
        }
        readAsAnother++;
        assertWellTyped(decoded);
        assert.equal(hex(encodePacket(decoded)), hex(changed), "one packet has one spelling");
      }
    }
  }
  assert.ok(cuts > 100, `${cuts} cuts`);
  assert.ok(refused > 1000 && readAsAnother > 1000, `${refused} refused, ${readAsAnother} read`);
});

test("decodePacket: random bytes are refused or read as the one packet that they spell", () => {
  const body = fc.uint8Array({ maxLength: 60 });
  const head = fc.oneof(fc.integer({ min: 0x11, max: 0x18 }), fc.nat(255));
  fc.assert(
    fc.property(head, body, (first, rest) => {
      const bytes = Uint8Array.of(first, ...rest);
      const decoded = tryDecode(bytes);
      if (decoded === undefined) return;
      assertWellTyped(decoded);
      assert.equal(hex(encodePacket(decoded)), hex(bytes));
    }),
    { numRuns: 20_000 },
  );
});

const MAX_COUNT = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];

const REFUSED: readonly (readonly [string, RegExp, readonly number[]])[] = [
  ["nothing at all", /ends too early/, []],
  ["version 0", /Unknown packet version/, [0x01]],
  ["version 2", /Unknown packet version/, [0x21]],
  ["kind 0", /Unknown packet kind/, [0x10]],
  ["kind 9", /Unknown packet kind/, [0x19]],
  ["a flag nobody has defined", /Unknown flag/, [0x12, 0x04, 1, 0]],
  ["a number above 2^53 - 1", /out of range/, [0x17, ...MAX_COUNT.slice(0, 7), 0x10, 0]],
  ["a number of nine bytes", /out of range/, [0x17, ...MAX_COUNT.slice(0, 7), 0x80, 0]],
  ["a number with a needless zero byte", /longer spelling/, [0x17, 0x81, 0x00, 0]],
  ["a difference with a needless byte", /longer spelling/, [0x12, 0, 5, 0x80, 0x00]],
  ["a difference of minus zero", /longer spelling/, [0x12, 0, 5, 0x01]],
  ["a difference below zero", /out of range/, [0x12, 0, 0, 0x03]],
  ["a difference above 2^53 - 1", /out of range/, [0x12, 0, ...MAX_COUNT, 0x02]],
  ["a payload longer than the packet", /exceeds the packet/, [0x17, 1, 1, 0xff, 0xff, 0xff, 0x7f]],
  ["more entries than can follow", /exceeds the packet/, [0x13, 1, 1, 0, 0, 0, 0x7f, 0, 0]],
  ["an index past 2^53 - 1", /out of range/, [0x13, 1, 1, ...MAX_COUNT, 0, 1 << 7, 1, 1, 0, 0]],
  ["entry kind 3", /Unknown entry kind/, [0x13, 1, 1, 0, 0, 0, 1, 3, 0]],
  ["another term that is the same", /longer spelling/, [0x13, 1, 1, 0, 0, 0, 1, 4, 0, 0]],
  ["a hint flagged and zero", /flagged and zero/, [0x14, 0b10, 1, 1, 1, 0]],
  ["members without voters", /without voters/, [0x15, 0, 1, 1, 1, 0, 0, 0, 0]],
  ["the same voter twice", /does not rise/, [0x15, 0, 1, 1, 1, 0, 2, 1, 0, 0, 0]],
  ["reason 7", /Unknown reason/, [0x18, 0, 7, 0, 0, 0, 0]],
  ["a byte behind the end", /goes on after its end/, [0x17, 1, 1, 0, 0]],
];

for (const [what, message, bytes] of REFUSED) {
  test(`decodePacket: refuses ${what}`, () => {
    assert.throws(
      () => decodePacket(Uint8Array.from(bytes), FROM, TO),
      (error) => error instanceof CodecError && message.test(error.message),
    );
  });
}

test("encodePacket: the bytes spent on everything but payload stay small", () => {
  const heartbeat = (term: number, seq: number, index: number): Packet => ({
    kind: "append-request",
    from: FROM,
    to: TO,
    term,
    seq,
    prevIndex: index,
    prevTerm: term,
    commit: index,
    entries: [],
  });
  assert.equal(encodePacket(heartbeat(1, 1, 1)).length, 7);
  assert.equal(encodePacket(heartbeat(100, 2_000_000, 200_000_000)).length, 12);

  const response = encodePacket({
    kind: "append-response",
    from: FROM,
    to: TO,
    term: 100,
    seq: 2_000_000,
    accepted: true,
    index: 200_000_000,
    hintTerm: 0,
  });
  assert.equal(response.length, 10);

  const batch = (entryCount: number, dataBytes: number): number => {
    const entries: Entry[] = [];
    for (let index = 8; index < 8 + entryCount; index++) {
      entries.push({ index, term: 5, kind: "command", data: new Uint8Array(dataBytes) });
    }
    return encodePacket({ ...heartbeat(5, 1, 7), kind: "append-request", entries } as Packet)
      .length;
  };
  assert.equal(batch(65, 100) - batch(64, 100), 100 + 2);
  assert.equal(batch(65, 1000) - batch(64, 1000), 1000 + 3);
  assert.equal(batch(65, 100_000) - batch(64, 100_000), 100_000 + 4);
});

test("encodePacket: numbers and entries that no packet can carry are a bug of the caller", () => {
  const request = {
    kind: "append-request",
    from: FROM,
    to: TO,
    term: 1,
    seq: 1,
    prevIndex: 5,
    prevTerm: 1,
    commit: 5,
    entries: [],
  } as const;
  const gap: Entry = { index: 7, term: 1, kind: "noop", data: new Uint8Array(0) };
  assert.throws(() => encodePacket({ ...request, entries: [gap] }), InvariantError);
  for (const term of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
    assert.throws(() => encodePacket({ ...request, term }), InvariantError);
    assert.throws(() => encodePacket({ ...request, prevTerm: term }), InvariantError);
  }
});

test("laneOf: votes and snapshots travel apart from the log", () => {
  const lanes = Object.fromEntries(SAMPLES.map(([, sample]) => [sample.kind, laneOf(sample)]));
  assert.deepEqual(lanes, {
    "vote-request": "vote",
    "vote-response": "vote",
    "append-request": "append",
    "append-response": "append",
    "snapshot-request": "snapshot",
    "snapshot-response": "snapshot",
    "forward-request": "append",
    "forward-response": "append",
  });
});
