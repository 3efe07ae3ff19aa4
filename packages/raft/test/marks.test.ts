/** Marks of the core stand in their table, and the other way round; the core takes no rare path. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hearMarks, RAFT_MARKS, sometimes } from "@holdfast/raft";

const SOURCE = fileURLToPath(new URL("../../src/", import.meta.url));

function code(): readonly string[] {
  const files = readdirSync(SOURCE).filter((file) => file.endsWith(".ts"));
  return files
    .filter((file) => file !== "sometimes.ts")
    .map((file) => readFileSync(`${SOURCE}${file}`, "utf8"));
}

test("RAFT_MARKS: each mark is called at exactly one place, and no other is", () => {
  const called = code().flatMap((text) =>
    [...text.matchAll(/\bsometimes\(\s*("[^"]*"|.)/g)].map(([, name = ""]) =>
      name.replaceAll('"', ""),
    ),
  );

  assert.deepEqual(
    called.sort(),
    RAFT_MARKS.map(({ name }) => name),
  );
  assert(RAFT_MARKS.length > 40);
});

test("§5.1 the core is a function of its inputs: it takes no rare path by itself", () => {
  for (const text of code()) assert.doesNotMatch(text, /\bmaybe\(/);
});

test("hearMarks: hears each mark until it is told not to", () => {
  const heard: string[] = [];
  hearMarks((mark) => heard.push(mark));
  sometimes("one");
  hearMarks(undefined);
  sometimes("two");

  assert.deepEqual(heard, ["one"]);
});
