/** The probe: each call comes where its comment says, and in the order that makes it useful. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Input, Message, NodeId, SnapshotMeta, Write } from "@holdfast/raft";
import type { Packet, Probe } from "@holdfast/replica";
import { type Cluster, inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";

type Call =
  | { readonly on: "opened" }
  | { readonly on: "stepping" | "stepped"; readonly input: Input; readonly now: number }
  | { readonly on: "writing" | "durable"; readonly write: Write }
  | { readonly on: "sending" | "received"; readonly packet: Packet }
  | { readonly on: "applied"; readonly entry: Entry }
  | { readonly on: "restored"; readonly meta: SnapshotMeta }
  | { readonly on: "snapshot-taken"; readonly index: number }
  | { readonly on: "ended"; readonly failure: Error | undefined };

/** One life of a node: everything that its probe was told. */
class Recorder implements Required<Probe> {
  readonly calls: Call[] = [];

  opened(): void {
    this.calls.push({ on: "opened" });
  }
  stepping(input: Input, now: number): void {
    this.calls.push({ on: "stepping", input, now });
  }
  stepped(input: Input, now: number): void {
    this.calls.push({ on: "stepped", input, now });
  }
  writing(write: Write): void {
    this.calls.push({ on: "writing", write });
  }
  durable(write: Write): void {
    this.calls.push({ on: "durable", write });
  }
  sending(packet: Packet): void {
    this.calls.push({ on: "sending", packet });
  }
  received(packet: Packet): void {
    this.calls.push({ on: "received", packet });
  }
  applied(entry: Entry): void {
    this.calls.push({ on: "applied", entry });
  }
  restored(meta: SnapshotMeta): void {
    this.calls.push({ on: "restored", meta });
  }
  snapshotTaken(index: number): void {
    this.calls.push({ on: "snapshot-taken", index });
  }
  ended(failure: Error | undefined): void {
    this.calls.push({ on: "ended", failure });
  }
}

/** Runs `scene` with a recorder in every life of every node. */
async function recorded(
  config: { readonly trailingEntries?: number },
  scene: (cluster: Cluster, lives: (id: NodeId) => readonly Recorder[]) => Promise<void>,
): Promise<readonly Recorder[]> {
  const all = new Map<NodeId, Recorder[]>();
  const lives = (id: NodeId): Recorder[] => {
    const known = all.get(id) ?? [];
    all.set(id, known);
    return known;
  };
  const probe = (id: NodeId): Probe => {
    const life = new Recorder();
    lives(id).push(life);
    return life;
  };
  await inCluster({ probe, config }, (cluster) => scene(cluster, lives));
  return [...all.values()].flat();
}

/** All calls of one kind, with their places. */
function callsOn<K extends Call["on"]>(
  life: Recorder,
  on: K,
): { readonly at: number; readonly call: Call & { readonly on: K } }[] {
  const found: { at: number; call: Call & { readonly on: K } }[] = [];
  life.calls.forEach((call, at) => {
    if (call.on === on) found.push({ at, call: call as Call & { readonly on: K } });
  });
  return found;
}

function placeOf(life: Recorder, is: (call: Call) => boolean): number {
  return life.calls.findIndex(is);
}

test("probe: every input is announced before and reported after its step, and nothing in between", async () => {
  const lives = await recorded({}, electAndPropose);

  let steps = 0;
  for (const { calls } of lives) {
    assert.equal(calls[0]?.on, "opened");
    assert.equal(calls.filter(({ on }) => on === "opened").length, 1);
    for (const [at, call] of calls.entries()) {
      if (call.on !== "stepping") continue;
      const next = calls[at + 1];
      assert(next?.on === "stepped", `stepping is followed by ${next?.on}`);
      assert.equal(next.input, call.input);
      assert.equal(next.now, call.now);
      steps++;
    }
    assert.equal(calls.filter(({ on }) => on === "stepped").length, callsTo(calls, "stepping"));
  }
  assert(steps > 20, `${steps} steps`);
});

test("thesis §3.8 probe: a write is told before it is durable, and its promises leave only behind that", async () => {
  const lives = await recorded({}, electAndPropose);

  let promises = 0;
  for (const life of lives) {
    const begun = callsOn(life, "writing");
    const ended = callsOn(life, "durable");
    assert.deepEqual(
      begun.map(({ call }) => call.write.seq),
      begun.map((_, at) => at + 1),
    );
    for (const [order, { at, call }] of ended.entries()) {
      assert.equal(call.write, begun[order]?.call.write, "durable in the order of writing");
      assert((begun[order]?.at ?? at) < at, "writing comes before durable");
      const persisted = placeOf(
        life,
        (one) =>
          one.on === "stepped" &&
          one.input.kind === "persisted" &&
          one.input.seq === call.write.seq,
      );
      assert(at < persisted, "durable comes before the core hears of it");
      for (const message of call.write.thenSend) {
        const left = placeOf(life, (one) => one.on === "sending" && one.packet === message);
        assert(persisted < left, `${message.kind} left too early`);
        promises++;
      }
    }
  }
  assert(promises >= 4, `${promises} promises`);
});

test("probe: a packet is told as it arrives, and a core message is stepped next", async () => {
  const lives = await recorded({}, electAndPropose);

  const seen = new Set<Packet["kind"]>();
  for (const life of lives) {
    for (const { at, call } of callsOn(life, "received")) {
      seen.add(call.packet.kind);
      if (call.packet.kind.startsWith("forward")) continue;
      const next = life.calls[at + 1];
      assert(next?.on === "stepping" && next.input.kind === "received");
      assert.equal(next.input.message, call.packet as Message);
    }
  }
  const kinds: readonly Packet["kind"][] = [
    "append-request",
    "append-response",
    "forward-request",
    "forward-response",
    "vote-request",
    "vote-response",
  ];
  assert.deepEqual([...seen].sort(), kinds);
});

test("probe: entries are told in the order of the log, those without a command too", async () => {
  const lives = await recorded({}, electAndPropose);

  for (const life of lives) {
    const entries = callsOn(life, "applied").map(({ call }) => call.entry);
    assert.deepEqual(
      entries.map(({ index }) => index),
      entries.map((_, at) => at + 1),
    );
    assert.equal(entries[0]?.kind, "noop");
    assert.equal(entries.length, 4);
  }
});

test("§7 probe: an own snapshot is told once durable, a restore where the machine's state changes", async () => {
  await recorded({ trailingEntries: 0 }, async (cluster, lives) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    cluster.crash(follower);
    for (const line of ["a", "b", "c"]) await cluster.replica(leader).propose(bytes(line));
    const taken = await cluster.replica(leader).snapshot();
    await cluster.start(follower);
    await cluster.agreed();
    cluster.crash(leader);
    await cluster.start(leader);
    await cluster.agreed();

    const [ofLeader, again] = lives(leader);
    const ofFollower = lives(follower).at(-1);
    assert(ofLeader !== undefined && again !== undefined && ofFollower !== undefined);
    const told = placeOf(ofLeader, (one) => one.on === "snapshot-taken" && one.index === taken);
    const stepped = placeOf(
      ofLeader,
      (one) => one.on === "stepping" && one.input.kind === "snapshot-taken",
    );
    assert(told >= 0 && told + 1 === stepped, "told right before the core hears of it");

    assert.deepEqual(
      callsOn(ofFollower, "restored").map(({ call }) => call.meta.index),
      [taken],
    );
    const restored = placeOf(ofFollower, (one) => one.on === "restored");
    const installed = placeOf(
      ofFollower,
      (one) => one.on === "durable" && one.write.snapshot?.index === taken,
    );
    assert(installed >= 0, "the write that put it in force became durable");
    const applied = callsOn(ofFollower, "applied");
    assert(applied.every(({ at, call }) => at < restored || call.entry.index > taken));

    assert.equal(again.calls[0]?.on, "opened");
    const second = again.calls[1];
    assert(second?.on === "restored" && second.meta.index === taken, "a start restores too");
    assert.equal(callsOn(again, "applied")[0]?.call.entry.index, taken + 1);
  });
});

test("probe: nothing is told of a replica that has stopped", async () => {
  await recorded({}, async (cluster, lives) => {
    await electAndPropose(cluster);
    const leader = await cluster.leader();
    const life = lives(leader)[0];
    assert(life !== undefined);
    const begun = cluster.replica(leader).start(bytes("late"));
    assert(begun.ok);
    await cluster.replica(leader).close();
    const told = life.calls.length;
    const last = life.calls.at(-1);
    assert(last?.on === "ended" && last.failure === undefined);

    await cluster.clock.sleep(500);

    assert.equal(life.calls.length, told);
  });
});

function callsTo(calls: readonly Call[], on: Call["on"]): number {
  return calls.filter((call) => call.on === on).length;
}

async function electAndPropose(cluster: Cluster): Promise<void> {
  await cluster.startAll();
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  await cluster.replica(leader).propose(bytes("a"));
  await cluster.replica(follower).propose(bytes("b"));
  await cluster.replica(leader).propose(bytes("c"));
  await cluster.agreed();
}
