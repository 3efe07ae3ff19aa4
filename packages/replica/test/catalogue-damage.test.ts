/**
 * Disks that fail, are full, have changed or lost what was durable: C17, H9, H12 to H14 of the
 * catalogue. What a node finds, it names; what it can't trust, it doesn't use, and it destroys
 * nothing.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openReplica } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { type Cluster, inCluster } from "./cluster.ts";
import { proposeMany } from "./compacted.ts";
import { contents } from "./crashes.ts";
import { bytes } from "./journal.ts";
import { breakable } from "./levers.ts";

async function stop(cluster: Cluster, id: number): Promise<SimDisk> {
  const member = cluster.member(id);
  await member.replica?.close();
  member.replica = undefined;
  return member.disk;
}

test("H9 H14 a bit that flips in the middle of the log keeps that node down, by name and each time, and the others go on", async () => {
  await inCluster({ replica: { segmentBytes: 300 } }, async (cluster) => {
    await cluster.startAll();
    await proposeMany(cluster, 40);
    await cluster.agreed();
    const victim = await cluster.leader();
    const disk = (await stop(cluster, victim)).kill();
    cluster.member(victim).disk = disk;
    const logs = (await disk.list()).filter((name) => name.endsWith(".log"));
    assert.ok(logs.length > 3, `${logs.length} files`);
    const [, middle = ""] = logs;
    disk.flipBit(middle, disk.bytesOf(middle).length >> 1, 6);
    const before = await contents(disk);
    const sent = cluster.network.sent.get(victim);

    for (let round = 0; round < 3; round++) {
      await assert.rejects(cluster.start(victim), { code: "WAL_DAMAGED", file: middle });
    }
    assert.deepEqual(await contents(disk), before, "the originals are kept");
    assert.equal(cluster.network.sent.get(victim), sent, "it has said nothing");

    await proposeMany(cluster, 5, "without it");
    assert.equal((await cluster.agreed()).length, 45);
  });
});

test("H9 a bit that flips at any place of the log never makes a node that starts forget what it acknowledged", async (t) => {
  const counts = { refused: 0, started: 0 };
  await inCluster({ size: 1 }, async (cluster) => {
    await cluster.start(1);
    await proposeMany(cluster, 6);
    const base = await stop(cluster, 1);
    const [name = ""] = (await base.kill().list()).filter((one) => one.endsWith(".log"));
    const { length } = base.bytesOf(name);
    for (let offset = 0; offset < length; offset++) {
      const disk = base.kill();
      disk.flipBit(name, offset, offset % 8);
      cluster.member(1).disk = disk;
      const code = await cluster.start(1).then(
        () => "",
        (error: { code: string }) => error.code,
      );
      if (code !== "") {
        assert.ok(["WAL_DAMAGED", "STORE_VERSION"].includes(code), `${code} at ${offset}`);
        counts.refused++;
        continue;
      }
      await cluster.until("it leads", () => cluster.replica(1).status().role === "leader");
      assert.equal((await cluster.replica(1).propose(bytes("x"))).result, 7, `offset ${offset}`);
      await stop(cluster, 1);
      counts.started++;
    }
  });
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.refused > 100, JSON.stringify(counts));
});

test("C17 a first start that fails at any disk operation has said nothing, and the next one begins as if it had never been", async () => {
  let failures = 0;
  for (let failAt = 1, isOver = false; !isOver; failAt++) {
    await inCluster({ size: 1 }, async (cluster) => {
      const broken = cluster.newDisk(1, (count) => (count === failAt ? "io" : undefined));
      cluster.member(1).disk = broken;
      const error = await cluster.start(1).then(
        () => undefined,
        (caught: { code: string }) => caught,
      );
      isOver = error === undefined;
      if (isOver) return;
      failures++;
      assert.ok(["io", "WAL_FAILED"].includes(error?.code ?? ""), `${failAt}: ${error}`);
      assert.equal(cluster.network.sent.get(1) ?? 0, 0);
      cluster.member(1).disk = broken.kill();
      await cluster.start(1);
      await cluster.until("it leads", () => cluster.replica(1).status().role === "leader");
      const { result, index, term } = await cluster.replica(1).propose(bytes("first"));
      assert.deepEqual([result, index, term], [1, 2, 1], `failed at ${failAt}`);
    });
  }
  assert.ok(failures > 4, `${failures} failures`);
});

test("C17 a second start for another cluster or as another node is refused, and changes nothing", async () => {
  await inCluster({ size: 2 }, async (cluster) => {
    await cluster.startAll();
    await proposeMany(cluster, 3);
    await cluster.agreed();
    cluster.member(1).disk = (await stop(cluster, 1)).kill();
    const before = await contents(cluster.member(1).disk);
    const options = cluster.options(1);
    const strangers = [
      { ...options, clusterId: 8 },
      { ...options, config: { ...options.config, id: 2 } },
    ];
    for (const stranger of strangers) {
      await assert.rejects(openReplica(stranger), { code: "STORE_IDENTITY" });
    }
    assert.deepEqual(await contents(cluster.member(1).disk), before);
    await cluster.start(1);
    assert.equal((await cluster.agreed()).length, 3);
  });
});

test("H12 a follower whose disk is full acknowledges nothing and stops by name; with room it starts and catches up", async () => {
  await inCluster({}, async (cluster) => {
    const levers = [1, 2, 3].map((id) => breakable(cluster, id));
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    await proposeMany(cluster, 3);
    await cluster.agreed();
    const { lastIndex } = cluster.replica(leader).status();
    const lever = levers[follower - 1];
    assert(lever !== undefined);
    lever.code = "no-space";
    lever.broken = "write";
    await proposeMany(cluster, 3, "without room");
    await cluster.until("it has failed", () => cluster.member(follower).failures.length > 0);
    const [failure] = cluster.member(follower).failures as { code?: string; cause?: unknown }[];
    assert.equal(failure?.code, "DISK_FAILED");
    assert.equal((failure.cause as { diskCode?: string }).diskCode, "no-space");
    const { peers } = cluster.replica(leader).status();
    assert.equal(peers.find((peer) => peer.id === follower)?.match, lastIndex);
    lever.broken = undefined;
    await cluster.replica(follower).close();
    await cluster.start(follower);
    assert.equal((await cluster.agreed()).length, 6);
  });
});

test("H13 B11 a follower that has lost what it acknowledged lives on, is told apart, counts for nothing, and heals with the next leader", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const third = cluster.members.find(({ id }) => id !== leader && id !== follower)?.id ?? 0;
    await proposeMany(cluster, 5);
    await cluster.agreed();
    const older = await stop(cluster, follower);
    // The dead disk can be copied again: the old state is kept aside, a copy goes on.
    cluster.member(follower).disk = older.kill();
    await cluster.start(follower);
    await proposeMany(cluster, 5, "lost there");
    await cluster.agreed();
    await stop(cluster, follower);
    cluster.member(follower).disk = older.kill();
    await cluster.start(follower);

    const { lastIndex } = cluster.replica(leader).status();
    await cluster.clock.sleep(1000);
    const status = cluster.replica(follower).status();
    assert.deepEqual([status.state, status.leader], ["running", leader]);
    assert.ok(status.lastIndex < lastIndex);
    const told = cluster.member(leader).events.filter((event) => event.kind === "refused-message");
    assert.ok(told.some(({ from, why }) => from === follower && /lost what it ack/.test(why)));

    // Without the third one the leader has no majority: the one that lost its log doesn't count.
    cluster.crash(third);
    const outcome = cluster.replica(leader).propose(bytes("alone"), { timeoutMs: 300 });
    await assert.rejects(outcome, { code: "RAFT_OUTCOME_UNKNOWN" });

    await cluster.start(third);
    cluster.crash(leader);
    await cluster.start(leader);
    const lines = await cluster.agreed();
    assert.equal(lines.length, 11);
    assert.deepEqual(cluster.member(follower).machine.lines, lines);
  });
});
