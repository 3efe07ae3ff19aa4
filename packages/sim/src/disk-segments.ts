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
export function newestRun(files: ReadonlyMap<string, Inode>): readonly SegmentFile[] {
  const segments = new SegmentNames();
  segments.follow(files, files.keys());
  return segments.newestRun();
}

/** The segments of a directory that changes by a few names at a time. */
export class SegmentNames {
  /** In order of their numbers. */
  #segments: SegmentFile[] = [];

  /** These names may have come, gone, or got another file. Says whether one is of a segment. */
  follow(files: ReadonlyMap<string, Inode>, names: Iterable<string>): boolean {
    let isTouched = false;
    for (const name of names) {
      const sequence = segmentSequenceOf(name);
      if (sequence === undefined) continue;
      isTouched = true;
      this.#set(sequence, name, files.get(name));
    }
    return isTouched;
  }

  newestRun(): readonly SegmentFile[] {
    const segments = this.#segments;
    let first = segments.length - 1;
    while (first > 0 && segments[first - 1]?.sequence === (segments[first]?.sequence ?? 0) - 1) {
      first -= 1;
    }
    return segments.slice(Math.max(first, 0));
  }

  /** Most often it is the newest or the oldest. */
  #set(sequence: number, name: string, inode: Inode | undefined): void {
    const segments = this.#segments;
    let at = segments.length;
    while (at > 0 && (segments[at - 1]?.sequence ?? 0) >= sequence) at -= 1;
    const isKnown = segments[at]?.sequence === sequence;
    if (inode !== undefined) segments.splice(at, isKnown ? 1 : 0, { sequence, name, inode });
    else if (isKnown) segments.splice(at, 1);
  }
}

/** The header as it is on the platter, if it is whole; without `identity` it may be anybody's. */
export function headerOn(
  { name, inode }: SegmentFile,
  identity: StoreIdentity | undefined,
): PlacedHeader | undefined {
  return readable(() => readSegmentHeader(name, inode.platter(), identity));
}
