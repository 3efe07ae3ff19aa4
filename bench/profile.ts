/**
 * What dominates in the simulator: the share of each part of the code in the time of whole runs, by
 * the module that was running when the profiler looked.
 */

import { Session } from "node:inspector/promises";
import { hostPump, type Plan, runPlan } from "@holdfast/sim";
import { handOver, machineLine, printTable, type Row } from "./report.ts";
import { type Case, cases } from "./sim-plans.ts";

const LOADS: readonly string[] = [
  "5 nodes, 150-300 ms, 130/s, calm",
  "5 nodes, 150-300 ms, 130/s, all faults",
  "seeds 1 to 60 as drawn",
];
const LOOK_EVERY_US = 500;
/** Each load is run until it has taken so long. */
const LOAD_MS = 4000;
const HEAVIEST = 5;

/** The first that fits decides; paths are those of compiled modules, without the `dist`. */
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["protocol core", /^raft\//],
  ["write-ahead log, checksums", /^replica\/(wal\/|crc32)/],
  ["codec, snapshots", /^replica\/(codec|snapshots)\//],
  ["driver and proposals of the replica", /^replica\//],
  ["all checkers, histories included", /^linearizability\//],
  ["all checkers, histories included", /^sim\/(cluster-invariants|durable-|check-failed)/],
  ["all checkers, histories included", /^sim\/world\/(answers|ballots|watch|server-watch)\./],
  ["all checkers, histories included", /^sim\/load\/(check-|broken|hash-ledger|recorder)/],
  ["clients, state machine", /^sim\/(load\/|outcome)/],
  ["simulated disk", /^sim\/disk/],
  ["simulated network", /^sim\/network/],
  ["world, faults, drawing plans", /^sim\/(world|plan)\//],
  ["world, faults, drawing plans", /^sim\/(run|process|readable)\./],
  ["scheduler, queue, pump, clocks, hash", /^sim\//],
  ["promise jobs and ticks of Node", /^(node:|\(program\))/],
  ["garbage collection", /^\(garbage collector\)/],
];
const REST = "other";

interface Shares {
  readonly parts: ReadonlyMap<string, number>;
  /** Function and module, heaviest first. */
  readonly functions: readonly (readonly [string, number])[];
}

async function runFor(plans: readonly Plan[], ms: number): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < ms) {
    for (const plan of plans) {
      const { failure } = await runPlan(plan, { pump: hostPump });
      if (failure !== undefined) throw new Error(`Seed ${plan.seed} fails: ${failure.message}`);
    }
  }
}

/** A module of ours as `sim/world/run.js`; what the engine does itself by the name it gives it. */
function placeOf(url: string, name: string): string {
  const ours = /packages\/(?<home>[^/]+)\/dist\/src\/(?<path>.+)$/.exec(url)?.groups;
  if (ours !== undefined) return `${ours["home"]}/${ours["path"]}`;
  return url === "" ? name : url;
}

function add(sums: Map<string, number>, key: string, share: number): void {
  sums.set(key, (sums.get(key) ?? 0) + share);
}

async function profile({ plans }: Case): Promise<Shares> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: LOOK_EVERY_US });
  await session.post("Profiler.start");
  await runFor(plans, LOAD_MS);
  const { nodes } = (await session.post("Profiler.stop")).profile;
  session.disconnect();
  const looks = nodes.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
  if (looks === 0) throw new Error("The profiler has seen nothing");
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  for (const { callFrame, hitCount = 0 } of nodes) {
    const place = placeOf(callFrame.url, callFrame.functionName);
    const part = PARTS.find(([, pattern]) => pattern.test(place))?.[0] ?? REST;
    add(parts, part, hitCount / looks);
    if (callFrame.url !== "")
      add(functions, `${callFrame.functionName} of ${place}`, hitCount / looks);
  }
  return { parts, functions: [...functions].sort(([, a], [, b]) => b - a).slice(0, HEAVIEST) };
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

const loads = cases().filter(({ name }) => LOADS.includes(name));
if (loads.length !== LOADS.length) throw new Error("A load is gone from the list of runs");
console.log(`Percent of the time of whole runs, by the module that was running; ${machineLine()}`);
const shares: Shares[] = [];
for (const load of loads) {
  // The compilers have seen it before.
  await runFor(load.plans, LOAD_MS / 2);
  shares.push(await profile(load));
}
const parts = [...new Set([...PARTS.map(([part]) => part), REST])];
const rows: Row[] = parts.map((part) => ({
  part,
  ...Object.fromEntries(shares.map((of, at) => [LOADS[at] ?? "", of.parts.get(part) ?? 0])),
}));
printTable(
  ["part", ...LOADS],
  parts.map((part) => [part, ...shares.map((of) => percent(of.parts.get(part) ?? 0))]),
);
for (const [at, { functions }] of shares.entries()) {
  console.log(`\nHeaviest functions, ${LOADS[at]}`);
  printTable(
    ["function", "%"],
    functions.map(([name, share]) => [name, percent(share)]),
  );
}
handOver(rows);
