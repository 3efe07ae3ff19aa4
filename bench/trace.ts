/**
 * What a recorded trace costs a cluster: two clusters of three processes, one that records and one
 * that doesn't, loaded in turn. How many proposals go through, and what each takes.
 */

import { mkdir, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import type { NodeId } from "@holdfast/raft";
import { Child } from "./child.ts";
import { COMMAND_BYTES } from "./cluster-talk.ts";
import { grouped, handOver, machineLine, perSecond, printTable, type Row } from "./report.ts";
import { inScratchDirectory } from "./scratch-directory.ts";
import { type Cluster, cpuUs, electedAmong, expect, load, type Server } from "./servers.ts";
import { median, quantile } from "./statistics.ts";
import type { TraceMember } from "./trace-member.ts";

const IDS: readonly NodeId[] = [1, 2, 3];
const CLIENTS: readonly number[] = [1, 64, 256];
/** Short rounds in turn: disturbances then hit both clusters alike. */
const ROUNDS = 12;
const ROUND_MS = 400;
const WARM_UP_MS = 1500;
const TARGET = 0.67;

interface Side {
  readonly cluster: Cluster;
  /** Of each node, where there are any. */
  readonly files: readonly string[];
}

/** Ports of this machine that nobody listens on just now: all are held until each is known. */
async function freeAddresses(): Promise<Record<NodeId, string>> {
  const addresses: Record<NodeId, string> = {};
  const held = IDS.map(() => createServer());
  for (const [at, server] of held.entries()) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("No port was given");
    addresses[IDS[at] ?? 0] = `127.0.0.1:${address.port}`;
  }
  for (const server of held) await new Promise((resolve) => server.close(resolve));
  return addresses;
}

async function startSide(dir: string, all: Server[], isRecording: boolean): Promise<Side> {
  const peers = await freeAddresses();
  const servers = new Map<NodeId, Server>();
  const files: string[] = [];
  for (const id of IDS) {
    const home = join(dir, `${isRecording ? "recording" : "plain"}-${id}`);
    await mkdir(home);
    const trace = join(home, "trace.ndjson");
    if (isRecording) files.push(trace);
    const member: TraceMember = {
      id,
      dir: join(home, "data"),
      peers,
      ...(isRecording ? { trace } : {}),
    };
    const server: Server = new Child("./trace-member.js", [JSON.stringify(member)]);
    servers.set(id, server);
    all.push(server);
  }
  for (const server of servers.values()) expect(await server.next(), "listening");
  return { cluster: await electedAmong(servers), files };
}

interface Sum {
  readonly rates: number[];
  readonly latencies: number[];
  cpuUs: number;
  traceBytes: number;
}

async function round(side: Side, at: "leader" | "follower", clients: number, sum: Sum) {
  const [cpuBefore, bytesBefore] = [await cpuUs(side.cluster), await bytesOf(side)];
  const { latenciesMs, tookMs } = await load(side.cluster[at], clients, ROUND_MS);
  sum.rates.push(perSecond(latenciesMs.length, tookMs));
  for (const one of latenciesMs) sum.latencies.push(one);
  sum.cpuUs += (await cpuUs(side.cluster)) - cpuBefore;
  sum.traceBytes += (await bytesOf(side)) - bytesBefore;
}

async function bytesOf({ files }: Side): Promise<number> {
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  return bytes;
}

async function measure(
  plain: Side,
  recording: Side,
  at: "leader" | "follower",
  clients: number,
): Promise<Row> {
  const sums = [plain, recording].map(
    (): Sum => ({ rates: [], latencies: [], cpuUs: 0, traceBytes: 0 }),
  );
  const [without, withTrace] = sums;
  if (without === undefined || withTrace === undefined) throw new Error("Two sides are measured");
  for (let turn = 0; turn < ROUNDS; turn++) {
    await round(plain, at, clients, without);
    await round(recording, at, clients, withTrace);
  }
  const ratios = withTrace.rates.map((rate, turn) => rate / (without.rates[turn] ?? Number.NaN));
  const perProposal = (sum: Sum, whole: number): number => whole / sum.latencies.length;
  return {
    at,
    clients,
    plainPerSecond: median(without.rates),
    tracedPerSecond: median(withTrace.rates),
    plainP50Ms: median(without.latencies),
    tracedP50Ms: median(withTrace.latencies),
    plainCpuUs: perProposal(without, without.cpuUs),
    tracedCpuUs: perProposal(withTrace, withTrace.cpuUs),
    traceBytes: perProposal(withTrace, withTrace.traceBytes),
    ratio: median(ratios),
    ratioLow: quantile(ratios, 0.25),
    ratioHigh: quantile(ratios, 0.75),
    target: TARGET,
  };
}

async function missingOf({ cluster }: Side): Promise<number> {
  let events = 0;
  for (const server of cluster.servers) {
    events += expect(await server.ask({ kind: "dropped" }), "missing").events;
  }
  return events;
}

async function run(dir: string): Promise<{ rows: readonly Row[]; missing: number }> {
  const all: Server[] = [];
  try {
    const plain = await startSide(dir, all, false);
    const recording = await startSide(dir, all, true);
    for (const { cluster } of [plain, recording]) {
      await load(cluster.leader, 64, WARM_UP_MS);
      await load(cluster.follower, 64, WARM_UP_MS);
    }
    const rows: Row[] = [];
    for (const clients of CLIENTS) {
      for (const at of ["leader", "follower"] as const) {
        rows.push(await measure(plain, recording, at, clients));
      }
    }
    return { rows, missing: await missingOf(recording) };
  } finally {
    await Promise.all(all.map((server) => server.stop()));
  }
}

function lineOf(row: Row): readonly string[] {
  const fixed = (name: string, digits: number): string => Number(row[name]).toFixed(digits);
  return [
    `${row["at"]}, ${row["clients"]} ${row["clients"] === 1 ? "client" : "clients"}`,
    grouped(Number(row["plainPerSecond"])),
    grouped(Number(row["tracedPerSecond"])),
    fixed("plainP50Ms", 3),
    fixed("tracedP50Ms", 3),
    fixed("plainCpuUs", 1),
    fixed("tracedCpuUs", 1),
    grouped(Number(row["traceBytes"])),
    fixed("ratio", 2),
    `${fixed("ratioLow", 2)}-${fixed("ratioHigh", 2)}`,
  ];
}

console.log(
  `trace: 3 processes, proposals of ${COMMAND_BYTES} bytes, with and without a trace; ${machineLine()}`,
);
const { rows, missing } = await inScratchDirectory(run);
printTable(
  [
    "proposed at",
    "plain/s",
    "traced/s",
    "p50 ms",
    "traced",
    "CPU us",
    "traced",
    "bytes",
    "ratio",
    "quartiles",
  ],
  rows.map(lineOf),
);
console.log("CPU us and bytes of trace: of all three servers, per proposal");
console.log(
  `ratio: proposals/s with a trace to those without; target at least ${TARGET}; quartiles over ${ROUNDS} rounds`,
);
console.log(`Events that found no room in the traces: ${grouped(missing)}`);
handOver(rows);
