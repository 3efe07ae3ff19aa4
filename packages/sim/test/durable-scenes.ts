/** Short ways to write a log and to say what it holds, for the tests of what is durable. */

import type { Entry, Write } from "@holdfast/raft";
import { openWal, type Recovered, type StoreIdentity, type Wal } from "@holdfast/replica";
import { type DurableLog, Random, SimDisk, type SimDiskOptions } from "@holdfast/sim";

export const IDENTITY: StoreIdentity = { clusterId: 7, nodeId: 3 };

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

export function write(parts: Partial<Write> = {}): Write {
  return {
    seq: 0,
    hardState: undefined,
    snapshot: undefined,
    truncateFrom: 0,
    entries: [],
    compactTo: 0,
    compactTerm: 0,
    thenSend: [],
    ...parts,
  };
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

function lineOf(term: number, vote: number, start: number, all: readonly Entry[]): string {
  const texts = all.map((one) => `${one.index}^${one.term}${one.kind[0]}${one.data.join(".")}`);
  return [`term ${term} vote ${vote} after ${start}`, ...texts].join(" ");
}
