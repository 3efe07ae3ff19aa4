/**
 * Random crashes, partitions and weather over a cluster under load, and what must hold after them.
 */

import assert from "node:assert/strict";
import { NotCommittedError } from "@holdfast/replica";
import { FAIR, type Keep, Random, type Weather } from "@holdfast/sim";
import { type Cluster, type ClusterOptions, inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";

const RUN_MS = 6000;
const STORMY: Weather = { delayMs: 1, jitterMs: 30, lost: 50, repeated: 100 };
const KEEPS: readonly Keep[] = ["none", "all", "some"];

export interface History {
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

/**
 * Runs a cluster of 3 or 5 through a seeded storm and checks that every acknowledged command is
 * kept, once and in one order.
 */
export async function chaos(seed: number, more: Partial<ClusterOptions> = {}): Promise<void> {
  const sync = new Random(seed).fork("sync");
  const options = {
    size: seed % 3 === 0 ? 5 : 3,
    syncMs: () => sync.fraction() * (seed % 4) * 5,
    seed,
    ...more,
    replica: {
      snapshotEveryEntries: seed % 2 === 0 ? 15 : 0,
      snapshotChunkBytes: 100,
      ...more.replica,
    },
    config: { trailingEntries: 5, ...more.config },
  };
  await inCluster(options, async (cluster) => {
    await cluster.startAll();
    const end = cluster.clock.now() + RUN_MS;
    const history: History = { acknowledged: new Set(), refused: new Set(), unknown: 0 };
    const clients = Array.from({ length: 6 }, (_, i) => client(cluster, `c${i}`, end, history));
    const crashes = await nemesis(cluster, end, cluster.random.fork("nemesis"));
    await Promise.all(clients);

    await lastCommand(cluster);
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
}

async function lastCommand(cluster: Cluster): Promise<void> {
  await cluster.replica(await cluster.leader()).propose(bytes("last"), { timeoutMs: 20_000 });
}

/** The replica of a crashed disk may notice before it is closed. */
function isCut(error: Error): boolean {
  return "code" in error && error.code === "DISK_FAILED";
}
