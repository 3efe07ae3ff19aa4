/** The simulated network and clock keep the promises that the real ones keep (ARCHITECTURE §4). */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/raft";
import {
  type Carrying,
  FAIR,
  hostPump,
  type NetworkOptions,
  Process,
  Random,
  Scheduler,
  SimNetwork,
  VirtualClock,
  type Weather,
} from "@holdfast/sim";
import { clockSuite, networkSuite } from "@holdfast/testkit";

interface VirtualWorld {
  readonly scheduler: Scheduler;
  readonly clock: VirtualClock;
  advance(ms: number): Promise<void>;
}

function virtualWorld(): VirtualWorld {
  const scheduler = new Scheduler({ eventsMax: 10_000_000 });
  const clock = new VirtualClock(scheduler);
  return { scheduler, clock, advance: (ms) => scheduler.run(() => clock.sleep(ms), hostPump) };
}

function simNetwork(
  weather: Weather,
  seed: number,
  options: NetworkOptions = {},
): { network: SimNetwork; world: VirtualWorld } {
  const world = virtualWorld();
  const network = new SimNetwork(world.scheduler, new Random(seed), options);
  network.weather = weather;
  return { network, world };
}

clockSuite("VirtualClock", virtualWorld);

const WEATHERS: readonly (readonly [string, Weather])[] = [
  ["fair", FAIR],
  ["stormy", { delayMs: 0, jitterMs: 50, lost: 200, repeated: 200 }],
];
const CARRYING: readonly Carrying[] = ["raw", "connections"];
for (const carrying of CARRYING) {
  for (const [name, weather] of WEATHERS) {
    networkSuite(`SimNetwork, ${carrying}, in ${name} weather`, async () => {
      const { network, world } = simNetwork(weather, 7, { carrying });
      return {
        open: async (id: NodeId) => network.plug(id, new Process(world.scheduler)),
        advance: world.advance,
        close: async () => {},
      };
    });
  }
}

test("SimNetwork loses, repeats and reorders as often as it is told, by its seed", async () => {
  const send = async (seed: number): Promise<readonly number[]> => {
    const { network, world } = simNetwork(
      { delayMs: 1, jitterMs: 20, lost: 100, repeated: 300 },
      seed,
    );
    const arrived: number[] = [];
    const from = network.plug(1);
    from.start({ received: () => {}, unreachable: () => {} });
    network.plug(2).start({
      received: (_from, _lane, packet) => arrived.push((packet[0] ?? 0) * 256 + (packet[1] ?? 0)),
      unreachable: () => {},
    });
    for (let n = 0; n < 2000; n++) from.send(2, "append", Uint8Array.of(n >> 8, n & 255));
    await world.advance(50);
    return arrived;
  };

  const arrived = await send(1);

  const distinct = new Set(arrived);
  assert.ok(distinct.size > 1700 && distinct.size < 1900, `${distinct.size} of 2000 got through`);
  const repeats = arrived.length - distinct.size;
  assert.ok(repeats > 450 && repeats < 630, `${repeats} came twice`);
  assert.notDeepEqual(
    arrived,
    [...arrived].sort((a, b) => a - b),
  );
  assert.deepEqual(await send(1), arrived, "the same seed gives the same run");
  assert.notDeepEqual(await send(2), arrived);
});

test("SimNetwork cuts a node off both ways, reports it to senders, and heals", async () => {
  const { network, world } = simNetwork(FAIR, 3);
  const lost: NodeId[] = [];
  const arrived: NodeId[] = [];
  const ports = [1, 2].map((id) => network.plug(id));
  for (const port of ports) {
    port.start({
      received: (from) => arrived.push(from),
      unreachable: (peer) => lost.push(peer),
    });
  }
  network.isolate(2);
  ports[0]?.send(2, "vote", Uint8Array.of(1));
  ports[1]?.send(1, "vote", Uint8Array.of(1));
  await world.advance(10);
  assert.deepEqual(arrived, []);
  assert.deepEqual(lost.sort(), [1, 2]);

  network.heal();
  ports[0]?.send(2, "vote", Uint8Array.of(1));
  await world.advance(10);

  assert.deepEqual(arrived, [1]);
});
