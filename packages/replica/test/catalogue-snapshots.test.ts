/**
 * Snapshots between living replicas: B23 and E1 to E16 of the catalogue (paper §7).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePacket, laneOf } from "@holdfast/replica";
import { type Cluster, inCluster } from "./cluster.ts";
import { proposeMany, snapshotAll, TIGHT } from "./compacted.ts";
import { bytes } from "./journal.ts";
import { tap } from "./levers.ts";

/** A cluster in which one server is down and can only be brought up by a snapshot; who it is. */
async function withLaggard(cluster: Cluster): Promise<number> {
  await cluster.startAll();
  const laggard = await cluster.follower();
  cluster.crash(laggard);
  await proposeMany(cluster, 30);
  await snapshotAll(cluster);
  return laggard;
}

test("E1 a piece that is changed on its way spoils that transfer only: the next one is installed", async () => {
  await inCluster(TIGHT, async (cluster) => {
    const laggard = await withLaggard(cluster);
    let spoiled = 0;
    let firsts = 0;
    tap(cluster, (packet) => {
      if (packet.kind !== "snapshot-request") return true;
      if (packet.offset === 0) firsts++;
      if (packet.offset === 0 || packet.done || spoiled === 3 || firsts === spoiled) return true;
      spoiled++;
      const data = packet.data.slice();
      data[5] = (data[5] ?? 0) ^ 4;
      const wrong = encodePacket({ ...packet, data });
      cluster.network.deliver(packet.from, packet.to, laneOf(packet), wrong);
      return false;
    });
    await cluster.start(laggard);
    const lines = await cluster.agreed();
    assert.equal(lines.length, 30);
    assert.equal(spoiled, 3);
    assert.ok(firsts > 3, `${firsts} transfers`);
    assert.equal(
      cluster.member(laggard).machine.restores,
      1,
      "none of the wrong ones was installed",
    );
  });
});

test("E1 a receiver whose disk is full in the middle is sent the snapshot again once there is room", async () => {
  await inCluster(TIGHT, async (cluster) => {
    const laggard = await withLaggard(cluster);
    let isFull = true;
    let refused = 0;
    cluster.member(laggard).disk = cluster.newDisk(laggard, (_count, operation, name) => {
      if (!isFull || operation !== "write" || !name.includes("snapshot")) return undefined;
      refused++;
      return refused % 3 === 0 ? "no-space" : undefined;
    });
    await cluster.start(laggard);
    await cluster.until("a write was refused", () => refused > 10);
    assert.equal(cluster.replica(laggard).status().state, "running");
    assert.equal(cluster.member(laggard).machine.restores, 0);
    isFull = false;
    assert.equal((await cluster.agreed()).length, 30);
    assert.equal(cluster.member(laggard).machine.restores, 1);
  });
});

test("E3 a state machine that takes longer to restore than every timeout is still brought up, once", async () => {
  await inCluster(TIGHT, async (cluster) => {
    const laggard = await withLaggard(cluster);
    await cluster.start(laggard);
    const { machine } = cluster.member(laggard);
    const restore = machine.restore.bind(machine);
    machine.restore = async (chunks) => {
      await restore(chunks);
      await cluster.clock.sleep(3000);
    };
    const { term } = cluster.replica(await cluster.leader()).status();
    await proposeMany(cluster, 5, "meanwhile");
    assert.equal((await cluster.agreed()).length, 35);
    assert.equal(machine.restores, 1);
    assert.equal(cluster.replica(await cluster.leader()).status().term, term, "nobody campaigned");
  });
});

test("E5 a new follower of a leader whose log is all compacted catches up though nobody writes", async () => {
  await inCluster(TIGHT, async (cluster) => {
    await cluster.start(1);
    await cluster.start(2);
    await proposeMany(cluster, 20);
    await snapshotAll(cluster);
    const leader = cluster.replica(await cluster.leader()).status();
    assert.equal(leader.logStart, leader.lastIndex, "nothing is left of the log");
    await cluster.start(3);
    await cluster.until(
      "it has caught up",
      () => {
        return cluster.replica(3).status().applied === leader.lastIndex;
      },
      2000,
    );
    assert.equal((await cluster.agreed()).length, 20);
    assert.equal(cluster.replica(await cluster.leader()).status().lastIndex, leader.lastIndex);
  });
});

test("E14 who waits for an entry that a snapshot jumps over hears that its outcome is unknown, and the node lives", async () => {
  await inCluster(TIGHT, async (cluster) => {
    await cluster.startAll();
    const old = await cluster.leader();
    await proposeMany(cluster, 3, "before");
    cluster.network.isolate(old);
    const outcomes = [1, 2].map((i) =>
      cluster
        .replica(old)
        .propose(bytes(`stranded ${i}`), { timeoutMs: 600_000 })
        .then(
          () => "applied",
          (error: { code: string }) => error.code,
        ),
    );
    const next = await cluster.until("another one leads", () => {
      return cluster.members.find(({ id, replica }) => {
        return id !== old && replica?.status().role === "leader";
      });
    });
    for (let i = 1; i <= 10; i++) await cluster.replica(next.id).propose(bytes(`after ${i}`));
    await cluster.replica(next.id).snapshot();
    await cluster.clock.sleep(50);
    cluster.network.heal();
    const since = cluster.clock.now();

    assert.deepEqual(await Promise.all(outcomes), ["RAFT_OUTCOME_UNKNOWN", "RAFT_OUTCOME_UNKNOWN"]);
    assert.ok(cluster.clock.now() - since < 2000, "long before their time is over");
    assert.equal(
      cluster.member(old).machine.restores,
      1,
      "it was the snapshot that ended the wait",
    );
    assert.equal((await cluster.replica(old).propose(bytes("last"))).result, 14);
    assert.equal((await cluster.agreed()).at(-1), "last");
    assert.equal(cluster.replica(old).status().waitingProposals, 0);
  });
});

test("E16 a node whose snapshot is damaged on disk doesn't start and keeps the file; the others go on", async () => {
  await inCluster(TIGHT, async (cluster) => {
    await cluster.startAll();
    await proposeMany(cluster, 10);
    await snapshotAll(cluster);
    const victim = await cluster.leader();
    await cluster.replica(victim).close();
    cluster.member(victim).replica = undefined;
    const { disk } = cluster.member(victim);
    const left = disk.kill();
    cluster.member(victim).disk = left;
    const stored = (await left.list()).filter((name) => name.endsWith(".snap"));
    for (const name of stored) left.flipBit(name, 50, 3);
    const before = stored.map((name) => left.bytesOf(name).join());
    for (let round = 0; round < 3; round++) {
      await assert.rejects(cluster.start(victim), { code: "STORE_GAP", snapshotIndex: 0 });
    }
    const names = await left.list();
    assert.deepEqual(
      names.filter((name) => name.endsWith(".snap")),
      stored,
    );
    assert.equal(names.length, stored.length + 1, "and one file of the log");
    assert.deepEqual(
      stored.map((name) => left.bytesOf(name).join()),
      before,
    );
    await proposeMany(cluster, 5, "without it");
    assert.equal((await cluster.agreed()).length, 15);
  });
});

test("E16 a leader whose stored snapshot is damaged sends it in vain: nobody installs it, the next good one is", async () => {
  await inCluster(TIGHT, async (cluster) => {
    const laggard = await withLaggard(cluster);
    const leader = await cluster.leader();
    const { disk } = cluster.member(leader);
    const { snapshotIndex } = cluster.replica(leader).status();
    const name = (await disk.list()).filter((one) => one.endsWith(".snap")).at(-1) ?? "";
    disk.flipBit(name, disk.bytesOf(name).length - 9, 2);
    await cluster.start(laggard);
    await cluster.clock.sleep(2000);
    const { machine } = cluster.member(laggard);
    assert.deepEqual([machine.restores, machine.lines], [0, []]);
    assert.equal(cluster.replica(laggard).status().snapshotIndex, 0);
    assert.equal(cluster.replica(leader).status().role, "leader");

    await proposeMany(cluster, 1, "more");
    assert.ok((await cluster.replica(leader).snapshot()) > snapshotIndex);
    assert.equal((await cluster.agreed()).length, 31);
    assert.equal(machine.restores, 1);
  });
});

const KEPT = [
  ["a log only", 0, 100],
  ["a snapshot only", 12, 0],
  ["a snapshot and a tail of the log", 8, 0],
  ["a snapshot within the log", 8, 100],
] as const;

for (const size of [1, 3]) {
  for (const [what, snapshotAt, trailingEntries] of KEPT) {
    test(`B23 ${size} restarted with ${what}: the commit index reaches all that was answered before anything new`, async () => {
      await inCluster({ size, config: { trailingEntries } }, async (cluster) => {
        await cluster.startAll();
        const leader = await cluster.leader();
        for (let i = 1; i <= 12; i++) {
          await cluster.replica(leader).propose(bytes(`${i}`));
          if (i === snapshotAt) await snapshotAll(cluster);
        }
        await cluster.agreed();
        const { commit, snapshotIndex, logStart } = cluster.replica(leader).status();
        assert.equal(snapshotIndex > 0, snapshotAt > 0);
        assert.equal(logStart > 0, trailingEntries === 0 && snapshotAt > 0);
        for (const { id } of cluster.members) cluster.crash(id);
        await cluster.startAll();
        for (const { id } of cluster.members) {
          const status = cluster.replica(id).status();
          assert.ok(status.applied >= snapshotIndex && status.applied <= commit);
        }
        const next = cluster.replica(await cluster.leader());
        assert.equal((await next.propose(bytes("new"))).result, 13);
        assert.ok(next.status().commit > commit);
      });
    });
  }
}
