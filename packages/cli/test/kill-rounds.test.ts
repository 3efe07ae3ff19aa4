/**
 * Real processes under load, killed one after the other: nothing acknowledged is lost, nothing is
 * applied twice.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type PutOutcome, put, range, type StoredPair } from "./kv-client.ts";
import { eventually, sleep } from "./program.ts";
import { Servers } from "./servers.ts";
import { tmpDir } from "./tmp-dir.ts";

const ROUNDS = 10;
const CLIENTS = 4;
/** Between two requests of a client: the load shall be steady, not crush the machine. */
const PAUSE_MS = 5;
/** Generous: a loaded test machine is slow. The figure that counts is printed. */
const RECOVERY_LIMIT_MS = 15_000;
const PROBE_MS = 25;

interface Write {
  readonly key: string;
  readonly value: string;
  endedAt: number;
  /** Undefined until it is settled. */
  outcome: PutOutcome | undefined;
}

function newWrite(key: string): Write {
  return { key, value: `value of ${key}`, endedAt: Number.POSITIVE_INFINITY, outcome: undefined };
}

/**
 * One client: unique keys, one after the other; tries again only what was certainly not applied.
 */
class Client {
  readonly writes: Write[] = [];
  /** Reads that were answered; each had to show what was acknowledged before it. */
  reads = 0;
  readonly #name: string;
  readonly #servers: Servers;
  #stopped = false;
  readonly done: Promise<void>;

  constructor(name: string, servers: Servers, firstServer: number) {
    this.#name = name;
    this.#servers = servers;
    this.done = this.#run(firstServer);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(firstServer: number): Promise<void> {
    let turn = firstServer;
    for (let n = 0; !this.#stopped; n++) {
      const key = `${this.#name}/${n}`;
      const write = newWrite(key);
      this.writes.push(write);
      while (write.outcome === undefined && !this.#stopped) {
        const outcome = await put(this.#url(turn), key, write.value);
        if (outcome.kind === "not-applied") {
          turn++;
          await sleep(20);
          continue;
        }
        write.outcome = outcome;
        write.endedAt = performance.now();
        if (outcome.kind === "unknown") turn++;
      }
      if (write.outcome?.kind === "acknowledged" && n % 4 === 0)
        await this.#readBack(write, turn + 1);
      await sleep(PAUSE_MS);
    }
  }

  /** Linearizable: any server that answers must show a write that was acknowledged by another. */
  async #readBack(write: Write, turn: number): Promise<void> {
    const found = await range(this.#url(turn), { key: write.key });
    if (found === undefined) return;
    this.reads++;
    assert.equal(found.pairs[0]?.value, write.value, `${write.key} is missing on another server`);
  }

  #url(turn: number): string {
    const { ids } = this.#servers;
    return this.#servers.url(ids[turn % ids.length] ?? 1);
  }
}

/**
 * Asks all survivors again and again, without waiting for answers, until one acknowledges: how long
 * that took.
 */
async function writableAgain(
  servers: Servers,
  survivors: readonly number[],
  probes: Write[],
): Promise<number> {
  const since = performance.now();
  let acknowledgedAt: number | undefined;
  await eventually("a write is acknowledged after the kill", async () => {
    for (const id of survivors) {
      const key = `probe/${probes.length}`;
      const write = newWrite(key);
      probes.push(write);
      void put(servers.url(id), key, write.value).then((outcome) => {
        write.outcome = outcome;
        if (outcome.kind === "acknowledged") acknowledgedAt ??= performance.now();
      });
    }
    await sleep(PROBE_MS);
    return acknowledgedAt !== undefined;
  });
  return (acknowledgedAt ?? Number.POSITIVE_INFINITY) - since;
}

/**
 * The longest time in which no client got an acknowledgement, while at least one was trying all
 * along.
 */
function longestSilence(clients: readonly Client[]): number {
  const times = clients
    .flatMap((client) => client.writes)
    .filter((write) => write.outcome?.kind === "acknowledged")
    .map((write) => write.endedAt)
    .sort((a, b) => a - b);
  return Math.max(...times.slice(1).map((time, i) => time - (times[i] ?? time)));
}

/** Compares what the cluster holds with what the clients know. */
function checkHistory(
  writes: readonly Write[],
  stored: { readonly revision: number; readonly pairs: readonly StoredPair[] },
): void {
  const byKey = new Map(stored.pairs.map((pair) => [pair.key, pair]));
  const written = new Map(writes.map((write) => [write.key, write]));
  for (const { key, value, outcome } of writes) {
    const pair = byKey.get(key);
    if (outcome?.kind === "acknowledged") {
      assert.ok(pair !== undefined, `acknowledged write ${key} is lost`);
      assert.equal(pair.modRevision, outcome.revision, `${key} is not where it was acknowledged`);
    }
    if (outcome === undefined || outcome.kind === "not-applied") {
      assert.equal(pair, undefined, `${key} was refused as certainly not applied, and is there`);
    }
    if (pair === undefined) continue;
    assert.equal(pair.value, value, `${key} has another value`);
    assert.equal(pair.version, 1, `${key} was applied ${pair.version} times`);
  }
  for (const { key } of stored.pairs) assert.ok(written.has(key), `nobody wrote ${key}`);
  // Each revision after the first belongs to exactly one key: nothing was applied twice and undone.
  assert.equal(stored.revision, 1 + stored.pairs.length);
}

async function everything(
  servers: Servers,
  id: number,
): Promise<{ revision: number; pairs: StoredPair[] }> {
  const answer = await range(servers.url(id), { key: "\0", rangeEnd: "\0" });
  assert.ok(answer !== undefined, `node ${id} does not answer`);
  return answer;
}

test("ten rounds of kill -9 under load: no acknowledged write is lost, none is applied twice", async (t) => {
  const servers = await Servers.start(t, {
    dir: tmpDir(t),
    count: 3,
    flags: ["--election-timeout-ms=500", "--snapshot-entries=500"],
  });
  const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(`c${i}`, servers, i));
  const probes: Write[] = [];
  const recoveries: number[] = [];

  for (let round = 0; round < ROUNDS; round++) {
    await sleep(500);
    const leader = await servers.leader();
    const followers = servers.ids.filter((id) => id !== leader);
    const isLeader = round % 2 === 0;
    const victim = isLeader ? leader : (followers[round % followers.length] ?? leader);
    await servers.crash(victim);
    const survivors = servers.ids.filter((id) => id !== victim);
    const recoveryMs = await writableAgain(servers, survivors, probes);
    if (isLeader) recoveries.push(recoveryMs);
    t.diagnostic(
      `round ${round + 1}: killed ${isLeader ? "leader" : "follower"} ${victim}, ` +
        `writable after ${Math.round(recoveryMs)} ms`,
    );
    assert.ok(recoveryMs < RECOVERY_LIMIT_MS, `writable only after ${recoveryMs} ms`);
    servers.start(victim);
    await servers.caughtUp(victim);
  }

  for (const client of clients) client.stop();
  await Promise.all(clients.map((client) => client.done));
  await eventually("all probes are answered", () =>
    probes.every((probe) => probe.outcome !== undefined),
  );
  const writes = [...probes, ...clients.flatMap((client) => client.writes)];
  const count = (kind: string): number =>
    writes.filter((write) => write.outcome?.kind === kind).length;
  const reads = clients.reduce((sum, client) => sum + client.reads, 0);
  t.diagnostic(
    `${count("acknowledged")} acknowledged, ${count("unknown")} unknown, ${reads} reads; ` +
      `worst recovery after a leader ${Math.round(Math.max(...recoveries))} ms, ` +
      `longest time without an acknowledgement ${Math.round(longestSilence(clients))} ms`,
  );
  assert.ok(count("acknowledged") > 200, "too few writes to prove anything");
  assert.ok(reads > 20, "too few reads to prove anything");

  const stored = await everything(servers, await servers.leader());
  checkHistory(writes, stored);
  for (const id of servers.ids) assert.deepEqual(await everything(servers, id), stored);
});
