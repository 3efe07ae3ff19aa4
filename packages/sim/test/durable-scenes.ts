/** Short ways to write a log and to say what it holds, for the tests of what is durable. */

import {
  createRaft,
  type Entry,
  type HardState,
  makeConfig,
  membersOf,
  type Raft,
} from "@holdfast/raft";
import { openWal, type Recovered, type Wal } from "@holdfast/replica";
import { type DurableLog, Random, SimDisk, type SimDiskOptions } from "@holdfast/sim";
import { IDENTITY } from "@holdfast/testkit";

export interface Setting {
  readonly segmentBytes: number;
  readonly preallocate: boolean;
}

export function makeDisk(options: Partial<SimDiskOptions> = {}, seed = 1): SimDisk {
  const random = new Random(seed);
  return new SimDisk({ random: () => random.fraction(), ...options });
}

export async function openLog(
  disk: SimDisk,
  setting: Setting = { segmentBytes: 4096, preallocate: false },
): Promise<{ readonly wal: Wal; readonly recovered: Recovered }> {
  return await openWal(disk, { identity: IDENTITY, ...setting });
}

/** `count` entries from index `first` on, each with `bytes` bytes of payload. */
export function entries(first: number, count: number, term: number, bytes = 5): readonly Entry[] {
  return Array.from({ length: count }, (_, k) => ({
    index: first + k,
    term,
    kind: "command",
    data: new Uint8Array(bytes).fill(first + k + term),
  }));
}

/** What a recovery has found, in one line. */
export function foundBy({ hardState, start, entries: found }: Recovered): string {
  return lineOf(hardState.term, hardState.vote, start.index, found);
}

/** The same for what a durable log says. */
export function saidBy(log: DurableLog): string {
  const { hardState, startIndex, lastIndex } = log;
  const said: Entry[] = [];
  for (let index = startIndex + 1; index <= lastIndex; index += 1) {
    const entry = log.entryAt(index);
    if (entry !== undefined) said.push(entry);
  }
  return lineOf(hardState.term, hardState.vote, startIndex, said);
}

/** A node that starts with what was recovered; a snapshot covers what the log leaves out. */
export function startedFrom(recovered: Recovered, hardState: Partial<HardState> = {}): Raft {
  const { start } = recovered;
  const members = membersOf([1, 2, 3]);
  const snapshot = start.index === 0 ? undefined : { ...start, members };
  // These logs are written without the hard state that a node would write before its entries.
  const lastTerm = recovered.entries.at(-1)?.term ?? start.term;
  const isBehind = recovered.hardState.term < lastTerm;
  const found = isBehind ? { term: lastTerm, vote: 0 } : recovered.hardState;
  const changed = { ...found, ...hardState };
  const restored = { ...recovered, hardState: changed, snapshot, random: 1 };
  return createRaft(makeConfig({ id: 3, members }), restored, 0);
}

function lineOf(term: number, vote: number, start: number, all: readonly Entry[]): string {
  const texts = all.map((one) => `${one.index}^${one.term}${one.kind[0]}${one.data.join(".")}`);
  return [`term ${term} vote ${vote} after ${start}`, ...texts].join(" ");
}
