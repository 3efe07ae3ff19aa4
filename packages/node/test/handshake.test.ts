/** The handshake: what it carries, and every way in which bytes are not one. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import type { Lane } from "@holdfast/replica";
import {
  type Answer,
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  encodeHello,
  HANDSHAKE_BYTES,
  HandshakeError,
  HandshakeReader,
  type Verdict,
} from "../src/handshake.ts";

const FORMAT_PAGE = new URL("../../../../docs/reference/wire-format.md", import.meta.url);
const HELLO = { clusterId: 42, from: 3, to: 1, lane: "append" } as const;

const failsAs =
  (why: string) =>
  (error: unknown): boolean =>
    error instanceof HandshakeError && error.code === "WIRE_BAD_HANDSHAKE" && error.why === why;

/** A hello with bytes changed and the checksum made right again. */
function forged(change: (bytes: Buffer) => unknown): Buffer {
  const bytes = encodeHello(HELLO);
  change(bytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
  return bytes;
}

test("encodeHello and decodeHello: every field comes back", () => {
  const lanes: readonly Lane[] = ["vote", "append", "snapshot"];
  for (const lane of lanes) {
    for (const id of [1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const hello = { clusterId: id, from: id, to: id, lane };
      assert.deepEqual(decodeHello(encodeHello(hello)), hello);
    }
  }
});

test("encodeAnswer and decodeAnswer: every verdict comes back", () => {
  const verdicts: readonly Verdict[] = [
    "welcome",
    "other-version",
    "other-cluster",
    "other-node",
    "stranger",
  ];
  for (const verdict of verdicts) {
    const answer: Answer = { verdict, clusterId: 42, from: 1, to: 3 };
    assert.deepEqual(decodeAnswer(encodeAnswer(answer)), answer);
  }
});

test("encodeHello and encodeAnswer: the bytes are those of wire-format.md", () => {
  const page = readFileSync(FORMAT_PAGE, "utf8").replaceAll(/\s/g, "");
  const hello = encodeHello(HELLO).toString("hex");
  const welcome = encodeAnswer({ verdict: "welcome", clusterId: 42, from: 1, to: 3 });
  assert.equal(
    hello,
    "484f4c4446415354010002002a0000000000000003000000000000000100000000000000f4ffe047",
  );
  assert.ok(page.includes(hello + welcome.toString("hex")));
});

test("decodeHello: every flipped bit behind the magic is found", () => {
  const hello = encodeHello(HELLO);
  for (let bit = 64; bit < HANDSHAKE_BYTES * 8; bit++) {
    const damaged = Buffer.from(hello);
    damaged.writeUInt8(damaged.readUInt8(bit >>> 3) ^ (1 << (bit & 7)), bit >>> 3);
    assert.throws(() => decodeHello(damaged), failsAs(bit < 72 ? "other-version" : "damaged"));
  }
});

test("decodeHello: a right checksum does not help wrong fields", () => {
  assert.throws(() => decodeHello(forged((bytes) => bytes.writeUInt8(0, 10))), failsAs("damaged"));
  assert.throws(() => decodeHello(forged((bytes) => bytes.writeUInt8(4, 10))), failsAs("damaged"));
  assert.throws(() => decodeHello(forged((bytes) => bytes.writeUInt8(1, 11))), failsAs("damaged"));
  assert.throws(() => decodeHello(forged((bytes) => bytes.fill(255, 12, 20))), failsAs("damaged"));
  const answer = encodeAnswer({ verdict: "welcome", clusterId: 42, from: 1, to: 3 });
  assert.throws(() => decodeHello(answer), failsAs("damaged"));
  assert.throws(() => decodeAnswer(encodeHello(HELLO)), failsAs("damaged"));
});

test("HandshakeReader: gathers any pieces and hands on what follows", () => {
  const hello = encodeHello(HELLO);
  const stream = Buffer.concat([hello, Buffer.from("rest")]);
  for (let cut = 1; cut < stream.length; cut++) {
    const reader = new HandshakeReader();
    const early = reader.push(stream.subarray(0, cut));
    assert.equal(early !== undefined, cut >= HANDSHAKE_BYTES);
    const read = early ?? reader.push(stream.subarray(cut));
    assert.deepEqual(read?.handshake, hello);
    const follows = early === undefined ? "rest" : "rest".slice(0, cut - HANDSHAKE_BYTES);
    assert.equal(read?.rest.toString(), follows);
  }
});

test("HandshakeReader: refuses at the first byte that no handshake has there", () => {
  for (const text of ["G", "GET / HTTP/1.1", "HOLDFASS", "\0", "HO_"]) {
    const reader = new HandshakeReader();
    assert.throws(() => reader.push(Buffer.from(text, "latin1")), failsAs("not-a-peer"));
  }
});
