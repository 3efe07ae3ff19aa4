/**
 * Random crashes, partitions and weather: what was acknowledged is never lost, nothing is applied
 * twice or in two orders.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NotCommittedError } from "@holdfast/replica";
import { FAIR, type Keep, Random, type Weather } from "@holdfast/sim";
import { type Cluster, inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";

const SEEDS = 12;
const RUN_MS = 6000;
const STORMY: Weather = { delayMs: 1, jitterMs: 30, lost: 50, repeated: 100 };
const KEEPS: readonly Keep[] = ["none", "all", "some"];

interface History {
  readonly acknowledged: Set<string>;
  readonly refused: Set<string>;
  unknown: number;
}

/**
 * One caller after the other on changing nodes, until `end`. Each command is unique and proposed
 * once.
 */
async function client(
  cluster: Cluster,
  name: string,
  end: number,
  history: History,
): Promise<void> {
  const random = cluster.random.fork(name);
  for (let i = 0; cluster.clock.now() < end; i++) {
    const id = 1 + random.below(cluster.members.length);
    const { replica } = cluster.member(id);
    const line = `${name}-${i}`;
    if (replica !== undefined) {
      try {
        await replica.propose(bytes(line), { timeoutMs: 500 + random.below(2000) });
        history.acknowledged.add(line);
      } catch (error) {
        if (error instanceof NotCommittedError) history.refused.add(line);
        else history.unknown++;
      }
    }
    await cluster.clock.sleep(random.below(20));
  }
}

async function nemesis(cluster: Cluster, end: number, random: Random): Promise<number> {
  let crashes = 0;
  while (cluster.clock.now() < end) {
    await cluster.clock.sleep(50 + random.below(600));
    const id = 1 + random.below(cluster.members.length);
    const dice = random.below(10);
    if (dice < 5) {
      // Now and then the power of several fails at once, also of all.
      const others = dice === 0 ? random.below(cluster.members.length) : 0;
      const ids = cluster.members.map((_, i) => 1 + ((id + i) % cluster.members.length));
      const down = ids.slice(0, 1 + others);
      const keep = KEEPS[random.below(KEEPS.length)] ?? "none";
      for (const one of down) cluster.crash(one, keep);
      crashes += down.length;
      await cluster.clock.sleep(random.below(300));
      for (const one of down) await cluster.start(one);
    } else if (dice < 7) {
      cluster.network.isolate(id);
      await cluster.clock.sleep(random.below(1000));
      cluster.network.heal();
    } else {
      cluster.network.weather = cluster.network.weather === FAIR ? STORMY : FAIR;
    }
  }
  cluster.network.heal();
  cluster.network.weather = FAIR;
  return crashes;
}

/** Every member's lines are one history: equal in the end, without repeats. */
function checkHistory(lines: readonly string[], history: History): void {
  const seen = new Set(lines);
  assert.equal(seen.size, lines.length, "applied twice");
  for (const line of history.acknowledged) assert(seen.has(line), `acknowledged and lost: ${line}`);
  for (const line of history.refused) assert(!seen.has(line), `refused and applied: ${line}`);
}

for (let seed = 1; seed <= SEEDS; seed++) {
  const size = seed % 3 === 0 ? 5 : 3;
  test(`I3 I7 chaos, seed ${seed}: ${size} nodes keep every acknowledged command once and in one order`, async () => {
    const sync = new Random(seed).fork("sync");
    const options = {
      size,
      syncMs: () => sync.fraction() * (seed % 4) * 5,
      seed,
      replica: { snapshotEveryEntries: seed % 2 === 0 ? 15 : 0, snapshotChunkBytes: 100 },
      config: { trailingEntries: 5 },
    };
    await inCluster(options, async (cluster) => {
      await cluster.startAll();
      const end = cluster.clock.now() + RUN_MS;
      const history: History = { acknowledged: new Set(), refused: new Set(), unknown: 0 };
      const clients = Array.from({ length: 6 }, (_, i) => client(cluster, `c${i}`, end, history));
      const crashes = await nemesis(cluster, end, cluster.random.fork("nemesis"));
      await Promise.all(clients);

      await cluster.replica(await cluster.leader()).propose(bytes("last"), { timeoutMs: 20_000 });
      checkHistory(await cluster.agreed(), history);
      assert.equal(crashes > 0, true);
      assert.equal(history.acknowledged.size > 50, true, "the cluster got something done");
      for (const { failures } of cluster.members) {
        // A crashed disk ends its old replica's work; nothing else may fail.
        assert.deepEqual(
          failures.filter((one) => !isCut(one)),
          [],
        );
      }
    });
  });
}

/** The replica of a crashed disk may notice before it is closed. */
function isCut(error: Error): boolean {
  return "code" in error && error.code === "DISK_FAILED";
}
