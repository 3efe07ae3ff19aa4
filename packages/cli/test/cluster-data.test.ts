/** What a demo cluster remembers: the same id again, its size for ever. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openClusterData } from "../src/cluster-data.ts";
import { tmpDir } from "./tmp-dir.ts";

test("a second start finds the cluster id of the first; another directory gets another", (t) => {
  const dir = join(tmpDir(t), "deep", "data");
  const first = openClusterData(dir, 3);
  assert.ok(Number.isSafeInteger(first.clusterId) && first.clusterId > 0);
  assert.deepEqual(openClusterData(dir, 3), first);
  assert.notEqual(openClusterData(tmpDir(t), 3).clusterId, first.clusterId);
});

test("another number of nodes is refused: majorities would not overlap (§6)", (t) => {
  const dir = tmpDir(t);
  openClusterData(dir, 3);
  assert.throws(() => openClusterData(dir, 5), {
    code: "CLI_FAILED",
    message: `The data in ${dir} belongs to a cluster of 3 nodes, not 5`,
  });
});

test("a damaged file and a directory that can't be made are named", (t) => {
  const dir = tmpDir(t);
  const file = join(dir, "cluster.json");
  for (const text of ["{", "{}", '{"clusterId":"x","nodes":3}']) {
    writeFileSync(file, text);
    assert.throws(() => openClusterData(dir, 3), { message: `The file ${file} is damaged` });
  }
  assert.throws(() => openClusterData(join(file, "sub"), 3), {
    code: "CLI_FAILED",
    message: /^Cannot (read|write to) the data directory /,
  });
});
