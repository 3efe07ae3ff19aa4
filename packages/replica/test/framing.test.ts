/** Frames: any cut of the stream gives the same payloads, and damage is found (N13, N14). */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { FRAME_HEADER_BYTES, FrameReader, writeFrame } from "../src/codec/framing.ts";

const LIMIT = 1000;
const FORMAT_PAGE = new URL("../../../../docs/reference/wire-format.md", import.meta.url);

function framesOf(payloads: readonly Uint8Array[]): Buffer {
  const bytes = payloads.reduce((sum, one) => sum + FRAME_HEADER_BYTES + one.length, 0);
  const stream = Buffer.alloc(bytes);
  let at = 0;
  for (const payload of payloads) at = writeFrame(stream, at, payload);
  assert.equal(at, bytes);
  return stream;
}

/** What a reader makes of `stream`, cut at `cuts`. */
function read(stream: Buffer, cuts: readonly number[], limit: number = LIMIT): Buffer[] {
  const payloads: Buffer[] = [];
  const reader = new FrameReader(limit, (payload) => payloads.push(Buffer.from(payload)));
  let from = 0;
  for (const to of [...cuts, stream.length]) {
    if (to > from) reader.push(Buffer.from(stream.subarray(from, to)));
    from = Math.max(from, to);
  }
  return payloads;
}

const payloads = fc.array(fc.uint8Array({ maxLength: 120 }), { maxLength: 12 });

test("FrameReader: any cut of the stream gives the same payloads", () => {
  fc.assert(
    fc.property(payloads, fc.array(fc.nat(1500), { maxLength: 40 }), (sent, cuts) => {
      const stream = framesOf(sent);
      const sorted = cuts.map((cut) => Math.min(cut, stream.length)).sort((a, b) => a - b);
      assert.deepEqual(
        read(stream, sorted),
        sent.map((one) => Buffer.from(one)),
      );
    }),
    { numRuns: 1000 },
  );
});

test("FrameReader: byte by byte gives the same payloads", () => {
  const sent = [Buffer.from("abc"), Buffer.alloc(0), Buffer.alloc(200, 7)];
  const stream = framesOf(sent);
  assert.deepEqual(read(stream, Array.from(stream.keys())), sent);
});

test("FrameReader: a cut stream gives the payloads that are whole and nothing of the rest", () => {
  const sent = [Buffer.from("first"), Buffer.from("second")];
  const stream = framesOf(sent);
  const firstBytes = FRAME_HEADER_BYTES + 5;
  for (let length = 0; length < stream.length; length++) {
    const expected = length < firstBytes ? [] : [sent[0]];
    assert.deepEqual(read(stream.subarray(0, length), []), expected, `${length} bytes`);
  }
});

test("FrameReader: every flipped bit of a frame is found, those of its head without the rest", () => {
  const stream = framesOf([Buffer.from("the only payload")]);
  for (let bit = 0; bit < stream.length * 8; bit++) {
    const damaged = Buffer.from(stream);
    damaged.writeUInt8(damaged.readUInt8(bit >>> 3) ^ (1 << (bit & 7)), bit >>> 3);
    const isInLength = bit < 64;
    const seen = isInLength ? damaged.subarray(0, FRAME_HEADER_BYTES) : damaged;
    assert.throws(() => read(seen, []), { code: "WIRE_BAD_FRAME", why: "checksum" }, `bit ${bit}`);
  }
});

test("FrameReader: a length that grew is found although what follows fits into it", () => {
  const both = framesOf([Buffer.alloc(20, 1), Buffer.alloc(20, 1)]);
  both.writeUInt32LE(20 + FRAME_HEADER_BYTES + 20, 0);
  assert.throws(() => read(both, []), { code: "WIRE_BAD_FRAME", why: "checksum" });
});

test("FrameReader: a frame above the limit is refused by its header alone", () => {
  const header = framesOf([Buffer.alloc(LIMIT + 1)]).subarray(0, FRAME_HEADER_BYTES);
  assert.throws(() => read(header, []), { code: "WIRE_BAD_FRAME", why: "oversize" });
  assert.deepEqual(read(framesOf([Buffer.alloc(LIMIT)]), []), [Buffer.alloc(LIMIT)]);
  const huge = Buffer.alloc(FRAME_HEADER_BYTES, 0xff);
  assert.throws(() => read(huge, [], 2 ** 31), { code: "WIRE_BAD_FRAME", why: "oversize" });
});

test("FrameReader: a frame in one piece is a view of it, not a copy", () => {
  const stream = framesOf([Buffer.from("abc")]);
  const seen: Uint8Array[] = [];
  new FrameReader(LIMIT, (payload) => seen.push(payload)).push(stream);
  assert.equal(seen[0]?.buffer, stream.buffer);
});

test("FrameReader: what waits for the rest of its frame never exceeds the limit", () => {
  const whole = framesOf([Buffer.alloc(LIMIT, 3)]);
  const reader = new FrameReader(LIMIT, () => {});
  let most = 0;
  for (let round = 0; round < 3; round++) {
    for (let at = 0; at < whole.length; at += 7) {
      reader.push(whole.subarray(at, at + 7));
      most = Math.max(most, reader.heldBytes);
    }
    assert.equal(reader.heldBytes, 0);
  }
  assert.ok(most > LIMIT - 7 && most < FRAME_HEADER_BYTES + LIMIT, `${most} bytes`);
});

test("a platform's own checksum makes the same frames and reads them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
      const own = framesOf([payload]);
      const native = Buffer.alloc(own.length);
      writeFrame(native, 0, payload, crc32);
      assert.deepEqual(native, own);
      const seen: Uint8Array[] = [];
      new FrameReader(LIMIT, (one) => seen.push(one), crc32).push(own);
      assert.deepEqual(seen, [payload]);
    }),
  );
});

test("writeFrame: the bytes are those of wire-format.md", () => {
  const frame = framesOf([Buffer.from([0x14, 0x00, 0x01, 0x02, 0x03])]);
  const dump = "05 00 00 00 2e 2f 9a 16 20 10 5f 31 14 00 01 02 03";
  assert.equal(frame.toString("hex"), dump.replaceAll(" ", ""));
  assert.ok(readFileSync(FORMAT_PAGE, "utf8").includes(`\n${dump}\n`));
});
