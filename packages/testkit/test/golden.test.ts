/** Golden files are compared, rewritten only on request, and missed when they are not there. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { GoldenError, golden } from "@holdfast/testkit";

describe("golden", () => {
  let folder = "";
  let file = "";
  const before = { update: process.env["UPDATE"], ci: process.env["CI"] };

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "holdfast-golden-"));
    file = path.join(folder, "story.txt");
    setEnv(undefined, undefined);
  });

  afterEach(() => {
    setEnv(before.update, before.ci);
    rmSync(folder, { recursive: true, force: true });
  });

  test("golden passes when text and file are equal, by path and by URL", () => {
    writeFileSync(file, "one\ntwo\n");
    golden("the story", "one\ntwo\n", file);
    golden("the story", "one\ntwo\n", pathToFileURL(file));
  });

  test("golden shows line number, context, and both versions of what differs", () => {
    writeFileSync(file, "one\ntwo\nthree\nfour\n");
    const error = caught(() => golden("the story", "one\ntwo\n3\nfour\n", file));
    assert.match(error.message, /^the story differs from .*story\.txt/);
    assert.ok(error.message.endsWith("@@ line 3\n  one\n  two\n- three\n+ 3\n  four\n  "));
    assert.equal(error.code, "GOLDEN_MISMATCH");
    assert.equal(readFileSync(file, "utf8"), "one\ntwo\nthree\nfour\n");
  });

  test("golden tells apart texts that differ only in repeated lines or in the last line end", () => {
    writeFileSync(file, "a\na\n");
    assert.match(caught(() => golden("repeats", "a\na\na\n", file)).message, /\+ a/);
    assert.match(caught(() => golden("repeats", "a\na", file)).message, /- $/m);
  });

  test("golden cuts a long difference short and says by how much", () => {
    writeFileSync(file, "");
    const error = caught(() => golden("long", `${"x\n".repeat(100)}`, file));
    assert.match(error.message, /\+ \.\.\. 60 more lines/);
  });

  test("golden fails when the file is missing, and does not create it", () => {
    const error = caught(() => golden("the story", "one\n", file));
    assert.match(error.message, /story\.txt does not exist, write it with UPDATE=1$/);
    assert.throws(() => statSync(file), { code: "ENOENT" });
  });

  test("golden with UPDATE=1 writes the file, in a new folder too, and then passes without", () => {
    const deep = path.join(folder, "a", "b.txt");
    setEnv("1", undefined);
    golden("the story", "new\n", deep);
    setEnv(undefined, undefined);
    golden("the story", "new\n", deep);
    assert.equal(readFileSync(deep, "utf8"), "new\n");
  });

  test("golden refuses UPDATE=1 under CI and leaves the file alone", () => {
    writeFileSync(file, "old\n");
    setEnv("1", "true");
    assert.match(
      caught(() => golden("the story", "new\n", file)).message,
      /not rewritten under CI/,
    );
    assert.equal(readFileSync(file, "utf8"), "old\n");
  });
});

function caught(run: () => void): GoldenError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof GoldenError);
    return error;
  }
  assert.fail("nothing was thrown");
}

function setEnv(update: string | undefined, ci: string | undefined): void {
  for (const [name, value] of [
    ["UPDATE", update],
    ["CI", ci],
  ] as const) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
