/** Wide comments are wrapped where that is safe, everything else is left as it was. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { wrapComments } from "../src/wrap-comments.ts";

const WIDTH = 30;

function wrapped(...lines: readonly string[]): readonly string[] {
  const text = lines.join("\n");
  const once = wrapComments({ path: "a.ts", text }, WIDTH);
  assert.equal(
    wrapComments({ path: "a.ts", text: once }, WIDTH),
    once,
    "a second run changes nothing",
  );
  return once.split("\n");
}

test("wrapComments turns a wide one-line block into a block of several lines", () => {
  assert.deepEqual(wrapped("/** One sentence that is too wide for a line. */", "a();"), [
    "/**",
    " * One sentence that is too",
    " * wide for a line.",
    " */",
    "a();",
  ]);
});

test("wrapComments carries words over into the next line of the paragraph, keeping the indent", () => {
  const lines = ["  /**", "   * One two three four five six", "   * seven.", "   */", "  a();"];
  const expected = ["  /**", "   * One two three four five", "   * six seven.", "   */", "  a();"];
  assert.deepEqual(wrapped("{", ...lines, "}"), ["{", ...expected, "}"]);
});

test("wrapComments stops at paragraphs, tags and list items, and indents what it breaks off an item", () => {
  const lines = ["/**", " * - one two three four five six", " * - seven", " *", " * eight", " */"];
  assert.deepEqual(wrapped(...lines), [
    "/**",
    " * - one two three four five",
    " *   six",
    " * - seven",
    " *",
    " * eight",
    " */",
  ]);
});

test("wrapComments wraps line comments that stand alone", () => {
  assert.deepEqual(wrapped("{", "  // one two three four five six seven", "}"), [
    "{",
    "  // one two three four five",
    "  // six seven",
    "}",
  ]);
});

test("wrapComments leaves narrow comments, comments behind code, and strings alone", () => {
  const lines = [
    "/** Narrow. */",
    "const a = 1; // behind code, and too wide by far",
    'const b = "// in a string, and too wide by far";',
    "/* eslint and other plain blocks stay as they are */",
  ];
  assert.deepEqual(wrapped(...lines), lines);
});

test("wrapComments leaves one word that is wider than a line in one piece", () => {
  const word = "x".repeat(40);
  assert.deepEqual(wrapped(`// ${word}`), [`// ${word}`]);
  assert.deepEqual(wrapped(`// a ${word}`), ["// a", `// ${word}`]);
});

test("wrapComments keeps code in backquotes and links in one piece", () => {
  const text = "// one two three `four five six` seven {@link eight nine} ten";
  const expected = ["// one two three", "// `four five six` seven", "// {@link eight nine} ten"];
  assert.deepEqual(wrapped(text), expected);
});
