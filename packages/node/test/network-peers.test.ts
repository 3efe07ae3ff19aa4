/** Between peers over TCP: lost connections, dead ones, full queues, wrong addresses, moves. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AddressError, AddressInUseError, type LaneStats, openTcpNetwork } from "holdfast";
import { encodeAnswer, HANDSHAKE_BYTES } from "../src/handshake.ts";
import {
  CLUSTER,
  deliver,
  isConnected,
  type Station,
  station,
  type TcpWorld,
  tcpWorld,
  until,
} from "./tcp-world.ts";

async function inWorld(body: (world: TcpWorld) => Promise<void>): Promise<void> {
  const world = await tcpWorld([1, 2, 3]);
  try {
    await body(world);
  } finally {
    await world.close();
  }
}

function appendLane({ network }: Station, peer: number): LaneStats {
  const stats = network.stats().find((one) => one.peer === peer);
  assert.ok(stats !== undefined);
  return stats.sending.append;
}

/** Listens where node 2 would, welcomes every dialer, and from then on does as `then` says. */
async function fakeNodeTwo(world: TcpWorld, then: (socket: Socket) => void): Promise<Server> {
  const welcome = encodeAnswer({ verdict: "welcome", clusterId: CLUSTER, from: 2, to: 1 });
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (hello: Buffer) => {
      assert.equal(hello.length, HANDSHAKE_BYTES);
      socket.write(welcome);
      then(socket);
    });
  });
  const [host, port] = world.addressOf(2).split(":");
  server.listen(Number(port), host);
  await once(server, "listening");
  return server;
}

test("openTcpNetwork: an address in use is an error that names it", async () => {
  await inWorld(async (world) => {
    await world.open(1);
    await assert.rejects(world.open(1), (error) => {
      return (
        error instanceof AddressInUseError &&
        error.code === "ADDRESS_IN_USE" &&
        error.address === world.addressOf(1) &&
        error.message.includes(world.addressOf(1))
      );
    });
  });
});

test("openTcpNetwork: what is no address, or not one of this machine, is named", async () => {
  const open = (listen: string, peer = "127.0.0.1:1"): Promise<unknown> =>
    openTcpNetwork({ id: 1, clusterId: 1, listen, peers: { 2: peer } });
  const names =
    (address: string) =>
    (error: unknown): boolean =>
      error instanceof AddressError &&
      error.code === "ADDRESS_UNUSABLE" &&
      error.address === address &&
      error.message.includes(address);
  for (const address of ["", "7001", "host:", "host:x", "a:b:7001", "[::1]", "host:65536"]) {
    await assert.rejects(open(address), names(address), address);
    await assert.rejects(open("127.0.0.1:0", address), names(address), address);
  }
  await assert.rejects(open("192.0.2.1:7001"), names("192.0.2.1:7001"));
});

test("TcpNetwork: a lost peer is reported once, not once per lane or per attempt", async () => {
  await inWorld(async (world) => {
    const [one, two] = [await station(world, 1), await station(world, 2)];
    await station(world, 3);
    await until(() => isConnected(one, 2) && isConnected(one, 3), "connected");
    one.unreachable.length = 0;
    await two.network.close();
    await until(() => one.unreachable.length > 0, "the report");
    await sleep(150);
    assert.deepEqual(one.unreachable, [2]);
    const lost = one.reports.filter(({ kind }) => kind === "lost");
    assert.equal(lost.length, 3, "one per lane in the reports");
    const attempts = one.reports.filter(({ kind }) => kind === "unconnected");
    assert.ok(attempts.length <= 6, `${attempts.length} reports of attempts`);

    const back = await station(world, 2);
    await until(() => isConnected(one, 2), "connected again");
    assert.equal(appendLane(one, 2).connects, 2);
    await back.network.close();
    await until(() => one.unreachable.length > 1, "the second report");
    assert.deepEqual(one.unreachable, [2, 2]);
  });
});

test("TcpNetwork: a peer that was never there is reported once", async () => {
  await inWorld(async (world) => {
    const one = await station(world, 1);
    await until(() => one.unreachable.length === 2, "both reports");
    await sleep(150);
    assert.deepEqual(one.unreachable.toSorted(), [2, 3]);
  });
});

test("TcpNetwork: a peer that takes packets and shows no sign of life is lost (N13)", async () => {
  await inWorld(async (world) => {
    const server = await fakeNodeTwo(world, (socket) => socket.resume());
    const one = await station(world, 1);
    await until(() => isConnected(one, 2), "connected");
    await until(() => one.unreachable.includes(2), "found by the empty frames alone");
    const lost = one.reports.find((report) => report.kind === "lost" && report.peer === 2);
    assert.ok(lost?.kind === "lost" && lost.why === "no sign of life", JSON.stringify(lost));
    server.close();
  });
});

test("TcpNetwork: connections that carry nothing outlast every time limit", async () => {
  await inWorld(async (world) => {
    const [one, two] = [await station(world, 1), await station(world, 2)];
    await until(() => isConnected(one, 2) && isConnected(two, 1), "connected");
    one.unreachable.length = 0;
    await sleep(1200);
    assert.ok(!one.unreachable.includes(2));
    assert.equal(appendLane(one, 2).connects, 1);
    assert.equal(appendLane(two, 1).connects, 1);
  });
});

test("TcpNetwork: a peer that stops reading fills the queue to its limit", async () => {
  await inWorld(async (world) => {
    const server = await fakeNodeTwo(world, (socket) => socket.pause());
    const one = await station(world, 1, { queueBytesMax: 1 << 20, peerTimeoutMs: 60_000 });
    await until(() => isConnected(one, 2), "connected");
    const packet = new Uint8Array(64 << 10);
    for (let i = 0; i < 400; i++) {
      one.network.send(2, "append", packet);
      if (i % 10 === 0) await sleep(1);
    }
    const { droppedPackets, queuedBytes, sentPackets } = appendLane(one, 2);
    assert.ok(droppedPackets > 0, "something was dropped");
    assert.ok(queuedBytes <= 1 << 20, `${queuedBytes} bytes wait`);
    assert.ok(sentPackets + droppedPackets <= 400);
    assert.ok(one.reports.some((one) => one.kind === "dropped" && one.why === "queue-full"));
    one.network.send(2, "vote", Uint8Array.of(1));
    await until(
      () => (one.network.stats()[0]?.sending.vote.sentPackets ?? 0) > 0,
      "other lanes go on",
    );
    const begun = performance.now();
    await one.network.close();
    assert.ok(performance.now() - begun < 5000, "close doesn't wait for the peer");
    server.close();
  });
});

test("TcpNetwork: a packet above the limit is dropped, one at it arrives", async () => {
  await inWorld(async (world) => {
    const limits = { packetBytesMax: 1000 };
    const [one, two] = [await station(world, 1, limits), await station(world, 2, limits)];
    await until(() => isConnected(one, 2), "connected");
    one.network.send(2, "append", new Uint8Array(1001));
    await deliver(one, two, 2, "x".repeat(1000));
    assert.ok(one.reports.some((one) => one.kind === "dropped" && one.why === "too-large"));
    assert.equal(appendLane(one, 2).droppedPackets, 1);
    assert.ok(two.arrivals.every(({ text }) => text.length === 1000));
  });
});

test("TcpNetwork: a packet larger than the queue still passes when nothing waits", async () => {
  await inWorld(async (world) => {
    const [one, two] = [await station(world, 1, { queueBytesMax: 100 }), await station(world, 2)];
    await until(() => isConnected(one, 2), "connected");
    await deliver(one, two, 2, "x".repeat(5000));
    assert.ok(two.arrivals.length > 0);
  });
});

test("TcpNetwork: who answers in a peer's place is not sent anything", async () => {
  await inWorld(async (world) => {
    const impostor = await openTcpNetwork({
      id: 3,
      clusterId: CLUSTER,
      listen: world.addressOf(2),
      peers: { 1: world.addressOf(1) },
    });
    const received: unknown[] = [];
    impostor.start({ received: (...all) => received.push(all), unreachable: () => {} });
    const one = await station(world, 1);
    const refusal = "refused as other-node by node 3 of cluster 42";
    await until(
      () => one.reports.some((r) => r.kind === "unconnected" && r.peer === 2 && r.why === refusal),
      "the refusal",
    );
    one.network.send(2, "append", Uint8Array.of(1));
    await sleep(50);
    assert.deepEqual(received, []);
    assert.equal(isConnected(one, 2), false);
    await impostor.close();
  });
});

test("setPeer: a peer that moved is found, one that is forgotten gets nothing (N16)", async () => {
  await inWorld(async (world) => {
    const [one, two] = [await station(world, 1), await station(world, 2)];
    await deliver(one, two, 2, "here");
    await two.network.close();
    const moved = await openTcpNetwork({
      id: 2,
      clusterId: CLUSTER,
      listen: "127.0.0.1:0",
      peers: { 1: world.addressOf(1) },
    });
    const arrivals: string[] = [];
    moved.start({
      received: (_from, _lane, packet) => arrivals.push(Buffer.from(packet).toString()),
      unreachable: () => {},
    });
    one.network.setPeer(2, moved.address);
    await until(() => isConnected(one, 2), "connected at the new address");
    one.network.send(2, "append", Uint8Array.from(Buffer.from("there")));
    await until(() => arrivals.includes("there"), "the packet");

    one.network.setPeer(2, undefined);
    one.network.send(2, "append", Uint8Array.from(Buffer.from("nobody")));
    await sleep(50);
    assert.deepEqual(arrivals, ["there"]);
    assert.deepEqual(
      one.network.stats().map(({ peer }) => peer),
      [3],
    );
    await moved.close();
  });
});

test("stats: counts packets and bytes of both directions", async () => {
  await inWorld(async (world) => {
    const [one, two] = [await station(world, 1), await station(world, 2)];
    await until(() => isConnected(one, 2), "connected");
    for (let i = 0; i < 10; i++) one.network.send(2, "append", new Uint8Array(92).fill(i));
    await until(() => two.arrivals.length === 10, "ten packets");
    const lane = appendLane(one, 2);
    assert.equal(lane.sentPackets, 10);
    assert.ok(lane.sentBytes >= 1000);
    assert.equal(lane.queuedBytes, 0);
    const stats = two.network.stats().find(({ peer }) => peer === 1);
    assert.equal(stats?.receivedPackets, 10);
    assert.ok((stats?.receivedBytes ?? 0) >= 1000);
    assert.equal(stats?.address, world.addressOf(1));
  });
});
