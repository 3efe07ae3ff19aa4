/**
 * The reference of errors has every code, its meaning and its test, and misses what is not there.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorsDoc } from "../src/errors-doc.ts";

const PUBLIC = { "packages/replica/package.json": `{ "name": "@x/replica" }` };
const PLACE = "packages/replica/src/errors.ts";
const TEST = "packages/replica/test/errors.test.ts";

function reference(files: Readonly<Record<string, string>>, codesMin = 1) {
  const all = { ...PUBLIC, ...files };
  return errorsDoc(
    Object.entries(all).map(([path, text]) => ({ path, text })),
    codesMin,
  );
}

function rows(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith("| `"));
}

describe("errorsDoc", () => {
  test("errorsDoc lists a code with class, meaning and the test that names it", () => {
    const source = `/**\n * The log is damaged.\n * Give up.\n */\nexport class WalError extends Error {
      readonly code = "WAL_DAMAGED";\n}`;
    const proof = `test("a flipped bit is found", () => { assert.throws(f, { code: "WAL_DAMAGED" }); });`;
    const { text, faults } = reference({ [PLACE]: source, [TEST]: proof });
    assert.deepEqual(faults, []);
    assert.deepEqual(rows(text), [
      `| \`WAL_DAMAGED\` | [\`WalError\`](../../${PLACE}) | The log is damaged. Give up. | ` +
        `[replica/test/errors.test.ts](../../${TEST}): a flipped bit is found |`,
    ]);
  });

  test("errorsDoc reads unions, in place or by name, and the list item for each code", () => {
    const source = `export type Code = "A_A" | "B_B";
      /**\n * It failed.\n * - \`A_A\`: try again\n * - \`B_B\`: give up\n */
      export class OneError extends Error { readonly code: Code; }
      /** It failed too. */
      export class TwoError extends OneError { declare readonly code: "C_C" | "D_D"; }`;
    const { text, faults } = reference({ [PLACE]: source, [TEST]: `/A_A|B_B/; "C_C and D_D";` });
    assert.deepEqual(faults, []);
    const meanings = rows(text).map((row) => row.split(" | ")[2]);
    assert.deepEqual(meanings, [
      "It failed. try again",
      "It failed. give up",
      "It failed too.",
      "It failed too.",
    ]);
  });

  test("errorsDoc finds fault with a code that no test names, however similar", () => {
    const source = `/** It failed. */\nexport class OneError extends Error { readonly code = "A_A"; }`;
    const { faults } = reference({ [PLACE]: source, [TEST]: `"A_AB";` });
    assert.deepEqual(faults, [`${PLACE}:2 OneError: no test names the code A_A`]);
  });

  test("errorsDoc takes a test of the class for one of its only code, not of one among several", () => {
    const source = (code: string): string =>
      `/** It failed. */\nexport class OneError extends Error { readonly code: ${code}; }`;
    const proof = `import { OneError } from "@x/replica";\nassert.throws(f, OneError);`;
    const faultsOf = (code: string, text: string): number =>
      reference({ [PLACE]: source(code), [TEST]: text }).faults.length;
    assert.equal(faultsOf(`"A_A"`, proof), 0);
    assert.equal(faultsOf(`"A_A" | "B_B"`, proof), 2);
    assert.equal(faultsOf(`"A_A"`, `import { OneError } from "@x/replica";`), 1);
  });

  test("errorsDoc counts the conformance suites as tests", () => {
    const source = `/** It failed. */\nexport class OneError extends Error { readonly code = "io"; }`;
    const suite = "packages/testkit/src/disk-suite.ts";
    assert.deepEqual(reference({ [PLACE]: source, [suite]: `"io";` }).faults, []);
  });

  test("errorsDoc finds fault with a class without words and with a code that is no literal", () => {
    const source = `export class OneError extends Error { readonly code: string = make(); }
      export class TwoError extends Error { readonly code = "B_B"; }`;
    const { faults } = reference({ [PLACE]: source, [TEST]: `"B_B";` });
    assert.deepEqual(faults, [
      `${PLACE}:1 OneError: code must be a literal or a union of literals`,
      `${PLACE}:2 TwoError has no comment that says what the caller can do`,
    ]);
  });

  test("errorsDoc does not take the tools' own tests for proof", () => {
    const source = `/** It failed. */\nexport class OneError extends Error { readonly code = "A_A"; }`;
    const { faults } = reference({ [PLACE]: source, "tools/test/a.test.ts": `"A_A";` });
    assert.equal(faults.length, 1);
  });

  test("errorsDoc prefers a suite to a package's own tests, and those to others", () => {
    const source = `/** It failed. */\nexport class OneError extends Error { readonly code = "A_A"; }`;
    const files = { [PLACE]: source, "packages/cli/test/a.test.ts": `"A_A";` };
    const proof = (more: Readonly<Record<string, string>>): string =>
      /\[([^\]`]*)\][^[]*$/.exec(rows(reference({ ...files, ...more }).text)[0] ?? "")?.[1] ?? "";
    assert.equal(proof({}), "cli/test/a.test.ts");
    assert.equal(proof({ [TEST]: `"A_A";` }), "replica/test/errors.test.ts");
    const suite = { "packages/testkit/src/disk-suite.ts": `"A_A";` };
    assert.equal(proof({ [TEST]: `"A_A";`, ...suite }), "testkit/src/disk-suite.ts");
  });

  test("errorsDoc leaves private packages and programs out, and fails below the floor", () => {
    const source = `/** It failed. */\nexport class OneError extends Error { readonly code = "A_A"; }`;
    const { faults } = reference({
      "packages/lab/package.json": `{ "private": true }`,
      "packages/lab/src/errors.ts": source,
      "packages/cli/package.json": `{ "bin": {} }`,
      "packages/cli/src/errors.ts": source,
    });
    assert.deepEqual(faults, ["found 0 error codes, expected at least 1"]);
  });
});
