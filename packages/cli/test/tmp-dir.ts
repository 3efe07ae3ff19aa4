/** A directory that is gone after the test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export function tmpDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-cli-"));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
