/**
 * What goes on while something else hangs: G7 to G15 and I2 of the catalogue, in whole replicas.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { entryBytes } from "@holdfast/raft";
import { inCluster } from "./cluster.ts";
import { proposeMany, snapshotAll, TIGHT } from "./compacted.ts";
import { bytes } from "./journal.ts";
import { tap } from "./levers.ts";

test("G7 G8 a follower whose disk hangs holds a window and a message at most, and is sent no more than a window again per retransmission", async () => {
  const config = { windowBytes: 2000, messageBytesMax: 1000, retransmitMs: 100 };
  let hangs = 0;
  await inCluster({ config, syncMs: (id) => (id === hangs ? 20_000 : 0.5) }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    await proposeMany(cluster, 3);
    await cluster.agreed();
    let sentBytes = 0;
    tap(cluster, (packet) => {
      if (packet.kind === "append-request" && packet.to === follower) {
        for (const entry of packet.entries) sentBytes += entryBytes(entry);
      }
      return true;
    });
    hangs = follower;
    const since = cluster.clock.now();
    const { lastIndex } = cluster.replica(follower).status();
    for (let i = 0; i < 300; i++) await cluster.replica(leader).propose(new Uint8Array(84));
    await cluster.clock.sleep(5000);
    const { lastIndex: now, waitingWrites } = cluster.replica(follower).status();
    const mostEntries = (config.windowBytes + config.messageBytesMax) / 100;
    assert.ok(now - lastIndex <= mostEntries, `${now - lastIndex} entries are held`);
    const again = Math.ceil((cluster.clock.now() - since) / config.retransmitMs);
    const mostBytes = config.messageBytesMax + config.windowBytes * (1 + again);
    assert.ok(sentBytes <= mostBytes, `${sentBytes} bytes were sent`);
    // A repeated request is answered, so its answer waits: three a time at this size.
    assert.ok(waitingWrites <= 10 + 3 * again, `${waitingWrites} writes wait`);
    hangs = 0;
    await cluster.clock.sleep(20_000);
    assert.equal((await cluster.agreed()).length, 303);
  });
});

test("G9 hundreds of proposals that can't commit end each when its time is over, not one after the other", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    tap(cluster, (packet) => packet.kind !== "append-response");
    const attempt = async (line: string): Promise<void> => {
      const since = cluster.clock.now();
      const outcome = cluster.replica(leader).propose(bytes(line), { timeoutMs: 150 });
      await assert.rejects(outcome, { code: "RAFT_OUTCOME_UNKNOWN" });
      const tookMs = cluster.clock.now() - since;
      assert.ok(tookMs >= 150 && tookMs <= 180, `${tookMs} ms`);
    };
    const attempts: Promise<void>[] = [];
    for (let i = 0; i < 500; i++) {
      attempts.push(attempt(`${i}`));
      if (i % 10 === 0) await cluster.clock.sleep(2);
    }
    await Promise.all(attempts);
    assert.equal(cluster.replica(leader).status().waitingProposals, 0);
  });
});

test("G11 a replica whose state machine hangs still closes, votes, acknowledges and hears its leader", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const third = cluster.members.find(({ id }) => id !== leader && id !== follower)?.id ?? 0;
    cluster.member(follower).machine.before = () => new Promise(() => {});
    await proposeMany(cluster, 3);
    // It is needed for every majority from here on.
    cluster.crash(third);
    await proposeMany(cluster, 5, "more");
    const status = cluster.replica(follower).status();
    assert.equal(status.leader, leader);
    assert.deepEqual([status.applied < status.commit, status.state], [true, "running"]);
    cluster.crash(leader);
    await cluster.start(third);
    const next = await cluster.leader();
    assert.ok(next === follower || next === third);
    await cluster.replica(follower).close();
    assert.equal(cluster.replica(follower).status().state, "closed");
  });
});

test("G14 the cluster commits without the disk of a leader that hangs, and that disk acknowledges nothing", async () => {
  let hangs = 0;
  await inCluster({ syncMs: (id) => (id === hangs ? 60_000 : 0.5) }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const others = cluster.members.filter(({ id }) => id !== leader);
    hangs = leader;
    for (let i = 0; i < 5; i++) await cluster.replica(leader).propose(bytes(`${i}`));
    await cluster.until("the others have applied all", () =>
      others.every(({ machine }) => machine.lines.length === 5),
    );
    // Without one of the others its own disk would be needed: nothing commits.
    cluster.crash(others[0]?.id ?? 0);
    const outcome = cluster.replica(leader).propose(bytes("stuck"), { timeoutMs: 1000 });
    await assert.rejects(outcome, { code: "RAFT_OUTCOME_UNKNOWN" });
    assert.equal(others[1]?.machine.lines.length, 5);
  });
});

test("G14 a leader whose disk hangs gives its office up to a node whose disk answers", async () => {
  let hangs = 0;
  await inCluster({ syncMs: (id) => (id === hangs ? 60_000 : 0.5) }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    hangs = leader;
    // Others commit it, and the own disk is asked for a promise that it doesn't keep.
    await cluster.replica(leader).propose(bytes("a"));
    const since = cluster.clock.now();
    await cluster.until("another one leads", () =>
      cluster.members.some(
        ({ id, replica }) => id !== leader && replica?.status().role === "leader",
      ),
    );
    const next = await cluster.leader();
    assert.notEqual(next, leader);
    // It notices within two of its longest timeouts, the others elect within a few more.
    assert.ok(cluster.clock.now() - since < 300 * 8, `${cluster.clock.now() - since} ms`);
    assert.ok(
      cluster
        .member(leader)
        .events.some((event) => event.kind === "stepped-down" && event.why === "slow-disk"),
    );
    const { result } = await cluster.replica(next).propose(bytes("b"));
    assert.equal(result, 2);
    hangs = 0;
  });
});

test("G15 while a snapshot is stuck on its way, its receiver hears every heartbeat and the rest commit without delay", async () => {
  await inCluster(TIGHT, async (cluster) => {
    await cluster.startAll();
    const laggard = await cluster.follower();
    cluster.crash(laggard);
    await proposeMany(cluster, 30);
    await snapshotAll(cluster);
    const leader = await cluster.leader();
    const { term } = cluster.replica(leader).status();
    let isStuck = true;
    let stuck = 0;
    const heardAt: number[] = [];
    cluster.network.filter = (from, to, lane) => {
      if (lane === "snapshot" && isStuck) stuck++;
      else if (from === leader && to === laggard) heardAt.push(cluster.clock.now());
      return lane !== "snapshot" || !isStuck;
    };
    await cluster.start(laggard);
    for (let i = 0; i < 30; i++) {
      const since = cluster.clock.now();
      await cluster.replica(leader).propose(bytes(`more ${i}`));
      assert.ok(cluster.clock.now() - since < 20, "a command takes a round trip");
      await cluster.clock.sleep(100);
    }
    assert.ok(stuck > 0, "a piece was on its way");
    const gaps = heardAt.slice(1).map((at, i) => at - (heardAt[i] ?? 0));
    assert.ok(gaps.length > 50 && Math.max(...gaps) <= 60, `${Math.max(...gaps)} ms`);
    assert.equal(cluster.replica(laggard).status().leader, leader);
    assert.equal(cluster.replica(leader).status().term, term);
    isStuck = false;
    assert.equal((await cluster.agreed()).length, 60);
  });
});

test("I2 a leader applies its own entries as everybody does, also when their callers have given up", async () => {
  await inCluster({}, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    await cluster.replica(leader).propose(bytes("before"));
    tap(cluster, (packet) => packet.kind !== "append-response");
    const signal = new AbortController();
    const given = [
      cluster.replica(leader).propose(bytes("timed out"), { timeoutMs: 50 }),
      cluster.replica(leader).propose(bytes("aborted"), { signal: signal.signal }),
    ];
    signal.abort();
    for (const outcome of await Promise.allSettled(given)) assert.equal(outcome.status, "rejected");
    cluster.network.filter = undefined;
    // Nobody waits for them when they commit.
    await cluster.until("they are applied", () => cluster.replica(leader).status().applied >= 4);
    await cluster.replica(leader).propose(bytes("after"));
    const lines = await cluster.agreed();
    assert.deepEqual(lines, ["before", "timed out", "aborted", "after"]);
    assert.deepEqual(cluster.member(leader).machine.lines, lines);
  });
});
