/** What `simulate` compares by, and what it holds clients' answers against. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "@holdfast/raft";
import fc from "fast-check";
import type { Chosen } from "../src/load/check-log.ts";
import { canonical, canonicalBytes, latin } from "../src/user/canonical.ts";
import { checkRequests, type UserRequest } from "../src/user/requests.ts";

const plain = fc.jsonValue({ maxDepth: 3 });

/** The same content, put together in the other order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, reversed(item)] as const);
  return Object.fromEntries(entries.reverse());
}

test("canonical: equal for equal content, whatever order it was built in", () => {
  fc.assert(
    fc.property(plain, (value) => {
      assert.equal(canonical(reversed(value)), canonical(value));
      const entries = Object.entries(value ?? {});
      assert.equal(canonical(new Map(entries.toReversed())), canonical(new Map(entries)));
      const items = entries.map(([, item]) => item);
      assert.equal(canonical(new Set(items.toReversed())), canonical(new Set(items)));
    }),
  );
});

test("canonical: different for different content", () => {
  fc.assert(
    fc.property(plain, plain, (one, other) => {
      const isSame = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
      assert.equal(canonical(one) === canonical(other), isSame);
    }),
  );
  const others = [
    undefined,
    null,
    0,
    1n,
    1,
    "1",
    Number.NaN,
    true,
    [],
    {},
    [1],
    new Map(),
    new Set(),
    new Map([[1, 2]]),
    new Set([1]),
    new Uint8Array([1]),
    new Uint16Array([1]),
    new Uint8Array([1, 0]).buffer,
    new Date(1),
    new Date(2),
    /a/,
    new RangeError("a"),
    new RangeError("b"),
    new (class Box {
      size = 1;
    })(),
    { size: 1 },
    Symbol("a"),
    () => 1,
  ];
  assert.equal(new Set(others.map(canonical)).size, others.length);
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value === 0 ? 0 : value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

test("canonical: JSON's losses that nobody sees don't count, circles and depths end", () => {
  assert.equal(canonical({ a: 1, b: undefined }), canonical({ a: 1 }));
  assert.equal(canonical(-0), canonical(0));
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  assert.equal(canonical(circle), `{"self":[circular]}`);
  let deep: unknown = 1;
  for (let depth = 0; depth < 1000; depth++) deep = [deep];
  assert.match(canonical(deep), /\[deeper\]/);
});

test("canonical: long texts are cut, and still told apart by their ends", () => {
  const long = "x".repeat(5000);
  const [one, other] = [canonical(`${long}1`), canonical(`${long}2`)];
  assert.ok(one.length < 2100);
  assert.match(one, /5003 characters, hash [0-9a-f]{16}/);
  assert.notEqual(one, other);
});

test("bytes read as text where they are some, else as numbers; latin keeps them apart", () => {
  assert.equal(canonicalBytes(new TextEncoder().encode(`{"a":1}`)), `{"a":1}`);
  assert.equal(canonicalBytes(new Uint8Array([0, 255])), "bytes(00ff)");
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
      assert.equal(latin(one) === latin(other), Buffer.compare(one, other) === 0);
    }),
  );
});

function request(text: string, answer: UserRequest["answer"]): UserRequest {
  return { command: text, bytes: new TextEncoder().encode(text), node: 1, answer };
}

function done(text: string, index: number, term = 1): UserRequest {
  return request(text, { kind: "ok", index, term, result: "null" });
}

function logOf(...texts: readonly string[]): Chosen {
  const entries = texts.map(
    (text, at): Entry => ({
      index: at + 1,
      term: 1,
      kind: "command",
      data: new TextEncoder().encode(text),
    }),
  );
  return { last: entries.length, at: (index) => entries[index - 1] };
}

test("answers are held against the log: done is there, refused is not, each has its place", () => {
  const check = (requests: readonly UserRequest[], chosen: Chosen): string | undefined =>
    checkRequests(requests, chosen)?.check;
  const open = request("a", { kind: "unknown" });
  const silent = request("a", undefined);
  const refused = request("a", { kind: "failed", reason: "no-leader" });

  assert.equal(check([done("a", 1), done("a", 2), refused], logOf("a", "a")), undefined);
  assert.equal(check([done("a", 1), open, silent], logOf("a", "a")), undefined);
  assert.equal(check([done("a", 2)], logOf("a")), "answer: done and not in the log");
  assert.equal(check([done("a", 1)], logOf("b")), "answer: done and not in the log");
  assert.equal(check([done("a", 1, 2)], logOf("a")), "answer: done and not in the log");
  const two = [done("a", 1), done("a", 1)];
  assert.equal(check(two, logOf("a")), "answer: one place for two commands");
  assert.equal(check([refused], logOf("a")), "answer: refused and in the log");
  assert.equal(check([done("a", 1)], logOf("a", "a")), "answer: refused and in the log");
});
