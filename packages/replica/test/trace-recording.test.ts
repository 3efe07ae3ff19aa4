/** A recorded cluster: the trace tells what happened, in order, with causes, and no payload. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { narrate, type RaftConfig, type RaftEvent } from "@holdfast/raft";
import {
  encodeTraceLine,
  joinProbes,
  narrateTrace,
  type Packet,
  type Probe,
  readTrace,
  type TraceEvent,
  type TraceHeader,
  type TraceKind,
  TraceRecorder,
  traceProbe,
  WORLD,
} from "@holdfast/replica";
import { type Cluster, inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";

const HEADER: TraceHeader = {
  format: "holdfast-trace",
  version: 1,
  kind: "sim",
  nodes: [1, 2, 3],
  unit: "ms",
};

interface Story {
  readonly events: readonly TraceEvent[];
  readonly observed: readonly (readonly RaftEvent[])[];
}

interface RecordingOptions {
  readonly timers?: boolean;
  readonly config?: Partial<RaftConfig>;
  readonly observe?: (id: number, event: RaftEvent) => void;
}

/** Records everything that three nodes do in `scene`. */
async function recorded(
  scene: (cluster: Cluster, recorder: TraceRecorder) => Promise<void>,
  { timers = false, config = {}, observe }: RecordingOptions = {},
): Promise<Story> {
  const events: TraceEvent[] = [];
  let now = (): number => 0;
  const recorder = new TraceRecorder(
    (event) => events.push(event),
    () => now(),
  );
  const lives = [0, 0, 0, 0];
  let observed: readonly (readonly RaftEvent[])[] = [];
  await inCluster(
    {
      config: { trailingEntries: 0, ...config },
      ...(observe === undefined ? {} : { observe }),
      trace: (node) => {
        const life = (lives[node] ?? 0) + 1;
        lives[node] = life;
        return traceProbe(recorder, { node, life }, { timers });
      },
    },
    async (cluster) => {
      now = () => cluster.clock.now();
      await scene(cluster, recorder);
      observed = cluster.members.map((member) => [...member.events]);
      await cluster.closeAll();
    },
  );
  return { events, observed };
}

async function failover(cluster: Cluster): Promise<void> {
  await cluster.startAll();
  const leader = await cluster.leader();
  const follower = await cluster.follower();
  await cluster.replica(follower).propose(bytes("very secret"));
  cluster.crash(follower);
  for (const line of ["b", "c", "d"]) await cluster.replica(leader).propose(bytes(line));
  await cluster.replica(leader).snapshot();
  await cluster.start(follower);
  await cluster.agreed();
  cluster.crash(leader);
  await cluster.replica(await cluster.leader()).propose(bytes("e"));
  await cluster.start(leader);
  await cluster.agreed();
}

function ofKind<K extends TraceKind>(
  events: readonly TraceEvent[],
  kind: K,
): (TraceEvent & { readonly kind: K })[] {
  return events.filter((event): event is TraceEvent & { readonly kind: K } => event.kind === kind);
}

test("traceProbe: a recording is read back as it was told", async () => {
  const { events } = await recorded(failover, { timers: true });

  const lines = [HEADER, ...events].map((one) => encodeTraceLine(one));

  assert.deepEqual(readTrace(lines), [{ header: HEADER, events, isCut: false }]);
  assert(events.length > 300, `${events.length} events`);
  const kinds = new Set(events.map(({ kind }) => kind));
  const expected: readonly TraceKind[] = [
    "applied",
    "appended",
    "became-leader",
    "closed",
    "committed",
    "compacted",
    "input",
    "opened",
    "received",
    "restored",
    "sent",
    "snapshot-installed",
    "snapshot-taken",
    "timer-set",
    "voted",
    "write-begun",
    "write-durable",
  ];
  for (const kind of expected) assert(kinds.has(kind), `no ${kind}`);
});

test("traceProbe: payloads stay out, their sizes and checksums are told", async () => {
  const { events } = await recorded(failover);

  const text = events.map((one) => encodeTraceLine(one)).join("\n");

  assert.doesNotMatch(text, /secret|"data"|"command":/);
  const first = ofKind(events, "applied").filter(({ entry }) => entry === "command")[0];
  assert(first !== undefined);
  assert.equal(first.bytes, "very secret".length);
  const hashes = ofKind(events, "applied").filter(({ index }) => index === first.index);
  assert.equal(new Set(hashes.map(({ hash }) => hash)).size, 1);
  assert(hashes.length >= 2, "on several nodes");
});

test("traceProbe: the core's own events are all there, word by word and in their order", async () => {
  const { events, observed } = await recorded(failover);

  for (const [at, own] of observed.entries()) {
    const told = events
      .filter((event) => event.node === at + 1)
      .map((event) => narrateTrace(event));
    let from = 0;
    for (const event of own) {
      const found = told.findIndex((line, i) => i >= from && line.endsWith(`: ${narrate(event)}`));
      assert(found >= 0, `node ${at + 1}: ${narrate(event)} is missing behind line ${from}`);
      from = found + 1;
    }
    assert(own.length > 10);
  }
});

test("traceProbe: an application that proposes while it is told an event: each is told once, in order", async () => {
  let replicas: Cluster | undefined;
  let leader = 0;
  let proposed = 0;
  let last = 0;
  const observe = (id: number, event: RaftEvent): void => {
    const now = replicas?.clock.now() ?? 0;
    // What it proposes is appended and makes another turn: without a pause it would never end.
    if (id !== leader || now < last + 1) return;
    if (replicas?.member(id).replica?.start(bytes(`at ${event.kind}`)).ok === true) {
      proposed++;
      last = now;
    }
  };
  const scene = async (cluster: Cluster): Promise<void> => {
    await cluster.startAll();
    leader = await cluster.leader();
    replicas = cluster;
    const follower = await cluster.follower();
    await cluster.replica(leader).propose(bytes("a"));
    // The leader finds that a follower needs a snapshot when it sends: at once, as the window to it
    // is full, and when it is heard again.
    for (const silentForMs of [0, 200]) {
      cluster.crash(follower);
      for (const line of ["b", "c"]) await cluster.replica(leader).propose(bytes(line));
      await cluster.clock.sleep(silentForMs);
      await cluster.replica(leader).snapshot();
      await cluster.start(follower);
      await cluster.clock.sleep(200);
    }
    replicas = undefined;
    await cluster.agreed();
    await cluster.clock.sleep(200);
  };

  const { events, observed } = await recorded(scene, {
    config: { windowMessages: 1 },
    observe,
  });

  const own = observed[leader - 1] ?? [];
  const kinds = new Set<string>(own.map(({ kind }) => kind));
  const told = events.filter(({ node, kind }) => node === leader && kinds.has(kind));
  assert.deepEqual(
    told.map((event) => narrateTrace(event).replace(/^.*?: /, "")),
    own.map((event) => narrate(event)),
  );
  assert(proposed > 10, `${proposed} proposals`);
  const beforeSnapshots = own.flatMap((event, at) =>
    event.kind === "peer-state" && event.flow === "snapshot" ? [own[at - 1]?.kind] : [],
  );
  assert.equal(beforeSnapshots.length, 2, "events that come up only when effects are taken");
  assert.equal(beforeSnapshots[0], "compacted", "behind another one of its turn");
});

test("traceProbe: causes come before their effects, on the same node, and name the right event", async () => {
  const { events } = await recorded(failover);
  const byNo = new Map(events.map((event) => [event.no, event]));
  let last = 0;
  for (const { no, node, life, cause } of events) {
    assert(no > last);
    last = no;
    if (cause === undefined) continue;
    const why = byNo.get(cause);
    assert(why !== undefined && cause < no);
    assert.deepEqual([why.node, why.life], [node, life]);
  }
  const causeOf = (event: TraceEvent): TraceEvent | undefined => byNo.get(event.cause ?? 0);

  for (const event of ofKind(events, "write-durable")) {
    const begun = causeOf(event);
    assert(begun?.kind === "write-begun" && begun.write === event.write);
  }
  for (const event of ofKind(events, "applied")) {
    const committed = causeOf(event);
    assert(committed?.kind === "committed" && committed.index >= event.index);
  }
  for (const event of ofKind(events, "voted").filter(({ preVote }) => !preVote)) {
    const asked = causeOf(event);
    assert(asked?.kind === "received" && asked.message.kind === "vote-request");
    assert.equal(asked.message.from, event.candidate);
  }
  for (const event of ofKind(events, "became-pre-candidate")) {
    const timer = causeOf(event);
    assert(timer?.kind === "input" && timer.input === "tick");
  }
  const granted = ofKind(events, "sent").filter(
    ({ message }) => message.kind === "vote-response" && message.granted && !message.preVote,
  );
  assert(granted.length > 0);
  for (const event of granted) {
    // A promise leaves when the disk is done: the chain goes back over it to the request.
    const heard = causeOf(event);
    assert(heard?.kind === "input" && heard.input === "persisted");
    const durable = causeOf(heard);
    assert(durable?.kind === "write-durable" && durable.hardState !== undefined);
  }
});

test("traceProbe: events carry how the node stands, and which of its lives it is", async () => {
  const { events } = await recorded(failover);

  const elected = ofKind(events, "became-leader");
  assert(elected.length >= 2);
  for (const event of elected) {
    assert(event.role === "leader");
    assert.equal(event.currentTerm, event.term);
  }
  const opened = ofKind(events, "opened");
  const [crashed] = opened.filter(({ life }) => life === 2);
  assert(crashed !== undefined && crashed.last.index > 0, "the second life begins with a log");
  assert.deepEqual(opened.filter(({ life }) => life === 1).length, 3);
});

test("TraceRecorder: what comes from outside shares numbers and time, and packet ids pair up", async () => {
  const sent: number[] = [];
  const events: TraceEvent[] = [];
  const recorder = new TraceRecorder(
    (event) => events.push(event),
    () => 12.34567,
  );
  let next = 1;
  const probe = traceProbe(
    recorder,
    { node: 2, life: 5 },
    { packetIds: { sending: () => next++, receiving: () => 99 } },
  );
  const packet: Packet = {
    kind: "vote-response",
    from: 2,
    to: 1,
    term: 1,
    preVote: false,
    electionTerm: 1,
    granted: true,
  };
  probe.sending(packet);
  probe.sending(packet);
  probe.received({ ...packet, from: 1, to: 2 });
  const no = recorder.world({ node: 2, life: 5 }, { kind: "crashed", power: true });
  recorder.world(WORLD, { kind: "note", text: "over" }, no);

  for (const event of events) {
    if (event.kind === "sent" || event.kind === "received") sent.push(event.id ?? 0);
  }
  assert.deepEqual(sent, [1, 2, 99]);
  assert.equal(recorder.last, 5);
  assert.deepEqual(events.at(-1), {
    at: 12.346,
    no: 5,
    node: 0,
    life: 0,
    cause: no,
    kind: "note",
    text: "over",
  });
});

test("joinProbes: both are told everything, in their order", async () => {
  const calls: string[] = [];
  const named = (name: string): Probe => ({
    opened: () => calls.push(`${name} opened`),
    stepping: () => calls.push(`${name} stepping`),
    stepped: () => calls.push(`${name} stepped`),
    writing: () => calls.push(`${name} writing`),
    durable: () => calls.push(`${name} durable`),
    sending: () => calls.push(`${name} sending`),
    received: () => calls.push(`${name} received`),
    applied: () => calls.push(`${name} applied`),
    restored: () => calls.push(`${name} restored`),
    snapshotTaken: () => calls.push(`${name} snapshotTaken`),
    ended: () => calls.push(`${name} ended`),
  });

  await inCluster(
    { probe: () => joinProbes(named("a"), {}, named("b")), config: { trailingEntries: 0 } },
    failover,
  );

  const members = ["opened", "stepping", "stepped", "writing", "durable", "sending", "received"];
  for (const member of [...members, "applied", "restored", "snapshotTaken", "ended"]) {
    const at = calls.indexOf(`a ${member}`);
    assert(at >= 0, member);
    assert.equal(calls[at + 1], `b ${member}`);
  }
});
