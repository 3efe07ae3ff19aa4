/**
 * The proof by exhaustion: small histories, a crash at every disk operation, every torn prefix of the write under way.
 * What was acknowledged is there, nothing else than a prefix of what was written is, and what a start has found stays.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Write } from "@holdfast/raft";
import type { SimDisk } from "@holdfast/sim";
import { allOutcomes, crashingCopy, crashingDisk, someOf } from "./crashes.ts";
import {
  allowed,
  HISTORIES,
  type History,
  open,
  type Progress,
  recover,
  run,
  SETTINGS,
  type Setting,
} from "./wal-scenes.ts";
import { entry, write } from "./writes.ts";

const ROUNDS = 6;

/** Crashes `history` at each of its operations in turn. */
async function* crashes(
  setting: Setting,
  history: History,
): AsyncGenerator<{ disk: SimDisk; progress: Progress; context: string }> {
  for (let crashAt = 1; ; crashAt += 1) {
    const disk = crashingDisk(crashAt);
    const progress = await run(disk, setting, history);
    if (progress.closed) return;
    const context = `${history.name}, ${setting.segmentBytes} bytes, crash at ${crashAt}`;
    yield { disk, progress, context };
  }
}

describe("wal after a crash at every disk operation and every torn prefix", () => {
  for (const history of HISTORIES) {
    it(`${history.name}: the acknowledged is there, the rest is a prefix, and it stays`, async (t) => {
      let cases = 0;
      for (const setting of SETTINGS) {
        for await (const { disk, progress, context } of crashes(setting, history)) {
          for (const left of allOutcomes(disk, context, ROUNDS)) {
            await recoverAndStay(left, setting, progress, context);
            cases += 1;
          }
        }
      }
      t.diagnostic(`${cases} crashes`);
      assert.ok(cases > 1000, `only ${cases} crashes`);
    });
  }
});

/** The recovery's result must itself be durable: a node may vote and answer on the strength of it. */
async function recoverAndStay(
  left: SimDisk,
  setting: Setting,
  progress: Progress,
  context: string,
): Promise<void> {
  const { found } = await recover(left, setting, allowed(progress), context);
  const second = left.crash({ keep: "none" });
  const { wal } = await recover(second, setting, [found], `${context}, power loss after`);
  const next = nextWrite(wal.lastIndex);
  await wal.append(next);
  const { recovered } = await open(second.crash({ keep: "none" }), setting);
  assert.deepEqual(recovered.entries.at(-1), next.entries[0], `${context}, append after`);
}

function nextWrite(lastIndex: number): Write {
  return write({ entries: [entry(lastIndex + 1, 9, "after the crash")] });
}

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
