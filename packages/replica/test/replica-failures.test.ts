/** What breaks, and the clear state it ends in: disks, state machines, leaders. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskFailedError, openReplica, WalFailedError } from "@holdfast/replica";
import { inCluster } from "./cluster.ts";
import { bytes, Journal } from "./journal.ts";
import { breakable } from "./levers.ts";
import { outcomes } from "./outcomes.ts";

test("I4 I6 a leader that dies: what only it had is superseded, what was acknowledged stays", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    await cluster.replica(leader).propose(bytes("kept"));

    cluster.network.isolate(leader);
    const lost = cluster.replica(leader).propose(bytes("lost"), { timeoutMs: 60_000 });
    const outcome = lost.then(
      () => "applied",
      (error: { code: string; reason?: string }) => `${error.code} ${error.reason}`,
    );
    await cluster.until("another one leads", () =>
      cluster.members.some((one) => one.id !== leader && one.replica?.status().role === "leader"),
    );
    const next = cluster.members.find(
      (one) => one.id !== leader && one.replica?.status().role === "leader",
    );
    assert(next?.replica !== undefined);
    await next.replica.propose(bytes("after"));
    cluster.network.heal();

    // The old leader hears of the entries that took the place of its own: it knows for certain.
    assert.equal(await outcome, "RAFT_NOT_COMMITTED superseded");
    assert.deepEqual(await cluster.agreed(), ["kept", "after"]);
  });
});

for (const operation of ["sync", "write"] as const) {
  test(`H7 H11 a disk that fails at ${operation} stops the leader: it promises nothing, the rest go on`, async () => {
    await inCluster({}, async (cluster) => {
      const levers = [1, 2, 3].map((id) => breakable(cluster, id));
      await cluster.startAll();
      const leader = await cluster.leader();
      const replica = cluster.replica(leader);
      await replica.propose(bytes("before"));
      await cluster.agreed();

      const lever = levers[leader - 1];
      assert(lever !== undefined);
      lever.broken = operation;
      const waiting = Array.from({ length: 3 }, (_, i) => replica.propose(bytes(`during ${i}`)));
      const counts = await outcomes(waiting);

      assert.deepEqual(counts, { unknown: 3 });
      const { failures } = cluster.member(leader);
      assert.equal(failures.length, 1);
      const [failure] = failures;
      assert(failure instanceof DiskFailedError);
      assert.equal(failure.code, "DISK_FAILED");
      assert(failure.cause instanceof WalFailedError);
      const status = replica.status();
      assert.equal(status.state, "failed");
      assert.match(status.failure ?? "", /The disk failed at writing the log/);
      assert.deepEqual(replica.start(bytes("no")).ok, false);
      await assert.rejects(replica.propose(bytes("no")), { reason: "failed" });
      const sent = cluster.network.sent.get(leader);

      await cluster.until("another one leads", () =>
        cluster.members.some((one) => one.id !== leader && one.replica?.status().role === "leader"),
      );
      assert.equal(cluster.network.sent.get(leader), sent, "a failed node says nothing");

      // A new start with a disk that works: all that was acknowledged is there.
      lever.broken = undefined;
      await replica.close();
      await cluster.start(leader);
      await cluster.replica(await cluster.leader()).propose(bytes("after"));
      const lines = await cluster.agreed();
      assert.equal(lines[0], "before");
      assert.equal(lines.at(-1), "after");
    });
  });
}

test("H11 a disk that fails on a follower stops that follower only", async () => {
  await inCluster({}, async (cluster) => {
    const levers = [1, 2, 3].map((id) => breakable(cluster, id));
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const lever = levers[follower - 1];
    assert(lever !== undefined);
    lever.broken = "sync";

    const { result } = await cluster.replica(leader).propose(bytes("a"));

    assert.equal(result, 1);
    await cluster.until(
      "the follower has failed",
      () => cluster.member(follower).failures.length > 0,
    );
    assert.equal(cluster.replica(follower).status().state, "failed");
    assert.equal(cluster.replica(leader).status().state, "running");
  });
});

test("G14 a disk that hangs keeps no heartbeat waiting, and nothing is acknowledged", async () => {
  let hangs = 0;
  await inCluster({ syncMs: (id) => (id === hangs ? 60_000 : 0.5) }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    hangs = follower;
    const { term } = cluster.replica(leader).status();
    await cluster.replica(leader).propose(bytes("a"));
    await cluster.clock.sleep(3000);
    const status = cluster.replica(leader).status();
    assert.equal(status.term, term, "nobody campaigned");
    const peer = status.peers.find((one) => one.id === follower);
    assert(peer !== undefined);
    assert.equal(peer.match < status.lastIndex, true, "the slow disk has promised nothing");
    hangs = 0;
  });
});

test("G12 a state machine that throws stops its replica with the index, and skips nothing after a restart", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const { machine, failures } = cluster.member(follower);
    machine.before = (line) => assert.notEqual(line, "poison");
    await cluster.replica(leader).propose(bytes("a"));
    const { index } = await cluster.replica(leader).propose(bytes("poison"));
    await cluster.replica(leader).propose(bytes("b"));

    await cluster.until("the follower has failed", () => failures.length > 0);
    assert.equal((failures[0] as { code?: string }).code, "MACHINE_FAILED");
    assert.equal((failures[0] as { index?: number }).index, index);
    assert.deepEqual(machine.lines, ["a"]);

    await cluster.replica(follower).close();
    await cluster.start(follower);
    assert.deepEqual(await cluster.agreed(), ["a", "poison", "b"]);
  });
});

test("G10 a slow state machine delays no heartbeat: nobody campaigns while it works", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const { term } = cluster.replica(leader).status();
    for (const { machine } of cluster.members) machine.before = () => cluster.clock.sleep(100);

    const all = Array.from({ length: 50 }, (_, i) =>
      cluster.replica(leader).propose(bytes(`${i}`), { timeoutMs: 60_000 }),
    );
    await Promise.all(all);

    assert.equal(cluster.replica(leader).status().term, term);
    assert.deepEqual(
      cluster.member(leader).events.filter((one) => one.kind === "stepped-down"),
      [],
    );
  });
});

test("G8 a leader whose disk or state machine is far behind takes no more until it has caught up", async () => {
  let isSlow = false;
  const config = { uncommittedBytesMax: 2000, commandBytesMax: 500 };
  await inCluster({ config, syncMs: () => (isSlow ? 2000 : 0.5) }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const replica = cluster.replica(leader);
    const { machine } = cluster.member(leader);
    const flood = async (): Promise<Record<string, number>> => {
      const all: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++) {
        all.push(replica.propose(new Uint8Array(400), { timeoutMs: 60_000 }));
        await cluster.clock.sleep(10);
      }
      return outcomes(all);
    };
    assert.deepEqual(await flood(), { applied: 20 });

    machine.before = () => cluster.clock.sleep(500);
    assert.equal(((await flood())["overloaded"] ?? 0) > 5, true, "slow machine");
    machine.before = undefined;

    isSlow = true;
    const counts = await flood();
    isSlow = false;
    assert.equal((counts["overloaded"] ?? 0) > 5, true, "slow disk");
    await cluster.clock.sleep(5000);
    assert.deepEqual(await flood(), { applied: 20 });
  });
});

test("packets that are none are counted and told, and hurt nobody", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    cluster.network.deliver(2, 1, "append", Uint8Array.of(0xff, 1, 2, 3));
    cluster.network.deliver(2, 1, "vote", new Uint8Array(0));
    assert.equal(cluster.replica(1).status().refusedPackets, 2);
    const told = cluster.member(1).events.filter((one) => one.kind === "refused-message");
    assert.equal(told.length, 2);
    await cluster.replica(leader).propose(bytes("a"));
    assert.deepEqual(await cluster.agreed(), ["a"]);
  });
});

test("a broken invariant stops the replica with the last inputs in the report", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const { machine, failures } = cluster.member(leader);
    await cluster.replica(leader).propose(bytes("a"));
    // What no driver may do: an observer that throws inside a turn.
    const member = cluster.member(leader);
    member.events.push = () => {
      throw new Error("observer");
    };
    const outcome = cluster.replica(leader).propose(bytes("b"));
    assert.deepEqual(await outcomes([outcome]), { unknown: 1 });
    const [failure] = failures as { code?: string; recent?: readonly string[] }[];
    assert.equal(failure?.code, "RAFT_INVARIANT");
    assert.equal((failure?.recent?.length ?? 0) > 5, true);
    assert.match(failure?.recent?.at(-1) ?? "", /propose 1|append-response/);
    assert.equal(machine.lines.length, 1);
  });
});

test("C17 options: a wrong one is refused by name before anything is written", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    const options = cluster.options(1);
    const config = { ...options.config, heartbeatMs: 0 };
    await assert.rejects(openReplica({ ...options, config, machine: new Journal() }), {
      code: "RAFT_CONFIG",
      field: "heartbeatMs",
    });
    assert.deepEqual(await cluster.member(1).disk.list(), []);
  });
});
