/**
 * A crash at every disk operation while snapshots are saved, installed and the log is cut: E6, E15
 * and I1 of the catalogue (paper §7).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { SimDisk } from "@holdfast/sim";
import { type Cluster, inCluster } from "./cluster.ts";
import { proposeMany, snapshotAll, TIGHT } from "./compacted.ts";
import { fewOutcomes } from "./crashes.ts";
import { bytes } from "./journal.ts";

/** Proposes to the only node until its disk gives up; the answered commands. */
async function proposeUntilCrash(cluster: Cluster): Promise<readonly string[]> {
  const answered: string[] = [];
  try {
    await cluster.start(1);
    await cluster.leader();
    for (let i = 1; i <= 5; i++) {
      await cluster.replica(1).propose(bytes(`${i}`), { timeoutMs: 1000 });
      answered.push(`${i}`);
    }
  } catch {
    // What was answered until then counts.
  }
  await cluster.member(1).replica?.close();
  return answered;
}

test("E15 I1 a crash at every operation of applying, saving snapshots and cutting the log leaves a disk that starts, with each command once", async (t) => {
  const options = {
    size: 1,
    replica: { snapshotEveryEntries: 2, snapshotChunkBytes: 32, segmentBytes: 128 },
    config: { trailingEntries: 1 },
  };
  let cases = 0;
  let restored = 0;
  for (let crashAt = 1, isOver = false; !isOver; crashAt++) {
    await inCluster(options, async (cluster) => {
      const first = cluster.newDisk(1, (count) => {
        if (count === crashAt) first.kill();
        return undefined;
      });
      cluster.member(1).disk = first;
      const answered = await proposeUntilCrash(cluster);
      isOver = first.operations < crashAt;
      if (isOver) return;
      for (const left of fewOutcomes(first, `${crashAt}`, 1)) {
        restored += await startAgain(cluster, left, answered, `crash at ${crashAt}`);
        cases++;
      }
    });
  }
  t.diagnostic(`${cases} starts, ${restored} from a snapshot`);
  assert.ok(cases > 150 && restored > 80, `${cases} starts, ${restored} from a snapshot`);
});

/** The log goes on behind all that was answered; 1 when the state began with a snapshot. */
async function startAgain(
  cluster: Cluster,
  left: SimDisk,
  answered: readonly string[],
  context: string,
): Promise<number> {
  cluster.member(1).disk = left;
  await cluster.start(1);
  await cluster.until(`${context}: it leads`, () => cluster.replica(1).status().role === "leader");
  const { result } = await cluster.replica(1).propose(bytes("after"), { timeoutMs: 5000 });
  const { lines, restores } = cluster.member(1).machine;
  const all = ["1", "2", "3", "4", "5"].slice(0, result - 1);
  assert.deepEqual(lines, [...all, "after"], context);
  assert.ok(all.length >= answered.length, `${context}: ${answered.length} were answered`);
  await cluster.replica(1).close();
  return restores;
}

/**
 * A former leader that is down, with entries of its own that lost; the others have compacted
 * theirs.
 */
async function withFormerLeader(cluster: Cluster): Promise<number> {
  await cluster.startAll();
  const old = await cluster.leader();
  await proposeMany(cluster, 3, "before");
  cluster.network.isolate(old);
  for (let i = 1; i <= 3; i++) cluster.replica(old).start(bytes(`stranded ${i}`));
  await cluster.clock.sleep(20);
  cluster.crash(old);
  cluster.network.heal();
  await proposeMany(cluster, 10, "after");
  await snapshotAll(cluster);
  return old;
}

/** Runs the former leader until its disk gives up; false when it had caught up before. */
async function runUntilCrash(cluster: Cluster, id: number, crashAt: number): Promise<boolean> {
  const disk: SimDisk = cluster.member(id).disk.kill({
    onOperation: (count) => {
      if (count === crashAt) disk.kill();
      return undefined;
    },
  });
  cluster.member(id).disk = disk;
  await cluster.start(id).catch(() => undefined);
  await cluster.until("it has crashed or caught up", () => {
    return disk.operations >= crashAt || cluster.member(id).machine.lines.length === 13;
  });
  await stop(cluster, id);
  return disk.operations >= crashAt;
}

/** A leader of a new term: it knows nothing of what this member has acknowledged before. */
async function renewLeader(cluster: Cluster, without: number): Promise<void> {
  for (const { id } of cluster.members) {
    if (id === without) continue;
    cluster.crash(id);
    await cluster.start(id);
  }
}

async function stop(cluster: Cluster, id: number): Promise<void> {
  const member = cluster.member(id);
  await member.replica?.close();
  member.replica = undefined;
}

test("E6 E15 a crash at every operation while a snapshot replaces a conflicting log leaves a disk that starts, without the old log", async (t) => {
  let cases = 0;
  await inCluster(TIGHT, async (cluster) => {
    const old = await withFormerLeader(cluster);
    const { disk: base } = cluster.member(old);
    for (let crashAt = 1; ; crashAt++) {
      cluster.member(old).disk = base;
      await renewLeader(cluster, old);
      if (!(await runUntilCrash(cluster, old, crashAt))) break;
      for (const left of fewOutcomes(cluster.member(old).disk, `${crashAt}`, 0)) {
        cluster.member(old).disk = left;
        await renewLeader(cluster, old);
        await cluster.start(old);
        const lines = await cluster.agreed();
        assert.equal(lines.length, 13, `crash at ${crashAt}`);
        await stop(cluster, old);
        cases++;
      }
    }
  });
  t.diagnostic(`${cases} starts`);
  assert.ok(cases > 60, `${cases} starts`);
});
