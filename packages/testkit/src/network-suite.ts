/** What every Network must do, in tests for real sockets and a simulated network alike. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NodeId } from "@holdfast/raft";
import type { Lane, Network } from "@holdfast/replica";

/** Networks of one cluster, one per node, that can reach each other. */
export interface NetworkWorld {
  /**
   * The network of this node, not started yet. After its `close` it can be opened again: the node
   * restarts.
   */
  open(id: NodeId): Promise<Network>;
  /** Lets at least this much of the networks' time pass, with everything that falls due in it. */
  advance(ms: number): Promise<void>;
  /** Closes what is still open. */
  close(): Promise<void>;
}

interface Arrival {
  readonly from: NodeId;
  readonly lane: Lane;
  readonly packet: Uint8Array;
}

/** A node that only remembers what its network told it. */
interface Station {
  readonly network: Network;
  readonly arrivals: Arrival[];
  readonly unreachable: NodeId[];
}

const LANES: readonly Lane[] = ["vote", "append", "snapshot"];
const STEP_MS = 20;
const STEPS_MAX = 500;

/**
 * Registers the suite with node:test. `open` makes a world of these nodes, a new one for each test.
 */
export function networkSuite(
  name: string,
  open: (ids: readonly NodeId[]) => Promise<NetworkWorld>,
): void {
  const test = (title: string, body: (world: NetworkWorld) => Promise<void>): void => {
    it(title, async () => {
      const world = await open([1, 2, 3]);
      try {
        await body(world);
      } finally {
        await world.close();
      }
    });
  };
  describe(`${name} keeps the promises of the Network port`, () => {
    delivery(test);
    endings(test);
  });
}

type Test = (title: string, body: (world: NetworkWorld) => Promise<void>) => void;

function delivery(test: Test): void {
  test("packets arrive whole, from whom they say, on every lane", async (world) => {
    const stations = await startAll(world);
    for (const [from, sender] of stations) {
      for (const [to, receiver] of stations) {
        if (from === to) continue;
        for (const lane of LANES) {
          const packet = pattern(100 + from * 10 + to, 300);
          await sendUntil(world, sender, to, lane, packet, () =>
            receiver.arrivals.some(
              (one) => one.from === from && one.lane === lane && same(one.packet, packet),
            ),
          );
        }
      }
    }
    for (const { arrivals } of stations.values()) assert.ok(arrivals.every(isPattern));
  });

  test("large packets arrive whole, and small ones on other lanes meanwhile", async (world) => {
    const stations = await startAll(world);
    const [one, two] = [station(stations, 1), station(stations, 2)];
    const large = pattern(7, 5 << 20);
    await sendUntil(world, one, 2, "snapshot", large, () => {
      one.network.send(2, "append", pattern(8, 40));
      return two.arrivals.some(({ packet }) => same(packet, large));
    });
    await sendUntil(world, one, 2, "append", pattern(9, 40), () => arrived(two, 9));
    assert.ok(two.arrivals.every(isPattern));
  });

  test("a burst in one turn arrives in whole packets, each as it was sent", async (world) => {
    const stations = await startAll(world);
    const [one, two] = [station(stations, 1), station(stations, 2)];
    await sendUntil(world, one, 2, "append", pattern(0, 10), () => two.arrivals.length > 0);
    const missing = new Set<number>();
    for (let seed = 1; seed <= 1000; seed++) missing.add(seed);
    await until(world, () => {
      for (const { packet } of two.arrivals) missing.delete(seedOf(packet));
      for (const seed of missing) one.network.send(2, "append", pattern(seed, 9 + (seed % 700)));
      return missing.size === 0;
    });
    assert.ok(two.arrivals.every(isPattern));
  });
}

function endings(test: Test): void {
  test("what is sent to nobody, to oneself, or too early is no error", async (world) => {
    const two = await start(world, 2);
    const network = await world.open(1);
    for (const to of [0, 1, 2, 99]) network.send(to, "append", pattern(1, 20));
    const one = startOn(network);
    for (const to of [0, 1, 99]) one.network.send(to, "append", pattern(2, 20));
    await sendUntil(world, one, 2, "vote", pattern(3, 20), () => arrived(two, 3));
    assert.deepEqual(one.arrivals, []);
    assert.ok(!arrived(two, 2));
  });

  test("a peer that goes away is reported, and reached again when it is back", async (world) => {
    const stations = await startAll(world);
    const [one, two, three] = [1, 2, 3].map((id) => station(stations, id));
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    await sendUntil(world, one, 2, "append", pattern(1, 50), () => arrived(two, 1));
    one.unreachable.length = 0;

    await two.network.close();
    await sendUntil(world, one, 2, "append", pattern(2, 50), () => one.unreachable.includes(2));
    assert.ok(!arrived(two, 2), "nothing arrives at a closed network");
    await sendUntil(world, one, 3, "append", pattern(3, 50), () => arrived(three, 3));
    assert.ok(!one.unreachable.includes(3), "the others are not reported");

    const back = await start(world, 2);
    await sendUntil(world, one, 2, "append", pattern(4, 50), () => arrived(back, 4));
    await sendUntil(world, back, 1, "append", pattern(5, 50), () => arrived(one, 5));
    assert.ok(back.arrivals.every(isPattern) && one.arrivals.every(isPattern));
  });

  test("close ends everything, twice is no error, and later calls do nothing", async (world) => {
    const stations = await startAll(world);
    const [one, two] = [station(stations, 1), station(stations, 2)];
    await sendUntil(world, one, 2, "append", pattern(1, 50), () => arrived(two, 1));
    await Promise.all([one.network.close(), one.network.close()]);
    await one.network.close();
    const before = one.arrivals.length + one.unreachable.length;
    one.network.send(2, "append", pattern(2, 50));
    two.network.send(1, "append", pattern(3, 50));
    await world.advance(100);
    assert.equal(one.arrivals.length + one.unreachable.length, before);
    assert.ok(!arrived(two, 2));
  });

  test("a network that never started closes too", async (world) => {
    const network = await world.open(1);
    await network.close();
    network.send(2, "append", pattern(1, 10));
  });
}

async function startAll(world: NetworkWorld): Promise<Map<NodeId, Station>> {
  const stations = new Map<NodeId, Station>();
  for (const id of [1, 2, 3]) stations.set(id, await start(world, id));
  return stations;
}

async function start(world: NetworkWorld, id: NodeId): Promise<Station> {
  return startOn(await world.open(id));
}

function startOn(network: Network): Station {
  const arrivals: Arrival[] = [];
  const unreachable: NodeId[] = [];
  network.start({
    received: (from, lane, packet) => arrivals.push({ from, lane, packet }),
    unreachable: (peer) => unreachable.push(peer),
  });
  return { network, arrivals, unreachable };
}

function station(stations: ReadonlyMap<NodeId, Station>, id: NodeId): Station {
  const found = stations.get(id);
  assert.ok(found !== undefined);
  return found;
}

/** Any packet may be lost: sends again until `done`. */
function sendUntil(
  world: NetworkWorld,
  sender: Station,
  to: NodeId,
  lane: Lane,
  packet: Uint8Array,
  done: () => boolean,
): Promise<void> {
  return until(world, () => {
    if (done()) return true;
    sender.network.send(to, lane, packet.slice());
    return false;
  });
}

async function until(world: NetworkWorld, done: () => boolean): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step++) {
    if (done()) return;
    await world.advance(STEP_MS);
  }
  assert.fail(`not within ${STEP_MS * STEPS_MAX} ms`);
}

/** A packet that proves itself: its seed and length, then bytes that follow from both. */
function pattern(seed: number, length: number): Uint8Array {
  const packet = new Uint8Array(Math.max(length, 8));
  new DataView(packet.buffer).setUint32(0, seed);
  new DataView(packet.buffer).setUint32(4, packet.length);
  for (let i = 8; i < packet.length; i++) packet[i] = patternByte(seed, i);
  return packet;
}

function patternByte(seed: number, at: number): number {
  return (seed * 31 + at * 7 + (at >>> 8)) & 0xff;
}

function seedOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(0);
}

function isPattern({ packet }: Arrival): boolean {
  if (packet.length < 8) return false;
  const seed = seedOf(packet);
  const lengthHolds = new DataView(packet.buffer, packet.byteOffset).getUint32(4) === packet.length;
  return lengthHolds && packet.subarray(8).every((byte, i) => byte === patternByte(seed, i + 8));
}

function arrived({ arrivals }: Station, seed: number): boolean {
  return arrivals.some(({ packet }) => seedOf(packet) === seed);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
