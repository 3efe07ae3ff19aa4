/**
 * Snapshots in a living replica (§7): by policy, on demand, by the application, over the
 * network.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePacket } from "@holdfast/replica";
import { inCluster } from "./cluster.ts";
import { proposeMany } from "./compacted.ts";
import { bytes } from "./journal.ts";

test("snapshot policy: after so many entries one is taken, and the log before it goes", async () => {
  const options = { replica: { snapshotEveryEntries: 10 }, config: { trailingEntries: 3 } };
  await inCluster(options, async (cluster) => {
    await cluster.startAll();
    await proposeMany(cluster, 35);
    await cluster.agreed();
    for (const { id, machine } of cluster.members) {
      await cluster.until("the log is short", () => {
        const { logStart, snapshotIndex } = cluster.replica(id).status();
        return snapshotIndex >= 30 && logStart === snapshotIndex - 3;
      });
      assert.equal(machine.snapshots, 3);
      assert.equal(cluster.replica(id).status().snapshotBytes > 100, true);
    }
  });
});

test("snapshot policy: after so many bytes one is taken", async () => {
  await inCluster({ size: 1, replica: { snapshotEveryBytes: 1000 } }, async (cluster) => {
    await cluster.start(1);
    await proposeMany(cluster, 60);
    await cluster.until("a snapshot", () => cluster.replica(1).status().snapshotIndex > 0);
  });
});

test("B23 I3 restart: the state is the snapshot and the tail of the log, nothing twice", async () => {
  const options = { replica: { snapshotEveryEntries: 10 }, config: { trailingEntries: 0 } };
  await inCluster(options, async (cluster) => {
    await cluster.startAll();
    await proposeMany(cluster, 25);
    const lines = await cluster.agreed();
    for (const { id } of cluster.members) cluster.crash(id);
    await cluster.startAll();
    await proposeMany(cluster, 1, "after");
    assert.deepEqual(await cluster.agreed(), [...lines, "after 1"]);
    for (const { machine } of cluster.members) {
      assert.equal(machine.restores, 1);
      assert.equal(machine.given.length < 25, true, "the rest came from the snapshot");
    }
  });
});

test("a follower that is behind the log gets the snapshot in many pieces, and goes on from there", async () => {
  const options = {
    replica: { snapshotEveryEntries: 20, snapshotChunkBytes: 64 },
    config: { trailingEntries: 0 },
  };
  await inCluster(options, async (cluster) => {
    await cluster.startAll();
    await proposeMany(cluster, 3);
    const follower = await cluster.follower();
    cluster.crash(follower);
    await proposeMany(cluster, 100, "more");

    let pieces = 0;
    cluster.network.filter = (from, to, lane, raw) => {
      if (decodePacket(raw, from, to).kind === "snapshot-request") {
        assert.equal(lane, "snapshot");
        pieces++;
      }
      return true;
    };
    await cluster.start(follower);
    const lines = await cluster.agreed();

    assert.equal(lines.length, 103);
    assert.equal(pieces > 10, true);
    assert.equal(cluster.member(follower).machine.restores, 1);
    assert.equal(cluster.replica(follower).status().snapshotIndex > 0, true);

    // What was installed is as good as what was taken: a restart begins from it.
    cluster.crash(follower);
    await cluster.start(follower);
    assert.equal(cluster.member(follower).machine.restores, 1);
    assert.deepEqual(await cluster.agreed(), lines);
  });
});

test("E2 a snapshot that is cut off by a crash of the receiver is sent anew", async () => {
  const options = {
    replica: { snapshotEveryEntries: 20, snapshotChunkBytes: 64 },
    config: { trailingEntries: 0 },
  };
  await inCluster(options, async (cluster) => {
    await cluster.startAll();
    const follower = await cluster.follower();
    cluster.crash(follower);
    await proposeMany(cluster, 60);
    for (let round = 0; round < 3; round++) {
      let pieces = 0;
      cluster.network.filter = (from, to, _lane, raw) => {
        if (decodePacket(raw, from, to).kind === "snapshot-request") pieces++;
        return true;
      };
      await cluster.start(follower);
      await cluster.until("some pieces have come", () => pieces > 2 + 3 * round);
      cluster.crash(follower, "all");
    }
    cluster.network.filter = undefined;
    await cluster.start(follower);
    assert.equal((await cluster.agreed()).length, 60);
  });
});

test("snapshot(): resolves with what it covers; asked twice it need not be taken twice", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    await cluster.start(1);
    await cluster.leader();
    const { index } = await cluster.replica(1).propose(bytes("a"));
    assert.equal(await cluster.replica(1).snapshot(), index);
    assert.equal(await cluster.replica(1).snapshot(), index);
    assert.equal(cluster.member(1).machine.snapshots, 1);
    const more = await Promise.all([
      cluster.replica(1).propose(bytes("b")),
      cluster.replica(1).snapshot(),
    ]);
    assert.equal(more[1] >= index, true);
  });
});

test("compact(): the application's own snapshot, given while it applies the very entry", async () => {
  await inCluster({ config: { trailingEntries: 0 } }, async (cluster) => {
    await cluster.startAll();
    const kept: Promise<void>[] = [];
    for (const member of cluster.members) {
      const { machine } = member;
      const apply = machine.apply.bind(machine);
      machine.apply = (command, at) => {
        const result = apply(command, at);
        if (at.index % 10 !== 0) return result;
        const state = bytes(machine.lines.map((line) => `${line}\n`).join(""));
        const done = member.replica?.compact(at.index, [state]);
        assert(done !== undefined);
        kept.push(done);
        return result;
      };
    }
    await proposeMany(cluster, 35);
    const lines = await cluster.agreed();
    await Promise.all(kept);
    for (const { id } of cluster.members) {
      const { snapshotIndex, logStart } = cluster.replica(id).status();
      assert.equal(snapshotIndex, 30);
      assert.equal(logStart, 30);
      cluster.crash(id);
    }
    await cluster.startAll();
    assert.deepEqual(await cluster.agreed(), lines);
  });
});

test("compact(): one that is on disk before its entry is applied cuts the log once it is", async () => {
  await inCluster({ size: 1, config: { trailingEntries: 0 } }, async (cluster) => {
    await cluster.start(1);
    await cluster.leader();
    const { machine, replica } = cluster.member(1);
    Object.assign(machine, {
      apply: async (_command: Uint8Array, { index }: { readonly index: number }) => {
        await replica?.compact(index, [bytes("state\n")]);
        assert.equal((replica?.status().applied ?? index) < index, true);
        return index;
      },
    });
    const { result } = await cluster.replica(1).propose(bytes("a"));
    await cluster.until("the log is cut", () => cluster.replica(1).status().logStart === result);
  });
});

test("E10 a quiescent node ends within its policy: what became due while saving is taken after it", async () => {
  const options = {
    size: 1,
    replica: { snapshotEveryEntries: 10 },
    config: { trailingEntries: 0 },
  };
  await inCluster({ ...options, syncMs: () => 30 }, async (cluster) => {
    await cluster.start(1);
    await cluster.leader();
    await Promise.all(
      Array.from({ length: 9 }, (_, i) => cluster.replica(1).propose(bytes(`${i}`))),
    );
    // The first snapshot is being saved; one more batch comes, and then nothing any more.
    await Promise.all(
      Array.from({ length: 15 }, (_, i) => cluster.replica(1).propose(bytes(`${i}`))),
    );
    const { applied } = cluster.replica(1).status();
    await cluster.until("a snapshot of all", () => {
      return applied - cluster.replica(1).status().snapshotIndex < 10;
    });
  });
});

test("compact(): refused ahead of what was applied, nothing to do behind what is kept", async () => {
  await inCluster({ size: 1, config: { trailingEntries: 0 } }, async (cluster) => {
    await cluster.start(1);
    await proposeMany(cluster, 5);
    const replica = cluster.replica(1);
    const { lastIndex } = replica.status();
    for (const index of [lastIndex + 1, -1, 1.5]) {
      await assert.rejects(replica.compact(index, [bytes("x")]), { code: "SNAPSHOT_REFUSED" });
    }
    await replica.compact(lastIndex, [bytes("x\n")]);
    await replica.compact(2, [bytes("older")]);
    assert.equal(replica.status().snapshotIndex, lastIndex);
  });
});

test("a state machine that can't give its state keeps its log; the caller hears why, the next one works", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    await cluster.start(1);
    await proposeMany(cluster, 5);
    const { machine, failures } = cluster.member(1);
    const snapshot = machine.snapshot.bind(machine);
    machine.snapshot = () => assert.fail("busy");
    await assert.rejects(cluster.replica(1).snapshot(), { code: "SNAPSHOT_FAILED" });
    assert.match(cluster.replica(1).status().snapshotFailure ?? "", /busy/);
    machine.snapshot = snapshot;
    assert.equal(await cluster.replica(1).snapshot(), cluster.replica(1).status().applied);
    assert.equal(cluster.replica(1).status().snapshotFailure, undefined);
    assert.deepEqual(failures, []);
  });
});

test("H12 a full disk takes no snapshot, but goes on taking commands (D10)", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    let isFull = false;
    cluster.member(1).disk = cluster.newDisk(1, (_count, operation, name) =>
      isFull && operation === "write" && name.startsWith("snapshot") ? "no-space" : undefined,
    );
    await cluster.start(1);
    await proposeMany(cluster, 5);
    isFull = true;
    await assert.rejects(cluster.replica(1).snapshot(), { code: "SNAPSHOT_FAILED" });
    await proposeMany(cluster, 1, "more");
    isFull = false;
    await cluster.replica(1).snapshot();
    assert.equal(cluster.replica(1).status().state, "running");
  });
});

test("G10 while a big state is being read, heartbeats go out and nobody campaigns", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    await proposeMany(cluster, 20);
    const leader = await cluster.leader();
    const { term } = cluster.replica(leader).status();
    const { machine } = cluster.member(leader);
    machine.snapshot = () => [];
    Object.assign(machine, {
      snapshot: async function* (): AsyncGenerator<Uint8Array> {
        for (const line of machine.lines) {
          await cluster.clock.sleep(100);
          yield bytes(`${line}\n`);
        }
      },
    });
    const before = machine.lines.length;
    const taken = cluster.replica(leader).snapshot();
    const during = cluster.replica(leader).propose(bytes("during"), { timeoutMs: 60_000 });
    const index = await taken;
    assert.equal((await during).result, before + 1);
    assert.equal((await during).index, index + 1, "not in the snapshot");
    assert.equal(cluster.replica(leader).status().term, term);
  });
});
