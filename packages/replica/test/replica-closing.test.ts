/** How what waits ends: when a replica is closed, a caller gives up, or too many call. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePacket } from "@holdfast/replica";
import { inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";
import { outcomes } from "./outcomes.ts";

test("I4 close() settles everything in each stage, and leaves nothing behind", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    cluster.network.filter = (from, to, _lane, raw) => {
      const { kind } = decodePacket(raw, from, to);
      return kind !== "append-response" && kind !== "forward-response";
    };
    const appended = [cluster.replica(leader).propose(bytes("a"))];
    const forwarded = [cluster.replica(follower).propose(bytes("b"))];
    const closing = Promise.all([
      cluster.replica(leader).close(),
      cluster.replica(follower).close(),
    ]);
    assert.deepEqual(await outcomes(appended), { unknown: 1 });
    assert.deepEqual(await outcomes(forwarded), { unknown: 1 });
    await closing;

    const third = cluster.members.find((one) => one.id !== leader && one.id !== follower);
    assert(third?.replica !== undefined);
    const { replica } = third;
    await cluster.until("the third knows no leader", () => replica.status().leader === 0);
    const seeking = replica.propose(bytes("c"));
    await Promise.all([replica.close(), replica.close()]);
    assert.deepEqual(await outcomes([seeking]), { closed: 1 });

    for (const { id } of cluster.members) {
      const status = cluster.replica(id).status();
      assert.equal(status.state, "closed");
      assert.equal(status.waitingProposals, 0);
      assert.equal(status.waitingWrites, 0);
      assert.equal(cluster.replica(id).start(bytes("x")).ok, false);
      await assert.rejects(cluster.replica(id).propose(bytes("x")), { reason: "closed" });
      await assert.rejects(cluster.replica(id).snapshot(), { code: "SNAPSHOT_REFUSED" });
      assert.deepEqual(cluster.member(id).failures, []);
    }
  });
});

test("close() finishes the disk work that was queued: a write that was under way is there after a start", async () => {
  await inCluster({ size: 1, syncMs: () => 20 }, async (cluster) => {
    await cluster.start(1);
    await cluster.leader();
    const begun = cluster.replica(1).start(bytes("late"));
    assert(begun.ok);
    await cluster.clock.sleep(1);
    await cluster.replica(1).close();
    cluster.member(1).replica = undefined;
    await cluster.start(1);
    assert.equal(cluster.replica(1).status().lastIndex, begun.first);
  });
});

test("close() leaves the state machine alone: of what was committed nothing more is applied", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    await cluster.start(1);
    await cluster.leader();
    const { machine } = cluster.member(1);
    machine.before = () => cluster.clock.sleep(20);
    for (let i = 0; i < 10; i++) cluster.replica(1).start(bytes(`${i}`));
    await cluster.until("some are applied", () => machine.lines.length > 2);
    await cluster.replica(1).close();
    const applied = machine.lines.length;
    await cluster.clock.sleep(500);
    // The one that was under way may end.
    assert.equal(machine.lines.length <= applied + 1, true);
  });
});

test("G11 close() doesn't wait for a state machine that never ends", async () => {
  await inCluster({ size: 1 }, async (cluster) => {
    await cluster.start(1);
    await cluster.leader();
    cluster.member(1).machine.before = () => new Promise(() => {});
    const outcome = cluster.replica(1).propose(bytes("a"));
    await cluster.until("it is committed", () => {
      const { commit, lastIndex } = cluster.replica(1).status();
      return commit === lastIndex;
    });
    await cluster.replica(1).close();
    assert.deepEqual(await outcomes([outcome]), { unknown: 1 });
  });
});

test("I5 abort and timeout: certain before the command left, unknown afterwards", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.start(1);
    const waits = new AbortController();
    const seeking = cluster.replica(1).propose(bytes("a"), { signal: waits.signal });
    waits.abort();
    assert.deepEqual(await outcomes([seeking]), { aborted: 1 });
    const late = cluster.replica(1).propose(bytes("b"), { timeoutMs: 100 });
    assert.deepEqual(await outcomes([late]), { "no-leader": 1 });

    await cluster.start(2);
    await cluster.start(3);
    const leader = await cluster.leader();
    cluster.network.filter = (from, to, _lane, raw) =>
      decodePacket(raw, from, to).kind !== "append-response";
    const left = new AbortController();
    const appended = cluster.replica(leader).propose(bytes("c"), { signal: left.signal });
    left.abort();
    assert.deepEqual(await outcomes([appended]), { unknown: 1 });
    cluster.network.filter = undefined;
  });
});

test("too many callers: the next one is turned away with a hint, and nothing else suffers", async () => {
  await inCluster({ replica: { proposalsMax: 10 } }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const all = Array.from({ length: 15 }, (_, i) =>
      cluster.replica(leader).propose(bytes(`${i}`)),
    );
    assert.deepEqual(await outcomes(all), { applied: 10, overloaded: 5 });
  });
});
