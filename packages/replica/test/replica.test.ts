/** The replica as a whole, on simulated disks, network and time: proposals, failover, restarts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NotCommittedError, OutcomeUnknownError } from "@holdfast/replica";
import { inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";

test("§2 propose: any node gives the state machine's result, and all nodes apply the same in the same order", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();

    const first = await cluster.replica(leader).propose(bytes("a"));
    const second = await cluster.replica(follower).propose(bytes("b"));

    assert.equal(first.result, 1);
    assert.equal(second.result, 2);
    assert.equal(second.index, first.index + 1);
    assert.equal(second.term, cluster.replica(leader).status().term);
    assert.deepEqual(await cluster.agreed(), ["a", "b"]);
  });
});

test("start: steps at once on a leader, is refused elsewhere", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const before = cluster.replica(leader).status().lastIndex;

    const begun = cluster.replica(leader).start(bytes("x"));
    const refused = cluster.replica(await cluster.follower()).start(bytes("y"));

    assert.equal(begun.ok && begun.first, before + 1);
    assert.equal(!refused.ok && refused.reason, "not-leader");
    await cluster.until("x is applied", () => cluster.member(leader).machine.lines.length === 1);
    assert.deepEqual(await cluster.agreed(), ["x"]);
  });
});

test("propose: without a majority first unknown, then certainly not committed", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const alone = cluster.replica(leader);
    for (const { id } of cluster.members) if (id !== leader) cluster.crash(id);

    const during = alone.propose(bytes("during"), { timeoutMs: 200 });
    await assert.rejects(during, (error: unknown) => {
      assert(error instanceof OutcomeUnknownError);
      assert.equal(error.index, alone.status().lastIndex);
      return true;
    });

    await cluster.until("the leader steps down", () => alone.status().leader === 0);
    await assert.rejects(alone.propose(bytes("after"), { timeoutMs: 200 }), (error: unknown) => {
      assert(error instanceof NotCommittedError);
      assert.equal(error.reason, "no-leader");
      return true;
    });
    assert.equal(alone.status().waitingProposals, 0);
  });
});

test("B9 restart: a crashed node comes back with what was acknowledged", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    await cluster.start(1);
    await cluster.leader();
    for (const line of ["a", "b", "c"]) await cluster.replica(1).propose(bytes(line));
    cluster.crash(1);

    await cluster.start(1);
    await cluster.leader();
    assert.deepEqual(await cluster.agreed(), ["a", "b", "c"]);
  });
});
