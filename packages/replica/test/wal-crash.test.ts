/**
 * The proof by exhaustion: small histories, a crash at every disk operation, every torn prefix of
 * the write under way. What was acknowledged is there, nothing else than a prefix of what was
 * written is, and what a start has found stays.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SimDisk } from "@holdfast/sim";
import { allOutcomes } from "./crashes.ts";
import {
  crashes,
  HISTORIES,
  nextWrite,
  open,
  type Progress,
  recoverAndStay,
  SETTINGS,
  type Setting,
} from "./wal-scenes.ts";

const ROUNDS = 6;

describe("wal after a crash at every disk operation and every torn prefix", () => {
  for (const history of HISTORIES) {
    it(`H1 H2 H4 H5 ${history.name}: the acknowledged is there, the rest is a prefix, and it stays`, async (t) => {
      let cases = 0;
      for (const setting of SETTINGS) {
        for await (const { disk, progress, context } of crashes(setting, history)) {
          for (const left of allOutcomes(disk, context, ROUNDS)) {
            await recoverAndGoOn(left, setting, progress, context);
            cases += 1;
          }
        }
      }
      t.diagnostic(`${cases} crashes`);
      assert.ok(cases > 1000, `only ${cases} crashes`);
    });
  }
});

/** As above, and the next life's first write is there as well. */
async function recoverAndGoOn(
  left: SimDisk,
  setting: Setting,
  progress: Progress,
  context: string,
): Promise<void> {
  const { disk, wal } = await recoverAndStay(left, setting, progress, context);
  const next = nextWrite(wal.lastIndex);
  await wal.append(next);
  const { recovered } = await open(disk.crash({ keep: "none" }), setting);
  assert.deepEqual(recovered.entries.at(-1), next.entries[0], `${context}, append after`);
}
