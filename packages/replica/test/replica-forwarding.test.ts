/** Proposals on followers: one hop to the leader, and never an entry twice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForwardRequest } from "@holdfast/replica";
import { inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";
import { tap } from "./levers.ts";

test("forwarding: many followers' proposals at once all get their own result", async () => {
  await inCluster({ size: 5 }, async (cluster) => {
    await cluster.startAll();
    await cluster.leader();

    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        cluster.replica(1 + (i % 5)).propose(bytes(`line ${i}`)),
      ),
    );

    const lines = await cluster.agreed();
    assert.equal(lines.length, 200);
    for (const [i, { result }] of outcomes.entries()) assert.equal(lines[result - 1], `line ${i}`);
  });
});

test("forwarding: a repeated request, at once or much later, is appended once", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    let captured: { request: ForwardRequest; raw: Uint8Array } | undefined;
    tap(cluster, (packet, raw) => {
      if (packet.kind === "forward-request") captured = { request: packet, raw: raw.slice() };
      return true;
    });
    await cluster.replica(follower).propose(bytes("once"));
    assert(captured !== undefined);
    const { raw } = captured;

    cluster.network.deliver(follower, leader, "append", raw.slice());
    await cluster.replica(leader).propose(bytes("then"));
    assert.deepEqual(await cluster.agreed(), ["once", "then"]);

    // Much later: the same node leads again, with an empty memory, in another term.
    cluster.crash(leader);
    await cluster.leader();
    await cluster.start(leader);
    cluster.crash(await cluster.leader());
    await cluster.until("the old leader or the third one leads", () =>
      cluster.members.some((one) => one.replica?.status().role === "leader"),
    );
    for (const { id } of cluster.members) {
      cluster.network.deliver(follower, id, "append", raw.slice());
    }
    await cluster.replica(await cluster.leader()).propose(bytes("last"));
    assert.deepEqual(await cluster.agreed(), ["once", "then", "last"]);
  });
});

test("forwarding: what was appended is not refused when a copy of the request comes in a later term", async () => {
  // Simulated seed 30741: the answer is late, the copy meets a leader that has stepped down, and
  // its
  // refusal would send the command to the log once more.
  for (const isRestarted of [false, true]) {
    await inCluster({}, async (cluster) => {
      await cluster.startAll();
      const leader = await cluster.leader();
      const follower = await cluster.follower();
      let copy: Uint8Array | undefined;
      tap(cluster, (packet, raw) => {
        if (packet.kind === "forward-request" && copy === undefined) copy = raw.slice();
        return packet.kind !== "forward-response" || packet.reason !== "";
      });
      const outcome = cluster
        .replica(follower)
        .propose(bytes("once"), { timeoutMs: 3000 })
        .catch((error: { code: string }) => error.code);
      await cluster.until("it is appended", () =>
        cluster.member(leader).machine.lines.includes("once"),
      );

      if (isRestarted) {
        cluster.crash(leader);
        await cluster.start(leader);
      } else {
        cluster.network.isolate(leader);
        await cluster.clock.sleep(1000);
        cluster.network.heal();
      }
      assert(copy !== undefined);
      cluster.network.deliver(follower, leader, "append", copy);

      assert.equal(await outcome, "RAFT_OUTCOME_UNKNOWN");
      assert.deepEqual(await cluster.agreed(), ["once"]);
    });
  }
});

test("forwarding: only the node that was asked may answer", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    let redirected = 0;
    tap(cluster, (packet, raw) => {
      if (packet.kind !== "forward-request" || redirected > 0 || packet.to !== leader) return true;
      redirected++;
      const third = [1, 2, 3].find((id) => id !== leader && id !== follower) ?? 0;
      // As if the follower had taken the third one for the leader: the answer comes from there.
      cluster.network.deliver(follower, third, "append", raw.slice());
      return false;
    });
    const outcome = cluster.replica(follower).propose(bytes("x"), { timeoutMs: 500 });
    // The answer of the third node is not from the one that was asked: it must not count.
    await assert.rejects(outcome, { code: "RAFT_OUTCOME_UNKNOWN" });
    assert.equal(redirected, 1);
    assert.deepEqual(await cluster.agreed(), []);
  });
});

test("forwarding: a leader that has stepped down refuses, and the origin tries again", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const held: Uint8Array[] = [];
    tap(cluster, (packet, raw) => {
      if (packet.kind !== "forward-request" || held.length > 0) return true;
      held.push(raw.slice());
      return false;
    });
    const outcome = cluster.replica(follower).propose(bytes("x"), { timeoutMs: 5000 });
    await cluster.until("the request has left", () => held.length === 1);

    cluster.network.isolate(leader);
    await cluster.until(
      "the leader steps down",
      () => cluster.replica(leader).status().leader === 0,
    );
    const [raw] = held;
    assert(raw !== undefined);
    cluster.network.deliver(follower, leader, "append", raw);
    cluster.network.heal();

    // Its refusal may be lost with the partition: then nobody can tell, and the command is in no
    // log.
    const settled = await outcome.then(
      () => "applied",
      (error: { code: string }) => error.code,
    );
    const lines = await cluster.agreed();
    assert.deepEqual(lines, settled === "applied" ? ["x"] : []);
  });
});

test("I5 forwarding: a lost connection leaves the outcome unknown, whether or not the command arrived", async () => {
  for (const arrives of [true, false]) {
    await inCluster({}, async (cluster) => {
      await cluster.startAll();
      const leader = await cluster.leader();
      const follower = await cluster.follower();
      let isSent = false;
      tap(cluster, (packet) => {
        if (packet.kind === "forward-request") isSent = true;
        if (packet.kind === "forward-request") return arrives;
        return packet.kind !== "forward-response";
      });
      const outcome = cluster.replica(follower).propose(bytes("x"), { timeoutMs: 300 });
      const settled = assert.rejects(outcome, { code: "RAFT_OUTCOME_UNKNOWN", index: 0 });
      await cluster.until("the request has left", () => isSent);
      await settled;
      assert.deepEqual(await cluster.agreed(), arrives ? ["x"] : []);
      assert.equal(cluster.replica(follower).status().waitingProposals, 0);
      assert.equal(cluster.replica(leader).status().state, "running");
    });
  }
});

test("forwarding: to a leader that is known to be gone nothing is sent, so nothing is unknown", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    cluster.crash(leader);
    // The first one finds out.
    const first = cluster.replica(follower).propose(bytes("first"));
    await assert.rejects(first, { code: "RAFT_OUTCOME_UNKNOWN" });
    assert.equal(cluster.replica(follower).status().leader, leader, "it has not noticed yet");
    const second = await cluster.replica(follower).propose(bytes("second"));
    assert.equal(second.result, 1);
    assert.deepEqual(await cluster.agreed(), ["second"]);
  });
});

test("forwarding: while nobody leads a proposal waits, and goes to the leader that comes", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.start(1);
    const early = cluster.replica(1).propose(bytes("early"), { timeoutMs: 10_000 });
    await cluster.clock.sleep(2000);
    assert.equal(cluster.replica(1).status().waitingProposals, 1);
    await cluster.start(2);
    assert.equal((await early).result, 1);
    assert.deepEqual(await cluster.agreed(), ["early"]);
  });
});

test("forwarding: a command over the limit is refused on every node", async () => {
  await inCluster({ config: { commandBytesMax: 100 } }, async (cluster) => {
    await cluster.startAll();
    await cluster.leader();
    for (const { id } of cluster.members) {
      const outcome = cluster.replica(id).propose(new Uint8Array(101));
      await assert.rejects(outcome, { code: "RAFT_NOT_COMMITTED", reason: "too-large" });
    }
  });
});

test("forwarding: a leader whose budget is spent turns forwarded commands away for certain", async () => {
  const config = { commandBytesMax: 100, uncommittedBytesMax: 300 };
  await inCluster({ config }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    // Nothing commits: the answers to appends are held back.
    tap(cluster, (packet) => packet.kind !== "append-response");
    const own = Array.from({ length: 5 }, () => cluster.replica(leader).start(new Uint8Array(100)));
    assert.equal(
      own.some((result) => !result.ok && result.reason === "too-much-uncommitted"),
      true,
    );
    const outcome = cluster.replica(follower).propose(new Uint8Array(100));
    await assert.rejects(outcome, { reason: "overloaded", retryAfterMs: 50 });
    cluster.network.filter = undefined;
  });
});
