/** The checker against brute force, on thousands of small random histories. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AppendListInput,
  type AppendListOutput,
  appendList,
  check,
  exportHistory,
  History,
  type KeyValueInput,
  keyValue,
  type Model,
  type RegisterInput,
  register,
  type Scalar,
} from "@holdfast/linearizability";
import fc from "fast-check";
import { faultOf, isExplainedByForce, isLinearizableByForce } from "./brute-force.ts";

/** A draw of an operation: input, output, when it is called, how long it takes, how it ends. */
interface Drawn<Input, Output> {
  readonly client: number;
  readonly input: Input;
  readonly output: Output;
  readonly call: number;
  readonly takes: number;
  readonly ends: "ok" | "failed" | "unknown" | "pending";
}

function histories<Input, Output>(
  asked: fc.Arbitrary<{ input: Input; output: Output }>,
): fc.Arbitrary<History<Input, Output>> {
  const times = fc.record({
    client: fc.nat(4),
    call: fc.nat(12),
    takes: fc.nat(8),
    ends: fc.constantFrom("ok", "ok", "ok", "ok", "ok", "ok", "unknown", "pending", "failed"),
  });
  const one = fc.tuple(asked, times).map(([io, time]) => ({ ...io, ...time }));
  return fc.array(one, { minLength: 1, maxLength: 7 }).map(record);
}

function record<Input, Output>(drawn: readonly Drawn<Input, Output>[]): History<Input, Output> {
  const history = new History<Input, Output>();
  for (const { client, input, output, call, takes, ends } of drawn) {
    const id = history.invoke(client, input, call);
    if (ends === "ok") history.ok(id, output, call + takes);
    if (ends === "failed") history.fail(id, call + takes);
    if (ends === "unknown") history.unknown(id, call + takes);
  }
  return history;
}

/** Checks a number of histories both ways, and that both verdicts occur often. */
function agree<Input, Output, State>(
  model: Model<Input, Output, State>,
  asked: fc.Arbitrary<{ input: Input; output: Output }>,
  numRuns: number,
): void {
  const seen = { legal: 0, illegal: 0 };
  const property = fc.property(histories(asked), (history) => {
    const text = exportHistory(model.name, history);
    const result = check(model, history);
    const isLegal = isLinearizableByForce(model, history);
    assert.equal(result.verdict, isLegal ? "linearizable" : "not-linearizable", text);
    seen[isLegal ? "legal" : "illegal"] += 1;
    if (result.verdict === "linearizable") {
      assert.equal(faultOf(model, history, result.order), undefined, text);
    } else if (result.verdict === "not-linearizable") {
      const { operations } = result.counterexample;
      assert.equal(isLinearizableByForce(model, { operations }), false, text);
      assert.equal(isExplainedByForce(model, history, operations), false, text);
      assert.equal(check(model, result.counterexample).verdict, "not-linearizable");
    }
  });
  fc.assert(property, { numRuns, includeErrorInReport: true });
  assert.ok(Math.min(seen.legal, seen.illegal) > numRuns / 10, JSON.stringify(seen));
}

const value = fc.nat(2);
const maybe = fc.constantFrom<Scalar>(null, 0, 1, 2);

const readRegister = fc.record({
  input: fc.constant<RegisterInput>({ kind: "read" }),
  output: maybe,
});
const writeRegister = fc.record({
  input: value.map((n): RegisterInput => ({ kind: "write", value: n })),
  output: fc.constant<Scalar>(null),
});

test("a register: 4,000 histories, each verdict as by brute force, each order checked", () => {
  const asked = fc.oneof(
    readRegister,
    writeRegister,
    fc.record({
      input: fc.tuple(maybe, value).map(([from, to]): RegisterInput => ({ kind: "cas", from, to })),
      output: fc.boolean() as fc.Arbitrary<Scalar>,
    }),
  );
  agree(register(), asked, 4000);
});

test("a key-value store: 4,000 histories, each verdict as by brute force, each order checked", () => {
  const key = fc.constantFrom("x", "y");
  const asked = fc.oneof(
    fc.record({ input: key.map((k): KeyValueInput => ({ kind: "get", key: k })), output: maybe }),
    fc.record({
      input: fc
        .tuple(key, value)
        .map(([k, n]): KeyValueInput => ({ kind: "put", key: k, value: n })),
      output: fc.constant<Scalar>(null),
    }),
    fc.record({
      input: key.map((k): KeyValueInput => ({ kind: "delete", key: k })),
      output: fc.constantFrom<Scalar>(null, true, false),
    }),
    fc.record({
      input: fc
        .tuple(key, maybe, value)
        .map(([k, from, to]): KeyValueInput => ({ kind: "cas", key: k, from, to })),
      output: fc.boolean() as fc.Arbitrary<Scalar>,
    }),
  );
  agree(keyValue(), asked, 4000);
});

test("append lists: 4,000 histories, each verdict as by brute force, each order checked", () => {
  const key = fc.constantFrom("x", "x", "y");
  const lists = fc.array(value, { maxLength: 3 });
  const asked = fc.oneof(
    fc.record({
      input: fc
        .tuple(key, value)
        .map(([k, n]): AppendListInput => ({ kind: "append", key: k, value: n })),
      output: fc.constant<AppendListOutput>(null),
    }),
    fc.record({
      input: key.map((k): AppendListInput => ({ kind: "read", key: k })),
      output: lists as fc.Arbitrary<AppendListOutput>,
    }),
  );
  agree(appendList(), asked, 4000);
});

test("without foresight and partitions the verdicts are the same", () => {
  const { foresee: _foresee, ...plain } = register();
  agree(plain, fc.oneof(readRegister, writeRegister), 2000);
});
