/** Revisions and ranges of the key-value map: etcd's rules, and a naive twin. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { KvStore, type RangeRequest } from "../src/kv-store.ts";
import { bytes, text } from "./text.ts";

const ALL: RangeRequest = {
  key: bytes("\0"),
  rangeEnd: bytes("\0"),
  limit: 0,
  keysOnly: false,
  countOnly: false,
};

function names(store: KvStore, request: Partial<RangeRequest>): string[] {
  return store.range({ ...ALL, rangeEnd: bytes(""), ...request }).pairs.map((p) => text(p.key));
}

function filled(...keys: string[]): KvStore {
  const store = new KvStore();
  for (const key of keys) store.put(bytes(key), bytes(`=${key}`));
  return store;
}

test("the store begins at revision 1 and each put adds one, an equal value too", () => {
  const store = new KvStore();
  assert.equal(store.revision, 1);
  assert.equal(store.put(bytes("a"), bytes("1")), undefined);
  assert.equal(store.revision, 2);
  assert.equal(store.put(bytes("a"), bytes("1"))?.version, 1);
  assert.equal(store.revision, 3);
});

test("a key counts its versions, keeps its create revision, and begins anew after a deletion", () => {
  const store = filled("a", "b");
  store.put(bytes("a"), bytes("2"));
  const [a] = store.range({ ...ALL, key: bytes("a"), rangeEnd: bytes("") }).pairs;
  assert.deepEqual([a?.createRevision, a?.modRevision, a?.version], [2, 4, 2]);

  store.deleteRange({ key: bytes("a"), rangeEnd: bytes("") });
  store.put(bytes("a"), bytes("3"));
  const [again] = store.range({ ...ALL, key: bytes("a"), rangeEnd: bytes("") }).pairs;
  assert.deepEqual([again?.createRevision, again?.modRevision, again?.version], [6, 6, 1]);
});

test("deleteRange takes one revision for all its keys and none when nothing matches", () => {
  const store = filled("a", "b", "c");
  assert.deepEqual(store.deleteRange({ key: bytes("x"), rangeEnd: bytes("z") }), []);
  assert.equal(store.revision, 4);
  const deleted = store.deleteRange({ key: bytes("a"), rangeEnd: bytes("c") });
  assert.deepEqual(
    deleted.map((p) => text(p.key)),
    ["a", "b"],
  );
  assert.equal(store.revision, 5);
  assert.deepEqual(names(store, { key: bytes("\0"), rangeEnd: bytes("\0") }), ["c"]);
});

test("range: a key alone, an interval, everything from a key, everything, an interval backwards", () => {
  const store = filled("a", "ab", "b", "c", "\xff\xff");
  assert.deepEqual(names(store, { key: bytes("a") }), ["a"]);
  assert.deepEqual(names(store, { key: bytes("aa") }), []);
  assert.deepEqual(names(store, { key: bytes("a"), rangeEnd: bytes("b") }), ["a", "ab"]);
  assert.deepEqual(names(store, { key: bytes("b"), rangeEnd: bytes("\0") }), [
    "b",
    "c",
    "\xff\xff",
  ]);
  assert.equal(names(store, { key: bytes("\0"), rangeEnd: bytes("\0") }).length, 5);
  assert.deepEqual(names(store, { key: bytes("c"), rangeEnd: bytes("a") }), []);
  assert.deepEqual(names(store, { key: bytes("c"), rangeEnd: bytes("c") }), []);
});

test("range: the limit cuts and says so, count tells the whole, keys and counts alone", () => {
  const store = filled("a", "b", "c");
  const two = store.range({ ...ALL, limit: 2 });
  assert.deepEqual([two.pairs.length, two.more, two.count], [2, true, 3]);
  const three = store.range({ ...ALL, limit: 3 });
  assert.deepEqual([three.pairs.length, three.more, three.count], [3, false, 3]);
  const keys = store.range({ ...ALL, keysOnly: true });
  assert.deepEqual(
    keys.pairs.map((p) => [text(p.key), p.value.length, p.version]),
    [
      ["a", 0, 1],
      ["b", 0, 1],
      ["c", 0, 1],
    ],
  );
  const count = store.range({ ...ALL, countOnly: true, limit: 1 });
  assert.deepEqual([count.pairs, count.count, count.more], [[], 3, false]);
});
