/** Small histories of a log, how to run one, and what may be found afterwards. */

import assert from "node:assert/strict";
import type { Write } from "@holdfast/raft";
import { openWal, type Recovered, type Wal, WalFailedError } from "@holdfast/replica";
import type { SimDisk } from "@holdfast/sim";
import { IDENTITY, write } from "@holdfast/testkit";
import { crashingDisk } from "./crashes.ts";
import { entries, entry, model, snapshotMeta, summary } from "./writes.ts";

export interface Setting {
  readonly segmentBytes: number;
  readonly preallocate: boolean;
}

export interface History {
  readonly name: string;
  /** Writes of one group are appended at once, the groups one after the other. */
  readonly groups: readonly (readonly Write[])[];
}

export interface Progress {
  /** Writes handed over, in order. */
  readonly issued: Write[];
  /** How many of them were acknowledged. */
  acked: number;
  closed: boolean;
}

export const SETTINGS: readonly Setting[] = [
  { segmentBytes: 1 << 20, preallocate: false },
  { segmentBytes: 150, preallocate: false },
  { segmentBytes: 150, preallocate: true },
];

export const HISTORIES: readonly History[] = [
  {
    name: "votes and entries",
    groups: [
      [write({ hardState: { term: 1, vote: 3 } })],
      [write({ entries: entries(1, 2, 1) }), write({ entries: [entry(3, 1)] })],
      [write({ hardState: { term: 2, vote: 0 }, entries: [entry(4, 2)] })],
    ],
  },
  {
    name: "a conflict cuts the log, twice and across segments",
    groups: [
      [write({ hardState: { term: 1, vote: 0 }, entries: entries(1, 6, 1) })],
      [write({ hardState: { term: 2, vote: 0 }, truncateFrom: 4, entries: entries(4, 5, 2) })],
      [write({ entries: [entry(6, 2, "x".repeat(90))] }), write({ truncateFrom: 2 })],
      [write({ hardState: { term: 3, vote: 1 }, entries: entries(2, 3, 3) })],
    ],
  },
  {
    name: "snapshots trim the log while it goes on",
    groups: [
      [write({ hardState: { term: 1, vote: 1 }, entries: entries(1, 5, 1) })],
      [write({ entries: entries(6, 9, 1) }), write({ compactTo: 4, compactTerm: 1 })],
      [write({ entries: entries(10, 12, 1), compactTo: 8, compactTerm: 1 })],
      [write({ compactTo: 12, compactTerm: 1 })],
      [write({ entries: [entry(13, 1)] })],
    ],
  },
  {
    name: "a snapshot from the leader replaces the log",
    groups: [
      [write({ hardState: { term: 1, vote: 0 }, entries: entries(1, 4, 1) })],
      [
        write({ hardState: { term: 4, vote: 0 }, snapshot: snapshotMeta(9, 3) }),
        write({ entries: entries(10, 11, 4) }),
      ],
      [write({ truncateFrom: 11, entries: [entry(11, 4, "y".repeat(100))] })],
      [write({ snapshot: snapshotMeta(30, 4), entries: [entry(31, 4)] })],
    ],
  },
  {
    name: "a batch over several sectors",
    groups: [
      [write({ hardState: { term: 1, vote: 2 } })],
      [1, 2, 3, 4].map((index) => write({ entries: [entry(index, 1, "z".repeat(190 + index))] })),
      [write({ entries: [entry(5, 1)] })],
    ],
  },
];

/** Opens the log, runs the history and closes; says how far it came when the disk gave up. */
export async function run(disk: SimDisk, setting: Setting, history: History): Promise<Progress> {
  const progress: Progress = { issued: [], acked: 0, closed: false };
  try {
    const { wal } = await open(disk, setting);
    for (const group of history.groups) await appendAll(wal, group, progress);
    await wal.close();
    progress.closed = wal.failure === undefined;
  } catch {
    // The caller looks at what was promised until then.
  }
  return progress;
}

async function appendAll(wal: Wal, group: readonly Write[], progress: Progress): Promise<void> {
  const appends = group.map((one) => {
    progress.issued.push(one);
    return wal.append(one);
  });
  for (const result of await Promise.allSettled(appends)) {
    if (result.status === "fulfilled") {
      progress.acked += 1;
      continue;
    }
    const failure = wal.failure;
    assert.ok(failure instanceof WalFailedError, "a rejected append means a failed log");
    assert.equal(result.reason, failure);
    await assert.rejects(wal.append(write()), (error) => error === failure);
    await wal.close();
    throw failure;
  }
}

export function open(disk: SimDisk, setting: Setting): Promise<{ wal: Wal; recovered: Recovered }> {
  return openWal(disk, { identity: IDENTITY, ...setting });
}

/**
 * What may be found: the log after each number of writes from what was acknowledged to what was
 * handed over.
 */
export function allowed(progress: Progress): readonly string[] {
  const states: string[] = [];
  for (let count = progress.acked; count <= progress.issued.length; count += 1) {
    states.push(model(progress.issued.slice(0, count)));
  }
  return states;
}

/** Opens what a crash left and returns what was found, which must be one of `states`. */
export async function recover(
  left: SimDisk,
  setting: Setting,
  states: readonly string[],
  context: string,
): Promise<{ wal: Wal; found: string }> {
  const { wal, recovered } = await open(left, setting).catch((error: unknown) => {
    throw new Error(`${context}: recovery refused`, { cause: error });
  });
  const found = summary(recovered);
  if (!states.includes(found))
    assert.fail(`${context}: found ${found}, not of ${states.join("\n")}`);
  return { wal, found };
}

/**
 * Recovers, and once more after a power loss: what a recovery has found must itself be durable,
 * for a node votes and answers on the strength of it.
 */
export async function recoverAndStay(
  left: SimDisk,
  setting: Setting,
  progress: Progress,
  context: string,
): Promise<{ disk: SimDisk; wal: Wal }> {
  const { found } = await recover(left, setting, allowed(progress), context);
  const disk = left.crash({ keep: "none" });
  const { wal } = await recover(disk, setting, [found], `${context}, power loss after`);
  return { disk, wal };
}

/** Crashes `history` at each of its operations in turn. */
export async function* crashes(
  setting: Setting,
  history: History,
): AsyncGenerator<{ disk: SimDisk; progress: Progress; context: string }> {
  for (let crashAt = 1; ; crashAt += 1) {
    const disk = crashingDisk(crashAt);
    const progress = await run(disk, setting, history);
    if (progress.closed) return;
    const context = `${history.name}, ${setting.segmentBytes} bytes, crash at ${crashAt}`;
    yield { disk, progress, context };
  }
}

/** One more entry, as a node that lives on would write. */
export function nextWrite(lastIndex: number): Write {
  return write({ entries: [entry(lastIndex + 1, 9, "after the crash")] });
}
