/**
 * Durable appends per second of the write-ahead log, as a share of what a bare write and flush of
 * batches of the same size reaches on the same disk in the same run (paper Fig. 2, thesis §3.8).
 */

import { openWal, type Wal } from "@holdfast/replica";
import { openDirectoryDisk } from "holdfast";
import { BareLog, GatheringLog } from "./bare-log.ts";
import { CountingDisk } from "./counting-disk.ts";
import { grouped, handOver, machineLine, printTable, type Row } from "./report.ts";
import { inScratchDirectory } from "./scratch-directory.ts";
import { median, quantile } from "./statistics.ts";
import { ENTRY_BYTES, WalFeed } from "./wal-feed.ts";

interface Case {
  /** Callers that append, wait until that is durable, and append again. */
  readonly writers: number;
  /** Entries in each write of each caller: a replica has one caller and many entries. */
  readonly entriesPerWrite: number;
}

const CASES: readonly Case[] = [
  { writers: 1, entriesPerWrite: 1 },
  { writers: 16, entriesPerWrite: 1 },
  { writers: 256, entriesPerWrite: 1 },
  { writers: 1024, entriesPerWrite: 1 },
  { writers: 1, entriesPerWrite: 64 },
  { writers: 1, entriesPerWrite: 1024 },
];
const SEGMENT_BYTES = 64 << 20;
/** Short rounds and many of them: disturbances then hit all sides alike. */
const ROUNDS = 50;
const ROUND_MS = 15;
const TARGET = 0.8;

/** What is compared, in entries per second. */
interface Sample {
  readonly wal: number;
  readonly bare: number;
  readonly gathering: number;
}

interface Bench {
  readonly feed: WalFeed;
  readonly disk: CountingDisk;
  readonly bare: BareLog;
}

/**
 * Runs `append` in closed loops for a while; each call stands for `entries`. Entries per second.
 */
async function measure(
  loops: number,
  entries: number,
  append: () => Promise<void>,
): Promise<number> {
  let appends = 0;
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, ROUND_MS);
  const begun = performance.now();
  const running = Array.from({ length: loops }, async () => {
    while (!isOver) {
      await append();
      appends++;
    }
  });
  await Promise.all(running);
  return (appends * entries * 1000) / (performance.now() - begun);
}

/** The sides take turns; the first rounds only warm up. */
async function compare({ feed, disk, bare }: Bench, each: Case): Promise<Row> {
  const { writers, entriesPerWrite } = each;
  const entries = writers * entriesPerWrite;
  const bytes = entries * feed.entryBytes(entriesPerWrite);
  const batch = new Uint8Array(bytes).fill(0xa5);
  const gathering = new GatheringLog(bare, new Uint8Array(bytes / writers).fill(0xa5));
  const samples: Sample[] = [];
  let [flushes, appended] = [0, 0];
  for (let at = -2; at < ROUNDS; at++) {
    const [syncsBefore, indexBefore] = [disk.syncs, feed.index];
    const sample = {
      wal: await measure(writers, entriesPerWrite, () => feed.append(entriesPerWrite)),
      bare: await measure(1, entries, () => bare.append(batch)),
      gathering: await measure(writers, entriesPerWrite, () => gathering.append()),
    };
    if (at < 0) continue;
    samples.push(sample);
    flushes += disk.syncs - syncsBefore;
    appended += feed.index - indexBefore;
  }
  return { writers, entriesPerWrite, ...summaryOf(samples), entriesPerFlush: appended / flushes };
}

function summaryOf(samples: readonly Sample[]): Row {
  const ratios = samples.map((sample) => sample.wal / sample.bare);
  return {
    walPerSecond: median(samples.map((sample) => sample.wal)),
    barePerSecond: median(samples.map((sample) => sample.bare)),
    gatheringPerSecond: median(samples.map((sample) => sample.gathering)),
    ratioToBare: median(ratios),
    ratioLow: quantile(ratios, 0.25),
    ratioHigh: quantile(ratios, 0.75),
    ratioToGathering: median(samples.map((sample) => sample.wal / sample.gathering)),
    target: TARGET,
  };
}

async function run(dir: string): Promise<readonly Row[]> {
  const directory = await openDirectoryDisk(dir);
  const disk = new CountingDisk(directory);
  const identity = { clusterId: 1, nodeId: 1 };
  let wal: Wal | undefined;
  let bare: BareLog | undefined;
  try {
    const opened = await openWal(disk, {
      identity,
      segmentBytes: SEGMENT_BYTES,
      preallocate: true,
    });
    wal = opened.wal;
    bare = new BareLog(dir, SEGMENT_BYTES);
    const feed = new WalFeed(wal);
    const rows: Row[] = [];
    for (const each of CASES) rows.push(await compare({ feed, disk, bare }, each));
    return rows;
  } finally {
    bare?.close();
    await wal?.close();
    await directory.close();
  }
}

function lineOf(row: Row): readonly string[] {
  const ratio = (name: string) => Number(row[name]).toFixed(2);
  return [
    `${row["writers"]} x ${row["entriesPerWrite"]}`,
    grouped(Number(row["walPerSecond"])),
    Number(row["entriesPerFlush"]).toFixed(1),
    grouped(Number(row["barePerSecond"])),
    ratio("ratioToBare"),
    `${ratio("ratioLow")}-${ratio("ratioHigh")}`,
    grouped(Number(row["gatheringPerSecond"])),
    ratio("ratioToGathering"),
  ];
}

console.log(`wal: durable appends of ${ENTRY_BYTES} bytes; ${machineLine()}`);
const rows = await inScratchDirectory(run);
const HEAD = ["writers x entries", "wal/s", "per flush", "bare/s", "ratio", "quartiles"];
printTable([...HEAD, "gathering/s", "ratio"], rows.map(lineOf));
console.log(
  `ratio: median over ${ROUNDS} rounds of ${ROUND_MS} ms a side, target at least ${TARGET}`,
);
handOver(rows);
