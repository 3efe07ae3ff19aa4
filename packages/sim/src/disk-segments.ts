/** Finds the segments of a log among the files of a simulated disk. */

import {
  type PlacedHeader,
  readSegmentHeader,
  type StoreIdentity,
  segmentSequenceOf,
} from "@holdfast/replica";
import type { Inode } from "./disk-inode.ts";
import { readable } from "./readable.ts";

export interface SegmentFile {
  readonly sequence: number;
  readonly name: string;
  readonly inode: Inode;
}

/** The longest unbroken row of segments up to the newest: a log is made of these, and no others. */
export function newestRun(files: Iterable<readonly [string, Inode]>): readonly SegmentFile[] {
  const found: SegmentFile[] = [];
  for (const [name, inode] of files) {
    const sequence = segmentSequenceOf(name);
    if (sequence !== undefined) found.push({ sequence, name, inode });
  }
  found.sort((a, b) => a.sequence - b.sequence);
  let first = found.length - 1;
  while (first > 0 && found[first - 1]?.sequence === (found[first]?.sequence ?? 0) - 1) first -= 1;
  return found.slice(Math.max(first, 0));
}

/** The header as it is on the platter, if it is whole; without `identity` it may be anybody's. */
export function headerOn(
  { name, inode }: SegmentFile,
  identity: StoreIdentity | undefined,
): PlacedHeader | undefined {
  return readable(() => readSegmentHeader(name, inode.platter(), identity));
}
