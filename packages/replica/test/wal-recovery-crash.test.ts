/**
 * The proof continued: a crash at every operation of the recovery that follows a crash at every
 * operation.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SimDisk } from "@holdfast/sim";
import { crashingCopy, someOf } from "./crashes.ts";
import {
  allowed,
  crashes,
  HISTORIES,
  nextWrite,
  open,
  recover,
  SETTINGS,
  type Setting,
} from "./wal-scenes.ts";

describe("wal after a crash, and another one during recovery", () => {
  for (const history of HISTORIES) {
    it(`${history.name}: a recovery may be cut short at every operation`, async (t) => {
      let cases = 0;
      for (const setting of SETTINGS) {
        for await (const { disk, progress, context } of crashes(setting, history)) {
          for (const left of [disk.kill(), someOf(disk, context)]) {
            cases += await crashRecovery(left, setting, allowed(progress), context);
          }
        }
      }
      t.diagnostic(`${cases} crashes of a recovery`);
      assert.ok(cases > 1000, `only ${cases} crashes of a recovery`);
    });
  }
});

/** Returns the number of cases. */
async function crashRecovery(
  left: SimDisk,
  setting: Setting,
  states: readonly string[],
  context: string,
): Promise<number> {
  let cases = 0;
  for (let crashAt = 1; ; crashAt += 1) {
    const disk = crashingCopy(left, crashAt);
    const ended = await open(disk, setting).then(
      () => true,
      () => false,
    );
    if (ended && disk.operations < crashAt) return cases;
    const where = `${context}, recovery crashed at ${crashAt}`;
    for (const twice of [disk.crash({ keep: "none" }), someOf(disk, where)]) {
      const { wal, found } = await recover(twice, setting, states, where);
      await wal.append(nextWrite(wal.lastIndex));
      const { wal: last } = await open(twice.crash({ keep: "none" }), setting);
      assert.equal(last.lastIndex, wal.lastIndex, `${where}: ${found}`);
      cases += 1;
    }
  }
}
