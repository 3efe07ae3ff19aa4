/** The command line: what it selects, and that wrong options are refused in one line. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../src/failure.ts";
import { type Options, parseOptions } from "../src/options.ts";
import { SUITE } from "../src/suite.ts";

const parse = (...args: string[]): Options => {
  const options = parseOptions(args, 77);
  assert.ok(options !== undefined);
  return options;
};
const numbers = (...args: string[]): number[] =>
  parse(...args).scenarios.map(({ number }) => number);

test("without options all 28 run once, in virtual time, with the seed that was drawn", () => {
  const options = parse();
  assert.equal(options.scenarios.length, 28);
  assert.equal(options.seed, 77);
  assert.equal(options.repeat, 1);
  assert.equal(options.isReal, false);
  assert.ok(options.jobs >= 1);
  assert.equal(parse("--real").jobs, 1, "runs in real time don't disturb each other");
});

test("--only takes a part, a number, an id, a name, or a piece of one", () => {
  assert.deepEqual(numbers("--only", "2A"), [1, 2, 3]);
  assert.deepEqual(numbers("--only", "2d"), [20, 21, 22, 23, 24, 25, 28]);
  assert.deepEqual(numbers("--only", "17"), [17]);
  assert.deepEqual(numbers("--only", "figure-8-unreliable"), [17]);
  assert.deepEqual(numbers("--only", "Figure 8"), [15]);
  assert.deepEqual(numbers("--only", "churn"), [18]);
  assert.deepEqual(numbers("--only", "figure"), [15, 17]);
  assert.deepEqual(numbers("--only", "agreement"), [4, 6, 7, 16]);
});

test("--help asks for nothing else", () => {
  assert.equal(parseOptions(["--help"], 1), undefined);
});

test("wrong options are named", () => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [["--only", "nothing"], /^--only: no test fits "nothing"$/],
    [["--seed", "x"], /^--seed: must be a whole number, 0 or more, got "x"$/],
    [["--seed", "1.5"], /^--seed: /],
    [["--seed", "99999999999999999999"], /^--seed: /],
    [["--repeat", "0"], /^--repeat: must be a whole number, 1 or more, got "0"$/],
    [["--jobs", "-1"], /--jobs/],
    [["--sed", "1"], /--sed/],
    [["17"], /17/],
    [["--trace", "--json"], /^--trace and --json exclude each other$/],
  ];
  for (const [args, message] of cases) {
    assert.throws(
      () => parseOptions(args, 1),
      (error) =>
        error instanceof UsageError && message.test(error.message) && !error.message.includes("\n"),
      args.join(" "),
    );
  }
});

test("the suite has the course's 25 tests and three more, each under one id", () => {
  assert.equal(SUITE.length, 28);
  assert.equal(new Set(SUITE.map(({ id }) => id)).size, 28);
  const perPart = (part: string): number => SUITE.filter((other) => other.part === part).length;
  assert.deepEqual(["2A", "2B", "2C", "2D"].map(perPart), [3, 10, 8, 7]);
  for (const { id } of SUITE) assert.match(id, /^[a-z0-9]+(-[a-z0-9]+)*$/);
});
