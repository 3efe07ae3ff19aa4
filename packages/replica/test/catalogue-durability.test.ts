/**
 * What a node may say only when its disk holds it: A1 to A9, B9 and H8 of the catalogue, with
 * power losses and failing disks (thesis §3.8).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { VoteRequest } from "@holdfast/raft";
import { openWal, type Packet, type Recovered } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { type Cluster, inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";
import { breakable, inject, mute, tap } from "./levers.ts";

/** What a power loss leaves when nothing survives that was not synced. */
async function afterPowerLoss(disk: SimDisk, nodeId: number): Promise<Recovered> {
  const identity = { clusterId: 7, nodeId };
  const options = { identity, segmentBytes: 4096, preallocate: false };
  return (await openWal(disk.crash({ keep: "none" }), options)).recovered;
}

/** Says what `packet` promises and the disk does not hold; empty when it holds all. */
function brokenPromise(packet: Packet, { hardState, start, entries }: Recovered): string {
  const { kind } = packet;
  if (kind === "forward-request" || kind === "forward-response") return "";
  if (hardState.term < packet.term) return `term ${packet.term}, on disk is ${hardState.term}`;
  const { term, vote } = hardState;
  if (kind === "vote-request" && !packet.preVote && term === packet.term && vote !== packet.from) {
    return "its own vote";
  }
  if (kind === "vote-response" && !packet.preVote && packet.granted) {
    if (term === packet.term && vote !== packet.to) return `the vote for ${packet.to}`;
  }
  const last = start.index + entries.length;
  return kind === "append-response" && packet.accepted && packet.index > last
    ? `entries up to ${packet.index}, on disk are ${last}`
    : "";
}

/** Two elections, with commands in each term. */
async function scene(cluster: Cluster): Promise<void> {
  await cluster.startAll();
  for (const line of ["a", "b", "c", "d"]) {
    const leader = await cluster.leader();
    await cluster.replica(leader).propose(bytes(line), { timeoutMs: 2000 });
    if (line === "b") cluster.network.isolate(leader);
  }
}

test("A1 A2 A4 A9 B9 as each packet leaves the power fails: the disk holds what the packet promises", async (t) => {
  const kinds = new Map<string, number>();
  let isOver = false;
  for (let count = 1; !isOver; count++) {
    isOver = true;
    await inCluster({ seed: 3 }, async (cluster) => {
      let sent = 0;
      let seen: { packet: Packet; disk: SimDisk } | undefined;
      tap(cluster, (packet) => {
        if (++sent !== count) return true;
        const { disk } = cluster.member(packet.from);
        cluster.crash(packet.from);
        seen = { packet, disk };
        return true;
      });
      await scene(cluster).catch(() => {});
      if (seen === undefined) return;
      isOver = false;
      const { packet, disk } = seen;
      kinds.set(packet.kind, (kinds.get(packet.kind) ?? 0) + 1);
      const broken = brokenPromise(packet, await afterPowerLoss(disk, packet.from));
      assert.equal(broken, "", `packet ${count}, a ${packet.kind} of node ${packet.from}`);
    });
  }
  t.diagnostic([...kinds].map(([kind, count]) => `${count} ${kind}`).join(", "));
  for (const kind of ["vote-request", "vote-response", "append-request", "append-response"]) {
    assert.ok((kinds.get(kind) ?? 0) > 0, `no ${kind} was looked at: ${[...kinds.keys()]}`);
  }
});

function ask(from: number, term: number): VoteRequest {
  const end = { lastIndex: 99, lastTerm: term - 1 };
  return { kind: "vote-request", from, to: 1, term, preVote: false, electionTerm: term, ...end };
}

for (const operation of ["sync", "write"] as const) {
  test(`A2 the ${operation} of a vote fails: it was never given, the node has failed by name, and after a start one candidate gets it`, async () => {
    await inCluster({}, async (cluster) => {
      const lever = breakable(cluster, 1);
      const granted: number[] = [];
      tap(cluster, (packet) => {
        if (packet.kind === "vote-response" && packet.granted) granted.push(packet.to);
        return true;
      });
      for (const id of [2, 3]) mute(cluster, id);
      await cluster.start(1);

      lever.broken = operation;
      inject(cluster, ask(2, 5));
      await cluster.until("it has failed", () => cluster.member(1).failures.length > 0);
      await cluster.clock.sleep(50);
      assert.deepEqual(granted, [], "not granted");
      assert.equal(cluster.replica(1).status().state, "failed");
      assert.equal((cluster.member(1).failures[0] as { code?: string }).code, "DISK_FAILED");

      lever.broken = undefined;
      await cluster.replica(1).close();
      await cluster.start(1);
      for (const from of [3, 2, 3, 2]) inject(cluster, ask(from, 5));
      await cluster.clock.sleep(50);
      assert.equal(new Set(granted).size, 1, `granted to ${granted}`);
    });
  });
}

test("A3 A4 a power loss right after a vote: asked again the node says yes to the same and no to others", async () => {
  await inCluster({}, async (cluster) => {
    const answers: string[] = [];
    tap(cluster, (packet) => {
      if (packet.kind !== "vote-response") return true;
      answers.push(`${packet.to} ${packet.granted}`);
      return true;
    });
    for (const id of [2, 3]) mute(cluster, id);
    await cluster.start(1);
    inject(cluster, ask(2, 5));
    await cluster.until("it is answered", () => answers.length === 1);
    cluster.crash(1);
    await cluster.start(1);
    for (const from of [3, 2]) inject(cluster, ask(from, 5));
    await cluster.clock.sleep(50);
    assert.deepEqual(answers, ["2 true", "3 false", "2 true"]);
  });
});

/** Slower than the network: what is said too early is out long before it is on disk. */
const SLOW = (): number => 10;

for (const size of [1, 3, 5]) {
  test(`H8 B9 all ${size} lose power right after an answer, again and again: nothing that was answered is lost`, async () => {
    await inCluster({ size, seed: size, syncMs: SLOW }, async (cluster) => {
      await cluster.startAll();
      const answered: string[] = [];
      for (let round = 0; round < 8; round++) {
        for (let i = 0; i <= round % 3; i++) {
          const line = `${round}.${i}`;
          await cluster.replica(await cluster.leader()).propose(bytes(line), { timeoutMs: 20_000 });
          answered.push(line);
        }
        for (const { id } of cluster.members) cluster.crash(id);
        await cluster.startAll();
      }
      await cluster.replica(await cluster.leader()).propose(bytes("last"), { timeoutMs: 20_000 });
      assert.deepEqual(await cluster.agreed(), [...answered, "last"]);
    });
  });
}

test("H8 one loses power while one is cut off and one stands still: what was answered is on a majority of disks", async () => {
  await inCluster({ size: 3, seed: 8, syncMs: SLOW }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const third = cluster.members.find(({ id }) => id !== leader && id !== follower)?.id ?? 0;
    cluster.network.isolate(third);
    for (let i = 0; i < 5; i++) await cluster.replica(leader).propose(bytes(`${i}`));
    // The one that has answered loses power, the leader that relied on it stands still for ever.
    cluster.crash(follower);
    cluster.network.heal();
    cluster.network.isolate(leader);
    await cluster.start(follower);
    const next = await cluster.until("another one leads", () =>
      [follower, third].find((id) => cluster.replica(id).status().role === "leader"),
    );
    assert.equal(next, follower, "the third one lacks what was answered");
    await cluster.replica(next).propose(bytes("after"), { timeoutMs: 20_000 });
    cluster.network.heal();
    assert.deepEqual(await cluster.agreed(), ["0", "1", "2", "3", "4", "after"]);
  });
});
