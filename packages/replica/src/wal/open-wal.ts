/** Opens the log: reads it back, begins a new segment behind it, clears away what is left over. */

import { ConfigError, type Entry, type HardState, sometimes } from "@holdfast/raft";
import { WalDamagedError } from "../errors.ts";
import type { Disk } from "../ports.ts";
import { LogExtent } from "./extent.ts";
import type { LogPoint } from "./record.ts";
import { entriesAfter, type ReadBack, readBack } from "./recovery.ts";
import { segmentName, sequenceOf } from "./segment-header.ts";
import { NEW_NAME, SegmentWriter } from "./segment-writer.ts";
import { SegmentList } from "./segments.ts";
import { SPARE_NAME, Spare } from "./spare.ts";
import { Wal, type WalOptions } from "./wal.ts";

/** What the disk said at the start. */
export interface Recovered {
  readonly hardState: HardState;
  /** The log begins after this point; (0, 0) for a log from the start. */
  readonly start: LogPoint;
  /** Contiguous from `start.index + 1`. */
  readonly entries: readonly Entry[];
  /**
   * Cut from the end because a crash left a write unfinished, in bytes; such a write was never
   * acknowledged.
   */
  readonly tornBytes: number;
}

const NOTHING_YET: Omit<ReadBack, "extent" | "segments"> = {
  entries: [],
  leftovers: [],
  next: { sequence: 1, previousEnd: 0, previousSum: 0 },
  carried: [],
  tornBytes: 0,
};

/**
 * Opens the log in `disk`, or begins one. Rejects with `WalDamagedError`, `StoreIdentityError`,
 * `StoreVersionError` (then nothing was changed), or with a `DiskError`. May be interrupted at any
 * moment and called again.
 */
export async function openWal(
  disk: Disk,
  options: WalOptions,
): Promise<{ readonly wal: Wal; readonly recovered: Recovered }> {
  if (!Number.isSafeInteger(options.segmentBytes) || options.segmentBytes <= 0) {
    const rule = "must be a positive whole number";
    throw new ConfigError("segmentBytes", `${rule}, got ${options.segmentBytes}`);
  }
  const back = (await readBack(disk, options.identity)) ?? beginning();
  const head = back.extent.head();
  const entries = takeCarried(back);
  if (back.tornBytes > 0) sometimes("recovery: a torn write is cut from the end");
  if (back.carried.length > 0) sometimes("recovery: the newest batch is written again");
  const spare = await findSpare(disk, options);
  const writer = new SegmentWriter(disk, options.identity, spare);
  const tail = await writer.begin({ ...back.next, head, records: back.carried });
  const newest = back.segments.push(segmentName(tail.sequence), tail.sequence);
  for (const record of back.carried) back.segments.apply(record);
  newest.usedBytes = tail.usedBytes;
  await clearUp(disk, back);
  const wal = new Wal(disk, options, { spare, writer, tail, ...back });
  const { hardState, start } = back.extent;
  return { wal, recovered: { hardState, start, entries, tornBytes: back.tornBytes } };
}

/** Whether there is a log to open; else `openWal` begins one. */
export async function hasWal(disk: Disk): Promise<boolean> {
  return (await disk.list()).some((name) => sequenceOf(name) !== undefined);
}

function beginning(): ReadBack {
  const hardState: HardState = { term: 0, vote: 0 };
  const extent = new LogExtent({ hardState, start: { index: 0, term: 0 }, lastIndex: 0 });
  return { ...NOTHING_YET, extent, segments: new SegmentList() };
}

/**
 * Takes the carried records into `back.extent` and returns all entries, with memory of their own.
 */
function takeCarried(back: ReadBack): readonly Entry[] {
  const name = segmentName(back.next.sequence);
  let entries = [...back.entries];
  for (const record of back.carried) {
    const objection = back.extent.objection(record);
    if (objection !== undefined) throw new WalDamagedError(name, 0, objection);
    back.extent.apply(record);
    entries = entriesAfter(entries, record);
  }
  if (!back.extent.isWhole) throw new WalDamagedError(name, 0, "older segments are missing");
  return entries.map((entry) => ({ ...entry, data: entry.data.slice() }));
}

/** What an interrupted run left unnamed goes, but for a spare that can serve again. */
async function findSpare(disk: Disk, options: WalOptions): Promise<Spare> {
  const spare = new Spare(disk, options.segmentBytes);
  const names = await disk.list();
  if (names.includes(NEW_NAME)) {
    sometimes("recovery: a segment that got no name is removed");
    await disk.remove(NEW_NAME);
  }
  if (names.includes(SPARE_NAME)) {
    if (options.preallocate) await spare.adopt();
    else await disk.remove(SPARE_NAME);
  }
  if (options.preallocate) await spare.prepare();
  return spare;
}

/**
 * The new segment is durable: what lies behind the end of the one before, and what a crash brought
 * back, can go.
 */
async function clearUp(disk: Disk, back: ReadBack): Promise<void> {
  for (const name of back.leftovers) {
    await disk.remove(name);
    await disk.syncDirectory();
  }
  if (back.next.sequence === 1 || back.segments.count < 2) return;
  const file = await disk.open(segmentName(back.next.sequence - 1));
  try {
    if (file.size > back.next.previousEnd) await file.truncate(back.next.previousEnd);
  } finally {
    await file.close();
  }
}
