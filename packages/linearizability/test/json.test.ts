/** Histories as JSON: what goes out comes in, and what is no history is refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  appendList,
  exportHistory,
  History,
  importHistory,
  keyValue,
  register,
} from "@holdfast/linearizability";
import { simulateKeyValue } from "./simulated.ts";

test("exportHistory: what is exported is imported the same", () => {
  const workload = { seed: 3, operations: 300, clients: 5, keys: 3, unknownPerMille: 100 };
  const history = simulateKeyValue(workload);
  history.fail(history.invoke("late", { kind: "get", key: "k1" }));
  history.invoke("never", { kind: "get", key: "k1" });
  const text = exportHistory("key-value", history);
  assert.deepEqual(importHistory(keyValue(), text).operations, history.operations);
  assert.equal(exportHistory("key-value", importHistory(keyValue(), text)), text);
});

test("exportHistory: the format is the one that the README describes", () => {
  const history = new History<unknown, unknown>();
  history.ok(history.invoke("a", { kind: "append", key: "x", value: 1 }, 1), null, 2);
  history.unknown(history.invoke(7, { kind: "append", key: "x", value: 2 }, 3));
  history.ok(history.invoke("a", { kind: "read", key: "x" }, 5), [1, 2], 6);
  const text = exportHistory("append-list", history);
  assert.deepEqual(JSON.parse(text), {
    format: "holdfast-history",
    version: 1,
    model: "append-list",
    operations: [
      {
        id: 0,
        client: "a",
        call: 1,
        input: { kind: "append", key: "x", value: 1 },
        outcome: "ok",
        return: 2,
        output: null,
      },
      {
        id: 1,
        client: 7,
        call: 3,
        input: { kind: "append", key: "x", value: 2 },
        outcome: "unknown",
        return: 4,
      },
      {
        id: 2,
        client: "a",
        call: 5,
        input: { kind: "read", key: "x" },
        outcome: "ok",
        return: 6,
        output: [1, 2],
      },
    ],
  });
  assert.deepEqual(importHistory(appendList(), text).operations, history.operations);
});

const GOOD = {
  format: "holdfast-history",
  version: 1,
  model: "register",
  operations: [
    { id: 0, client: 0, call: 1, input: { kind: "read" }, outcome: "ok", return: 2, output: 5 },
  ],
};
const ONE = GOOD.operations[0];

test("HISTORY_FORMAT: the base of the cases below is good", () => {
  assert.equal(importHistory(register(), JSON.stringify(GOOD)).operations.length, 1);
});

const BAD: readonly (readonly [what: string, root: unknown, message: RegExp])[] = [
  ["another format", { ...GOOD, format: "x" }, /format is not holdfast-history but "x"/],
  ["a list", [GOOD], /format is not holdfast-history but missing/],
  ["a later version", { ...GOOD, version: 2 }, /version is not 1 but 2/],
  ["another model", { ...GOOD, model: "queue" }, /model is not register but "queue"/],
  ["no operations", { ...GOOD, operations: {} }, /no list of operations/],
  ["an id twice", { ...GOOD, operations: [ONE, ONE] }, /same id/],
  ["no operation", { ...GOOD, operations: [3] }, /place 0: the id is missing/],
  ["a negative id", { ...GOOD, operations: [{ ...ONE, id: -1 }] }, /the id is -1/],
  ["no client", { ...GOOD, operations: [{ ...ONE, client: null }] }, /the client is null/],
  ["no call", { ...GOOD, operations: [{ ...ONE, call: "1" }] }, /the call is "1"/],
  ["an input", { ...GOOD, operations: [{ ...ONE, input: { kind: "pop" } }] }, /knows no input/],
  ["an output", { ...GOOD, operations: [{ ...ONE, output: [] }] }, /the outcome is/],
  ["no return", { ...GOOD, operations: [{ ...ONE, return: null }] }, /the outcome is/],
  ["an outcome", { ...GOOD, operations: [{ ...ONE, outcome: "so-so" }] }, /the outcome is/],
  ["an early return", { ...GOOD, operations: [{ ...ONE, return: 0 }] }, /before its call/],
];

for (const [what, root, message] of BAD) {
  test(`HISTORY_FORMAT: ${what} is refused`, () => {
    const read = (): unknown => importHistory(register(), JSON.stringify(root));
    assert.throws(read, { name: "HistoryFormatError", code: "HISTORY_FORMAT", message });
  });
}

test("HISTORY_FORMAT: what is no JSON is refused, with the cause", () => {
  assert.throws(
    () => importHistory(register(), "{"),
    (error: Error) => error.cause instanceof SyntaxError && /not JSON/.test(error.message),
  );
});

test("importHistory: each model knows its inputs", () => {
  const inputs = {
    register: [{ kind: "read" }, { kind: "write", value: 1 }, { kind: "cas", from: null, to: 1 }],
    keyValue: [
      { kind: "get", key: "x" },
      { kind: "put", key: "x", value: "1" },
      { kind: "delete", key: "x" },
      { kind: "cas", key: "x", from: true, to: 1 },
    ],
    appendList: [
      { kind: "append", key: "x", value: 1 },
      { kind: "read", key: "x" },
    ],
  };
  const none: unknown[] = [null, 3, "read", [], { kind: "x", key: "x" }, { kind: "write" }];
  none.push({ kind: "put", key: "x", value: [] }, { kind: "get", key: 3 });
  for (const input of inputs.register) assert.ok(register().isInput(input));
  for (const input of inputs.keyValue) assert.ok(keyValue().isInput(input));
  for (const input of inputs.appendList) assert.ok(appendList().isInput(input));
  for (const input of none) {
    assert.ok(!register().isInput(input) && !keyValue().isInput(input));
    assert.ok(!appendList().isInput(input));
  }
});
