/** What a replica finds when it starts: logs and snapshots that don't fit, disks of others. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Index } from "@holdfast/raft";
import { openReplica, openSnapshots, openWal } from "@holdfast/replica";
import { type Cluster, inCluster } from "./cluster.ts";
import { proposeMany } from "./compacted.ts";
import { bytes } from "./journal.ts";

const IDENTITY = { clusterId: 7, nodeId: 1 };

test("E6 E15 start: a snapshot beyond the log resets the log to it, and the term never goes back", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    const { disk } = cluster.member(1);
    const { wal } = await openWal(disk, {
      identity: IDENTITY,
      segmentBytes: 4096,
      preallocate: false,
    });
    await wal.close();
    const snapshots = await openSnapshots(disk, { identity: IDENTITY, chunkBytes: 100 });
    const meta = { index: 9, term: 4, members: { voters: [1] } };
    await snapshots.save(meta, [bytes("one\n"), bytes("two\n")]);
    await snapshots.close();
    await cluster.start(1);
    const status = cluster.replica(1).status();
    assert.equal(status.lastIndex, 9);
    assert.equal(status.term, 4);
    assert.deepEqual(cluster.member(1).machine.lines, ["one", "two"]);
    await cluster.leader();
    assert.equal((await cluster.replica(1).propose(bytes("three"))).result, 3);
    cluster.crash(1);
    await cluster.start(1);
    assert.deepEqual(await cluster.agreed(), ["one", "two", "three"]);
  });
});

test("E15 H14 start: a log that begins behind the newest snapshot is refused by name, again and again", async () => {
  await inCluster({ size: 1, config: { trailingEntries: 0 } }, async (cluster) => {
    await cluster.start(1);
    await proposeMany(cluster, 5);
    await cluster.replica(1).snapshot();
    await cluster.until("the log is cut", () => cluster.replica(1).status().logStart > 0);
    await cluster.clock.sleep(10);
    await cluster.replica(1).close();
    cluster.member(1).replica = undefined;
    const { disk } = cluster.member(1);
    for (const name of await disk.list()) if (name.endsWith(".snap")) await disk.remove(name);
    for (let round = 0; round < 2; round++) {
      await assert.rejects(cluster.start(1), { code: "STORE_GAP", snapshotIndex: 0, logStart: 6 });
    }
  });
});

/** A node that has led, taken a snapshot and stopped; its log is gone since. Gives its index. */
async function loseLog(cluster: Cluster): Promise<Index> {
  await cluster.start(1);
  await proposeMany(cluster, 5);
  const index = await cluster.replica(1).snapshot();
  await cluster.replica(1).close();
  cluster.member(1).replica = undefined;
  const { disk } = cluster.member(1);
  for (const name of await disk.list()) if (!name.endsWith(".snap")) await disk.remove(name);
  return index;
}

test("D7 H14 start: a snapshot without a log is refused by name, again and again: its votes are lost", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    const snapshotIndex = await loseLog(cluster);
    for (let round = 0; round < 2; round++) {
      await assert.rejects(cluster.start(1), { code: "STORE_INCOMPLETE", snapshotIndex });
    }
  });
});

test("D7 P10 start: a damaged snapshot without a log is refused, too: it shows that there were votes", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    await loseLog(cluster);
    const { disk } = cluster.member(1);
    for (const name of await disk.list()) (await disk.open(name)).write(0, new Uint8Array(64));
    const refused = {
      code: "STORE_INCOMPLETE",
      snapshotIndex: 0,
      message: /a snapshot but no log \(.*snap/,
    };
    for (let round = 0; round < 2; round++) await assert.rejects(cluster.start(1), refused);
  });
});

test("D12 E7 start: the disk of another node or cluster is refused by name", async () => {
  await inCluster({ size: 2 }, async (cluster) => {
    const { disk } = cluster.member(1);
    const identity = { clusterId: 8, nodeId: 1 };
    const { wal } = await openWal(disk, { identity, segmentBytes: 4096, preallocate: false });
    await wal.close();
    await assert.rejects(cluster.start(1), { code: "STORE_IDENTITY" });
  });
});

test("start: a state machine that can't be restored is refused by name and leaves the disk free", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    await cluster.start(1);
    await proposeMany(cluster, 3);
    await cluster.replica(1).snapshot();
    await cluster.replica(1).close();
    cluster.member(1).replica = undefined;
    const { machine } = cluster.member(1);
    Object.assign(machine, { restore: () => Promise.reject(new Error("newer format")) });
    const options = { ...cluster.options(1), machine };
    await assert.rejects(openReplica(options), { code: "MACHINE_FAILED", index: 4 });
    await cluster.start(1);
    assert.equal((await cluster.agreed()).length, 3);
  });
});
