/** Whoever connects and is no peer loses that connection and nothing else happens (N14, N15). */

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { FRAME_HEADER_BYTES, writeFrame } from "@holdfast/replica";
import type { TurnedAway } from "holdfast";
import { decodeAnswer, encodeHello, HANDSHAKE_BYTES, type Hello } from "../src/handshake.ts";
import {
  CLUSTER,
  deliver,
  isConnected,
  type Station,
  station,
  tcpWorld,
  until,
} from "./tcp-world.ts";

interface Stranger {
  readonly socket: Socket;
  readonly closed: Promise<Buffer>;
}

/** Connects, says `bytes`, and gathers what comes back until the connection is closed. */
function stranger(address: string, bytes: Uint8Array): Stranger {
  const [host, port] = address.split(":");
  const socket = connect({ host, port: Number(port) });
  const answer: Buffer[] = [];
  socket.on("data", (piece: Buffer) => answer.push(piece));
  socket.on("error", () => {});
  socket.write(bytes);
  const closed = new Promise<Buffer>((resolve) => {
    socket.on("close", () => resolve(Buffer.concat(answer)));
  });
  return { socket, closed };
}

const HELLO: Hello = { clusterId: CLUSTER, from: 2, to: 1, lane: "snapshot" };

function frame(text: string): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + text.length);
  writeFrame(bytes, 0, Buffer.from(text));
  return bytes;
}

function otherVersion(): Buffer {
  const hello = encodeHello(HELLO);
  hello.writeUInt8(2, 8);
  return hello;
}

/** Two connected nodes, someone at the door of node 1, and the proof that the two don't care. */
async function knock(
  visit: (one: Station, address: string) => Promise<void>,
  expected: TurnedAway | "bad-frame",
): Promise<void> {
  const world = await tcpWorld([1, 2, 3]);
  try {
    const [one, two] = [await station(world, 1), await station(world, 2)];
    await until(() => isConnected(one, 2) && isConnected(two, 1), "both connected");
    await deliver(two, one, 1, "before");
    await visit(one, world.addressOf(1));
    await deliver(two, one, 1, "after");
    const foreign = one.arrivals.filter(({ from, text }) => from !== 2 && text !== "good");
    assert.deepEqual(foreign, []);
    assert.ok(isConnected(two, 1) && !two.unreachable.includes(1));
    const seen = one.reports.map((report) =>
      report.kind === "turned-away" ? report.why : report.kind,
    );
    assert.ok(seen.includes(expected), `reports: ${seen}`);
  } finally {
    await world.close();
  }
}

const UNANSWERED: readonly (readonly [string, TurnedAway, Uint8Array])[] = [
  ["an HTTP request", "not-a-peer", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
  ["random bytes", "not-a-peer", Uint8Array.from({ length: 5000 }, (_, i) => i * i * 37 + 11)],
  ["zeros", "not-a-peer", new Uint8Array(100_000)],
  ["a hello with a damaged byte", "damaged", encodeHello(HELLO).fill(9, 20, 21)],
];

for (const [what, why, bytes] of UNANSWERED) {
  test(`TcpNetwork: ${what} gets no answer and a closed connection`, async () => {
    await knock(async (_, address) => {
      const answer = await stranger(address, bytes).closed;
      assert.equal(answer.length, 0);
    }, why);
  });
}

const ANSWERED: readonly (readonly [string, TurnedAway, Uint8Array])[] = [
  ["another cluster", "other-cluster", encodeHello({ ...HELLO, clusterId: 43 })],
  ["a dialer who expects another node", "other-node", encodeHello({ ...HELLO, to: 3 })],
  ["a node that is no member", "stranger", encodeHello({ ...HELLO, from: 9 })],
  ["this node itself", "stranger", encodeHello({ ...HELLO, from: 1 })],
  ["another version", "other-version", otherVersion()],
];

for (const [what, why, bytes] of ANSWERED) {
  test(`D12 TcpNetwork: ${what} is told so and closed`, async () => {
    await knock(async (_, address) => {
      const answer = await stranger(address, bytes).closed;
      assert.equal(answer.length, HANDSHAKE_BYTES);
      const { clusterId, from, verdict } = decodeAnswer(answer);
      assert.deepEqual({ clusterId, from, verdict }, { clusterId: CLUSTER, from: 1, verdict: why });
    }, why);
  });
}

test("TcpNetwork: a dialer who says nothing, or not enough, is closed in time", async () => {
  await knock(async (_, address) => {
    const half = encodeHello(HELLO).subarray(0, 39);
    await Promise.all([stranger(address, Buffer.alloc(0)).closed, stranger(address, half).closed]);
  }, "too-slow");
});

test("TcpNetwork: at most so many may be at the door, and the peers still get in", async () => {
  const world = await tcpWorld([1, 2]);
  try {
    const one = await station(world, 1, { handshakesMax: 5, handshakeMs: 60_000 });
    const idlers = Array.from({ length: 9 }, () => stranger(world.addressOf(1), Buffer.alloc(0)));
    await until(() => idlers.filter(({ socket }) => socket.closed).length === 4, "four closed");
    assert.ok(one.reports.some(({ kind }) => kind === "turned-away"));
    for (const { socket } of idlers) socket.destroy();
    const two = await station(world, 2);
    await deliver(two, one, 1, "still here");
  } finally {
    await world.close();
  }
});

/** Node 3 is known and away: someone takes its name and sends frames that no peer would. */
const BAD_STREAMS: readonly (readonly [string, Uint8Array])[] = [
  ["a frame with a wrong checksum", frame("damaged").fill(0, 18)],
  // Ones are their own checksum.
  ["a frame of 4 GiB", Buffer.alloc(FRAME_HEADER_BYTES, 0xff)],
  ["a length with a wrong checksum", Buffer.alloc(FRAME_HEADER_BYTES)],
  ["a good frame, then rubbish", Buffer.concat([frame("good"), Buffer.alloc(64, 0xee)])],
];

for (const [what, bytes] of BAD_STREAMS) {
  test(`TcpNetwork: ${what} costs that connection only`, async () => {
    await knock(async (one, address) => {
      const hello = encodeHello({ ...HELLO, from: 3 });
      const answer = await stranger(address, Buffer.concat([hello, bytes])).closed;
      assert.equal(decodeAnswer(answer.subarray(0, HANDSHAKE_BYTES)).verdict, "welcome");
      await until(() => one.reports.some(({ kind }) => kind === "bad-frame"), "the report");
    }, "bad-frame");
  });
}

test("TcpNetwork: a frame cut short by the end of the connection is not delivered", async () => {
  const world = await tcpWorld([1, 2]);
  try {
    const one = await station(world, 1);
    const cut = Buffer.concat([
      encodeHello(HELLO),
      frame("whole"),
      frame("cut off").subarray(0, 18),
    ]);
    const visitor = stranger(world.addressOf(1), cut);
    await until(() => one.arrivals.length > 0, "the whole frame");
    visitor.socket.end();
    await visitor.closed;
    assert.deepEqual(one.arrivals, [{ from: 2, lane: "snapshot", text: "whole" }]);
  } finally {
    await world.close();
  }
});

test("TcpNetwork: a hundred strangers make one report a second", async () => {
  const world = await tcpWorld([1, 2]);
  try {
    const one = await station(world, 1);
    const visits = Array.from({ length: 100 }, () => {
      return stranger(world.addressOf(1), Buffer.from("hello?")).closed;
    });
    await Promise.all(visits);
    const told = one.reports.filter(({ kind }) => kind === "turned-away");
    assert.ok(told.length > 0 && told.length <= 4, `${told.length} reports`);
  } finally {
    await world.close();
  }
});
