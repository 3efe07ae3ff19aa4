/** The recorder: what it keeps, and how it is misused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { History, type RegisterInput, type Scalar } from "@holdfast/linearizability";

const READ: RegisterInput = { kind: "read" };

test("History: keeps operations in the order of invocation, with their outcomes", () => {
  const history = new History<RegisterInput, Scalar>();
  const first = history.invoke("a", READ, 10);
  const second = history.invoke("b", READ, 5);
  const third = history.invoke("c", READ, 12);
  const fourth = history.invoke("d", READ, 13);
  history.ok(second, 3, 20);
  history.fail(first, 21);
  history.unknown(third, 22);
  assert.deepEqual(
    history.operations.map(({ id, client, call, outcome }) => [id, client, call, outcome]),
    [
      [first, "a", 10, { kind: "failed", at: 21 }],
      [second, "b", 5, { kind: "ok", output: 3, at: 20 }],
      [third, "c", 12, { kind: "unknown", at: 22 }],
      [fourth, "d", 13, { kind: "unknown", at: undefined }],
    ],
  );
});

test("History: without times, each event comes after the one before", () => {
  const history = new History<RegisterInput, Scalar>();
  const first = history.invoke(0, READ);
  history.ok(first, null);
  const second = history.invoke(0, READ);
  const [a, b] = history.operations;
  assert.equal(second, 1);
  assert.ok(a?.outcome.kind === "ok" && b !== undefined && a.call < a.outcome.at);
  assert.ok(a.outcome.at < b.call);
});

test("HISTORY_MISUSE: what no history can come of is refused by name", () => {
  const history = new History<RegisterInput, Scalar>();
  const id = history.invoke(0, READ, 7);
  const misuses: readonly [() => unknown, RegExp][] = [
    [() => history.ok(99, null), /No operation has the id 99/],
    [() => history.ok(id, null, 6), /Operation 0 returns at 6, before its call at 7/],
    [() => history.invoke(0, READ, Number.NaN), /The time NaN is not a finite number/],
  ];
  for (const [misuse, message] of misuses) {
    assert.throws(misuse, { name: "HistoryUseError", code: "HISTORY_MISUSE", message });
  }
  history.fail(id, 8);
  assert.throws(() => history.ok(id, null), { code: "HISTORY_MISUSE", message: /reported before/ });
});
