/**
 * The log on a disk that fails: no acknowledgement after a failed write or sync, and nothing
 * acknowledged is lost.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DiskError, type DiskErrorCode, WalFailedError } from "@holdfast/replica";
import type { DiskOperation } from "@holdfast/sim";
import { write } from "@holdfast/testkit";
import { failingDisk, fewOutcomes, makeDisk } from "./crashes.ts";
import {
  HISTORIES,
  type History,
  open,
  recoverAndStay,
  run,
  SETTINGS,
  type Setting,
} from "./wal-scenes.ts";
import { entries, entry, summary } from "./writes.ts";

const ROUNDS = 4;

interface Fault {
  readonly code: DiskErrorCode;
  readonly matches: (operation: DiskOperation) => boolean;
}

/**
 * Lets each operation that `fault` matches fail in turn; returns the number of restarts looked at.
 */
async function failEach(fault: Fault, setting: Setting, history: History): Promise<number> {
  let cases = 0;
  for (let failAt = 1; ; failAt += 1) {
    let hit = false;
    const disk = failingDisk(failAt, fault.matches, () => {
      hit = true;
      return fault.code;
    });
    const progress = await run(disk, setting, history);
    if (!hit) return cases;
    const context = `${history.name}, ${setting.segmentBytes} bytes, ${fault.code} at ${failAt}`;
    for (const left of fewOutcomes(disk, context, ROUNDS)) {
      // After a failed sync the cache shows bytes that are not on disk.
      await recoverAndStay(left, setting, progress, context);
      cases += 1;
    }
  }
}

describe("wal on a failing disk", () => {
  const faults: readonly [string, Fault, number][] = [
    ["each sync fails", { code: "io", matches: (operation) => operation === "sync" }, 300],
    [
      "each directory sync fails",
      { code: "io", matches: (operation) => operation === "sync-directory" },
      100,
    ],
    ["each write finds the disk full", { code: "no-space", matches: isWrite }, 300],
    ["each write fails", { code: "io", matches: isWrite }, 300],
    ["each operation of any kind fails", { code: "io", matches: () => true }, 2000],
  ];
  for (const [name, fault, least] of faults) {
    it(`H7 H11 H12 ${name}: the log stops, and a restart finds all that was acknowledged`, async (t) => {
      let cases = 0;
      for (const history of HISTORIES) {
        for (const setting of SETTINGS) cases += await failEach(fault, setting, history);
      }
      t.diagnostic(`${cases} restarts`);
      assert.ok(cases > least, `only ${cases} restarts`);
    });
  }

  it("H7 says why it stopped, and never tries again", async () => {
    for (const code of ["io", "no-space"] as const) {
      let isFailing = false;
      const disk = makeDisk({
        onOperation: (_count, operation) => (isFailing && operation === "sync" ? code : undefined),
      });
      const { wal } = await open(disk, { segmentBytes: 4096, preallocate: false });
      await wal.append(write({ entries: [entry(1, 1)] }));
      isFailing = true;
      const both = [2, 3].map((index) => wal.append(write({ entries: [entry(index, 1)] })));
      for (const result of await Promise.allSettled(both)) {
        assert.equal(result.status, "rejected");
        assert.ok(result.reason instanceof WalFailedError);
        assert.equal(result.reason.diskCode, code);
        assert.ok(result.reason.cause instanceof DiskError);
      }
      isFailing = false;
      const operations = disk.operations;
      await assert.rejects(wal.append(write()), (error) => error === wal.failure);
      assert.equal(disk.operations, operations, "the disk is left alone");
    }
  });

  it("H12 a full disk that gets room again takes the log on after a restart", async () => {
    const setting = { segmentBytes: 200, preallocate: false };
    const disk = makeDisk({ capacityBytes: 600 });
    const { wal } = await open(disk, setting);
    let acked = 0;
    for (const one of entries(1, 60, 1)) {
      const isDone = await wal.append(write({ entries: [one] })).then(
        () => true,
        () => false,
      );
      if (!isDone) break;
      acked += 1;
    }
    assert.equal(wal.failure?.diskCode, "no-space");
    await wal.close();
    const roomy = disk.kill({ capacityBytes: 10_000 });
    const { wal: again, recovered } = await open(roomy, setting);
    assert.ok(recovered.entries.length >= acked && acked > 5, `${acked} acknowledged`);
    await again.append(write({ entries: [entry(again.lastIndex + 1, 2)] }));
    await again.close();
  });

  it("an unreadable disk at the start is reported as it is", async () => {
    const disk = makeDisk();
    const setting = { segmentBytes: 4096, preallocate: false };
    const { wal } = await open(disk, setting);
    await wal.append(write({ entries: entries(1, 3, 1) }));
    const before = summary((await open(disk.kill(), setting)).recovered);
    const broken = disk.kill({
      onOperation: (_count, operation) => (operation === "read" ? "io" : undefined),
    });
    await assert.rejects(open(broken, setting), (error) => {
      return error instanceof DiskError && error.code === "io";
    });
    assert.equal(summary((await open(broken.kill(), setting)).recovered), before);
  });
});

function isWrite(operation: DiskOperation): boolean {
  return operation === "write";
}
