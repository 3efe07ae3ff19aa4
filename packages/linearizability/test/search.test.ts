/** The two ways of searching, where many outcomes are unknown: both must be right. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { History, type RegisterInput, register, type Scalar } from "@holdfast/linearizability";
import { makeProblem } from "../src/problem.ts";
import { Search } from "../src/search.ts";
import { faultOf, isLinearizableByForce } from "./brute-force.ts";
import { Draws } from "./simulated.ts";

const LIMITS = {
  configurationsMax: Number.POSITIVE_INFINITY,
  stepsMax: Number.POSITIVE_INFINITY,
  isSpent: () => false,
};

function drawInput(draws: Draws): RegisterInput {
  const value = draws.below(3);
  const kind = draws.below(5);
  if (kind < 2) return { kind: "read" };
  return kind < 4 ? { kind: "write", value } : { kind: "cas", from: draws.below(3), to: value };
}

/** Half of the outcomes are unknown. */
function drawHistory(seed: number): History<RegisterInput, Scalar> {
  const draws = new Draws(seed);
  const history = new History<RegisterInput, Scalar>();
  for (let i = 0; i < 8; i++) {
    const input = drawInput(draws);
    const called = draws.below(12);
    const id = history.invoke(i, input, called);
    const output = input.kind === "cas" ? draws.below(2) === 0 : draws.below(3);
    if (draws.below(2) === 0) history.ok(id, output, called + draws.below(8));
    else history.unknown(id, 30);
  }
  return history;
}

for (const isPatient of [false, true]) {
  test(`Search: agrees with brute force on 5,000 histories, patient: ${isPatient}`, () => {
    const verdicts = { found: 0, none: 0, spent: 0 };
    for (let seed = 1; seed <= 5000; seed++) {
      const history = drawHistory(seed);
      const operations = history.operations.toSorted((a, b) => a.call - b.call);
      const search = new Search(makeProblem(register(), operations), isPatient);
      const result = search.run(LIMITS);
      const isLegal = isLinearizableByForce(register(), history);
      assert.equal(result, isLegal ? "found" : "none", `seed ${seed}`);
      if (isLegal) {
        assert.equal(faultOf(register(), history, search.order), undefined, `seed ${seed}`);
      }
      verdicts[result] += 1;
    }
    assert.ok(verdicts.found > 500 && verdicts.none > 500, JSON.stringify(verdicts));
  });
}

test("Search: with patience uses no more operations of unknown outcome than it must", () => {
  const history = new History<RegisterInput, Scalar>();
  for (let i = 0; i < 6; i++) history.invoke(i, { kind: "write", value: i }, 0);
  history.ok(history.invoke(6, { kind: "read" }, 1), 5, 2);
  const search = new Search(makeProblem(register(), history.operations), true);
  assert.equal(search.run(LIMITS), "found");
  assert.deepEqual(search.order, [5, 6]);
});
