/** Disks that crash or fail at a chosen operation, and everything that a crash may leave. */

import type { DiskErrorCode } from "@holdfast/replica";
import { type DiskOperation, Random, SimDisk, type SimDiskOptions } from "@holdfast/sim";

export function makeDisk(options: Partial<SimDiskOptions> = {}, seed = 1): SimDisk {
  const random = new Random(seed);
  return new SimDisk({ random: () => random.fraction(), ...options });
}

/** Dies before its operation number `crashAt` takes effect. */
export function crashingDisk(crashAt: number): SimDisk {
  const disk: SimDisk = makeDisk({ onOperation: crashOn(() => disk, crashAt) });
  return disk;
}

/** The same for the disk that a crash left. */
export function crashingCopy(left: SimDisk, crashAt: number): SimDisk {
  const copy: SimDisk = left.kill({ onOperation: crashOn(() => copy, crashAt) });
  return copy;
}

function crashOn(disk: () => SimDisk, crashAt: number): (count: number) => undefined {
  return (count) => {
    if (count === crashAt) disk().kill();
  };
}

/**
 * Operation number `failAt` of those that `matches` fails with the code that `hit` gives; the
 * others work.
 */
export function failingDisk(
  failAt: number,
  matches: (operation: DiskOperation) => boolean,
  hit: () => DiskErrorCode,
): SimDisk {
  let seen = 0;
  return makeDisk({
    onOperation: (_count, operation) => {
      if (!matches(operation)) return undefined;
      seen += 1;
      return seen === failAt ? hit() : undefined;
    },
  });
}

/**
 * A few of the states that a crash may leave: killed, power lost with nothing, all and some of the
 * rest kept.
 */
export function* fewOutcomes(disk: SimDisk, seed: string, rounds: number): Generator<SimDisk> {
  yield disk.kill();
  yield disk.crash({ keep: "none" });
  yield disk.crash({ keep: "all" });
  for (let round = 0; round < rounds; round += 1) yield someOf(disk, `${seed}/${round}`);
}

/** Power lost, each unsynced sector and name kept or not by chance. */
export function someOf(disk: SimDisk, seed: string): SimDisk {
  const random = new Random(seed);
  return disk.crash({ keep: "some", random: () => random.fraction() });
}

/** Those, and each torn prefix of the write that was under way. */
export function* allOutcomes(disk: SimDisk, seed: string, rounds: number): Generator<SimDisk> {
  yield* fewOutcomes(disk, seed, rounds);
  for (let tornBytes = 0; tornBytes <= disk.unsyncedWriteBytes; tornBytes += 1) {
    yield disk.crash({ keep: "none", tornBytes });
  }
}

/** All bytes of all files, as text that is easy to compare. */
export async function contents(disk: SimDisk): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of await disk.list()) found[name] = disk.bytesOf(name).join();
  return found;
}
