/** The checker on histories that a person can judge. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AppendListInput,
  type AppendListOutput,
  appendList,
  type CheckResult,
  check,
  History,
  type KeyValueInput,
  keyValue,
  type Model,
  type RegisterInput,
  register,
  type Scalar,
  UNKNOWN,
} from "@holdfast/linearizability";

const READ: RegisterInput = { kind: "read" };
const write = (value: Scalar): RegisterInput => ({ kind: "write", value });

/** Call, return (undefined: unknown), input, output; one client each. */
type Row<Input, Output> = readonly [number, number | undefined, Input, Output];

function recorded<Input, Output>(rows: readonly Row<Input, Output>[]): History<Input, Output> {
  const history = new History<Input, Output>();
  for (const [i, [call, end, input, output]] of rows.entries()) {
    const id = history.invoke(i, input, call);
    if (end !== undefined) history.ok(id, output, end);
  }
  return history;
}

function textOf(result: CheckResult<unknown, unknown>): string {
  assert.equal(result.verdict, "not-linearizable");
  return result.verdict === "not-linearizable" ? result.counterexample.text : "";
}

test("check: an empty history is linearizable, and says that it looked at nothing", () => {
  const result = check(register(), new History<RegisterInput, Scalar>());
  const stats = { operations: 0, partitions: 0, configurations: 0, steps: 0 };
  assert.deepEqual(result, { verdict: "linearizable", order: [], stats });
});

test("check: a read that overlaps a write may see it or not, later ones must", () => {
  const seen = [
    [0, 9, write(1), null],
    [1, 2, READ, null],
    [3, 4, READ, 1],
  ] as const;
  assert.equal(check(register(), recorded<RegisterInput, Scalar>(seen)).verdict, "linearizable");
  const back = [
    [0, 9, write(1), null],
    [1, 2, READ, 1],
    [3, 4, READ, null],
  ] as const;
  assert.equal(
    check(register(), recorded<RegisterInput, Scalar>(back)).verdict,
    "not-linearizable",
  );
});

test("check: operations that touch in time overlap: intervals are closed", () => {
  const touching = [
    [0, 5, write(1), null],
    [5, 6, READ, null],
  ] as const;
  const apart = [
    [0, 5, write(1), null],
    [6, 7, READ, null],
  ] as const;
  const verdictOf = (rows: readonly Row<RegisterInput, Scalar>[]): string =>
    check(register(), recorded(rows)).verdict;
  assert.equal(verdictOf(touching), "linearizable");
  assert.equal(verdictOf(apart), "not-linearizable");
});

test("check: a write of unknown outcome may come late, once, or never", () => {
  const late = [
    [0, undefined, write(1), null],
    [1, 2, READ, null],
    [8, 9, READ, 1],
  ] as const;
  const result = check(register(), recorded<RegisterInput, Scalar>(late));
  assert.deepEqual(result.verdict === "linearizable" && result.order, [1, 0, 2]);
  const never = [
    [0, undefined, write(1), null],
    [1, 2, READ, null],
  ] as const;
  const without = check(register(), recorded<RegisterInput, Scalar>(never));
  assert.deepEqual(without.verdict === "linearizable" && without.order, [1]);
  const twice = [
    [0, undefined, write(1), null],
    [1, 2, READ, 1],
    [3, 4, write(2), null],
    [5, 6, READ, 1],
  ] as const;
  const again = check(register(), recorded<RegisterInput, Scalar>(twice));
  assert.equal(again.verdict, "not-linearizable");
});

test("check: a failed operation had no effect", () => {
  const history = new History<RegisterInput, Scalar>();
  history.fail(history.invoke(0, write(1), 0), 1);
  history.ok(history.invoke(0, READ, 2), 1, 3);
  assert.equal(check(register(), history).verdict, "not-linearizable");
});

test("check: a stale read is shown with the read that it contradicts, and both puts", () => {
  const rows: Row<KeyValueInput, Scalar>[] = [
    [1, 2, { kind: "put", key: "x", value: "a" }, null],
    [3, 4, { kind: "put", key: "x", value: "b" }, null],
    [5, 6, { kind: "get", key: "x" }, "b"],
    [7, 8, { kind: "get", key: "y" }, null],
    [9, 10, { kind: "get", key: "x" }, "a"],
  ];
  const lines = [
    'Not linearizable: key-value "x", no order explains 2 operations, whatever the other 2 did',
    "",
    '  client 0  |.|              put(x, "a") -> ?',
    '  client 1      |.|          put(x, "b") -> ?',
    '  client 2          |-|      get(x) -> "b"',
    '  client 4              |-|  get(x) -> "a"',
    "",
    'The longest order that works: put(x, "b") -> ?, get(x) -> "b"',
    'It leads to: "b"',
    `What doesn't fit: get(x) -> "a"`,
  ];
  assert.equal(textOf(check(keyValue(), recorded(rows))), lines.join("\n"));
});

test("check: an append that was acknowledged and is lost is found", () => {
  const rows: Row<AppendListInput, AppendListOutput>[] = [
    [1, 2, { kind: "append", key: "x", value: 1 }, null],
    [3, 4, { kind: "append", key: "x", value: 2 }, null],
    [5, 6, { kind: "append", key: "x", value: 3 }, null],
    [7, 8, { kind: "read", key: "x" }, [1, 3]],
  ];
  const text = textOf(check(appendList(), recorded(rows)));
  assert.match(text, /append\(x, 2\)$/m);
  assert.match(text, /read\(x\) -> \[1, 3\]$/m);
  assert.match(text, /no order explains 2 operations/);
});

test("check: two reads that saw different orders of a list are both shown", () => {
  const rows: Row<AppendListInput, AppendListOutput>[] = [
    [0, 9, { kind: "append", key: "x", value: 1 }, null],
    [0, 9, { kind: "append", key: "x", value: 2 }, null],
    [1, 8, { kind: "read", key: "x" }, [1, 2]],
    [1, 8, { kind: "read", key: "x" }, [2, 1]],
  ];
  const result = check(appendList(), recorded(rows));
  assert.equal(result.verdict, "not-linearizable");
  if (result.verdict !== "not-linearizable") return;
  assert.deepEqual(
    result.counterexample.operations.map(({ id }) => id),
    [2, 3],
  );
});

/** A queue whose `pop` may give nothing back: a model of one's own, without short cuts. */
type QueueInput = { readonly push: string } | "pop";
const queue: Model<QueueInput, string, readonly string[]> = {
  name: "queue",
  init: () => [],
  step(state, input, output) {
    if (input !== "pop") return [...state, input.push];
    const [first = "", ...rest] = state;
    return output === UNKNOWN || output === first ? rest : undefined;
  },
  key: (state) => JSON.stringify(state),
  describe: (input, output) => `${JSON.stringify(input)} -> ${String(output)}`,
  show: (state) => state.join(" "),
};

test("check: a model of one's own, with outputs that nobody saw", () => {
  const rows: Row<QueueInput, string>[] = [
    [1, 2, { push: "a" }, ""],
    [3, 4, { push: "b" }, ""],
    [5, undefined, "pop", ""],
    [6, 7, "pop", "b"],
    [8, 9, "pop", ""],
  ];
  assert.equal(check(queue, recorded(rows)).verdict, "linearizable");
  const result = check(queue, recorded(rows.toSpliced(2, 1)));
  assert.equal(result.verdict, "not-linearizable");
});

test("check: a spent budget is no verdict, and says which partitions have none", () => {
  const rows: Row<KeyValueInput, Scalar>[] = [];
  for (let i = 0; i < 20; i++) {
    rows.push([0, 100, { kind: "put", key: "busy", value: i }, null]);
  }
  rows.push([200, 201, { kind: "get", key: "busy" }, "never put"]);
  rows.push([200, 201, { kind: "get", key: "calm" }, null]);
  const history = recorded(rows);
  for (const budget of [{ configurationsMax: 1000 }, { stepsMax: 1000 }, { isSpent: () => true }]) {
    const result = check(keyValue(), history, { budget });
    assert.equal(result.verdict, "undecided");
    assert.deepEqual(result.verdict === "undecided" && result.partitions, ["busy"]);
  }
});

test("check: a fault in one partition counts more than an open question in another", () => {
  const rows: Row<KeyValueInput, Scalar>[] = [];
  for (let i = 0; i < 20; i++) {
    rows.push([0, 100, { kind: "put", key: "busy", value: i }, null]);
  }
  rows.push([200, 201, { kind: "get", key: "busy" }, "never put"]);
  rows.push([200, 201, { kind: "get", key: "wrong" }, "never put"]);
  const budget = { configurationsMax: 1000 };
  const text = textOf(check(keyValue(), recorded(rows), { budget }));
  assert.match(text, /key-value "wrong"/);
});
