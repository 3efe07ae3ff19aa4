/** Marks and rare paths stand in their tables, and the other way round. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MAYBE_POINTS, REPLICA_MARKS } from "@holdfast/replica";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));

/**
 * First arguments of all calls of `name` in the package, sorted; what is no constant text as it is.
 */
function calls(name: string): readonly string[] {
  const found: string[] = [];
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts") || file.endsWith("maybe.ts")) continue;
    const code = readFileSync(`${SOURCE}${file}`, "utf8");
    for (const [, argument = ""] of code.matchAll(
      new RegExp(`\\b${name}\\(\\s*("[^"]*"|.)`, "g"),
    )) {
      found.push(argument.replaceAll('"', ""));
    }
  }
  return found.sort();
}

test("REPLICA_MARKS: each mark is called at exactly one place, and no other is", () => {
  assert.deepEqual(
    calls("sometimes"),
    REPLICA_MARKS.map(({ name }) => name),
  );
  assert(REPLICA_MARKS.length > 30);
});

test("MAYBE_POINTS: each rare path is asked for at exactly one place, and no other is", () => {
  assert.deepEqual(
    calls("maybe"),
    MAYBE_POINTS.map(({ name }) => name),
  );
  for (const { name, oftenMax } of MAYBE_POINTS) {
    assert(Number.isSafeInteger(oftenMax) && oftenMax > 0 && oftenMax <= 1000, name);
  }
});
