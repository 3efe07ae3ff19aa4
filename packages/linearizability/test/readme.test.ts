/** The README's example is the one that is compiled, and prints what the README says. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

function read(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
}

function block(language: string): string {
  const [, text] =
    new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(read("README.md")) ?? [];
  assert.ok(text !== undefined, `the README has no ${language} block`);
  return text;
}

test("README: the example compiles, has at most 15 lines and prints what it says", async (t) => {
  const source = read("test/readme-example.ts").replace(/^\/\*\*.*\*\/\n\n/, "");
  assert.equal(block("ts"), source);
  assert.ok(source.trim().split("\n").length <= 15);

  const printed: unknown[] = [];
  t.mock.method(console, "log", (line: unknown) => printed.push(line));
  await import("./readme-example.ts");
  assert.equal(`${printed.join("\n")}\n`, block("text"));
});
