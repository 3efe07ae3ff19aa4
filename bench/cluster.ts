/**
 * Three servers in processes of their own, on real disks and loopback TCP: how long a proposal
 * takes against what one flush and one round trip take in the same run, and how many go through.
 */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { NodeId } from "@holdfast/raft";
import { BareLog } from "./bare-log.ts";
import { Child } from "./child.ts";
import { COMMAND_BYTES } from "./cluster-talk.ts";
import { probe } from "./probe.ts";
import { grouped, handOver, machineLine, perSecond, printTable, type Row } from "./report.ts";
import { RoundTrip } from "./round-trip.ts";
import { inScratchDirectory } from "./scratch-directory.ts";
import { type Cluster, cpuUs, electedAmong, expect, load, type Server } from "./servers.ts";
import { median, quantile } from "./statistics.ts";

const IDS: readonly NodeId[] = [1, 2, 3];
/** Short rounds and many of them: disturbances then hit all parts alike. */
const LATENCY_ROUNDS = 30;
const LATENCY_MS = 100;
const PROBE_MS = 40;
const THROUGHPUT_CLIENTS: readonly number[] = [64, 256];
const THROUGHPUT_ROUNDS = 5;
const THROUGHPUT_MS = 500;
const WARM_UP_MS = 1500;
const TRIP_BYTES = 300;
const BARE_BYTES = 16 << 20;
const TARGET = 3;

/** Starts the servers and waits until all know the same leader. */
async function startCluster(servers: Map<NodeId, Server>, dir: string): Promise<Cluster> {
  const addresses: Record<NodeId, string> = {};
  for (const id of IDS) {
    const home = join(dir, String(id));
    await mkdir(home);
    const server: Server = new Child("./cluster-member.js", [String(id), home]);
    servers.set(id, server);
    addresses[id] = expect(await server.next(), "listening").address;
  }
  for (const server of servers.values()) {
    expect(await server.ask({ kind: "join", addresses }), "joined");
  }
  return electedAmong(servers);
}

interface LatencyRound {
  /** One process that flushes, and all three at once as they do for a proposal. */
  readonly sync: readonly number[];
  readonly syncTogether: readonly number[];
  readonly trip: readonly number[];
  readonly leader: readonly number[];
  readonly follower: readonly number[];
}

/** One client; the parts of a round lie close together, so that disturbances hit them alike. */
async function measureLatency(cluster: Cluster, dir: string): Promise<readonly LatencyRound[]> {
  const bare = new BareLog(dir, BARE_BYTES);
  const trip = await RoundTrip.open();
  const command = new Uint8Array(COMMAND_BYTES).fill(0xa5);
  const packet = new Uint8Array(TRIP_BYTES).fill(0xa5);
  const rounds: LatencyRound[] = [];
  try {
    for (let at = 0; at < LATENCY_ROUNDS; at++) {
      rounds.push({
        sync: await probe(PROBE_MS, () => bare.append(command)),
        leader: (await load(cluster.leader, 1, LATENCY_MS)).latenciesMs,
        trip: await probe(PROBE_MS, () => trip.measure(packet)),
        follower: (await load(cluster.follower, 1, LATENCY_MS)).latenciesMs,
        syncTogether: await probeTogether(cluster),
      });
    }
  } finally {
    await trip.close();
    bare.close();
  }
  return rounds;
}

async function probeTogether(cluster: Cluster): Promise<readonly number[]> {
  const answers = cluster.servers.map((server) =>
    server.ask({ kind: "sync", durationMs: PROBE_MS }),
  );
  return (await Promise.all(answers)).flatMap((reply) => expect(reply, "synced").tookMs);
}

function latencyRow(rounds: readonly LatencyRound[], side: "leader" | "follower"): Row {
  const all = rounds.flatMap((round) => round[side]);
  const syncs = rounds.flatMap((round) => round.sync);
  const trips = rounds.flatMap((round) => round.trip);
  const ratios = rounds.map(
    (round) => median(round[side]) / (median(round.sync) + median(round.trip)),
  );
  return {
    at: side,
    clients: 1,
    p50Ms: median(all),
    p99Ms: quantile(all, 0.99),
    proposalsPerSecond: 1000 / (all.reduce((sum, one) => sum + one, 0) / all.length),
    ratio: median(all) / (median(syncs) + median(trips)),
    ratioLow: quantile(ratios, 0.25),
    ratioHigh: quantile(ratios, 0.75),
    syncP50Ms: median(syncs),
    tripP50Ms: median(trips),
    syncTogetherP50Ms: median(rounds.flatMap((round) => round.syncTogether)),
    target: TARGET,
  };
}

async function throughputRow(
  cluster: Cluster,
  side: "leader" | "follower",
  clients: number,
): Promise<Row> {
  const rates: number[] = [];
  const latencies: number[] = [];
  const usedBefore = await cpuUs(cluster);
  for (let round = 0; round < THROUGHPUT_ROUNDS; round++) {
    const { latenciesMs, tookMs } = await load(cluster[side], clients, THROUGHPUT_MS);
    rates.push(perSecond(latenciesMs.length, tookMs));
    for (const one of latenciesMs) latencies.push(one);
  }
  return {
    at: side,
    clients,
    p50Ms: median(latencies),
    p99Ms: quantile(latencies, 0.99),
    proposalsPerSecond: median(rates),
    cpuUsPerProposal: ((await cpuUs(cluster)) - usedBefore) / latencies.length,
  };
}

async function run(dir: string): Promise<readonly Row[]> {
  const servers = new Map<NodeId, Server>();
  try {
    const cluster = await startCluster(servers, dir);
    await load(cluster.leader, 64, WARM_UP_MS);
    await load(cluster.follower, 64, WARM_UP_MS);
    const rounds = await measureLatency(cluster, dir);
    const rows = [latencyRow(rounds, "leader"), latencyRow(rounds, "follower")];
    for (const clients of THROUGHPUT_CLIENTS) {
      rows.push(await throughputRow(cluster, "leader", clients));
      rows.push(await throughputRow(cluster, "follower", clients));
    }
    return rows;
  } finally {
    await Promise.all(Array.from(servers.values(), (server) => server.stop()));
  }
}

function lineOf(row: Row): readonly string[] {
  const ms = (name: string) => Number(row[name]).toFixed(3);
  const ratio = (name: string) => Number(row[name]).toFixed(2);
  const line = [
    `${row["at"]}, ${row["clients"]} ${row["clients"] === 1 ? "client" : "clients"}`,
    ms("p50Ms"),
    ms("p99Ms"),
    grouped(Number(row["proposalsPerSecond"])),
  ];
  const cpu = row["cpuUsPerProposal"];
  if (cpu !== undefined) return [...line, Number(cpu).toFixed(1)];
  return [...line, "", ratio("ratio"), `${ratio("ratioLow")}-${ratio("ratioHigh")}`];
}

console.log(
  `cluster: 3 processes, proposals of ${COMMAND_BYTES} bytes, applied where proposed; ${machineLine()}`,
);
const rows = await inScratchDirectory(run);
printTable(
  ["proposed at", "p50 ms", "p99 ms", "proposals/s", "CPU us", "ratio", "quartiles"],
  rows.map(lineOf),
);
console.log("CPU us: of all three servers, per proposal");
const ground = (name: string) => Number(rows[0]?.[name]).toFixed(3);
console.log(
  `ratio: p50 to fdatasync (p50 ${ground("syncP50Ms")} ms) plus TCP round trip (p50 ${ground("tripP50Ms")} ms); ` +
    `target at the leader at most ${TARGET}; quartiles over ${LATENCY_ROUNDS} rounds`,
);
console.log(`fdatasync of three processes at once: p50 ${ground("syncTogetherP50Ms")} ms`);
handOver(rows);
