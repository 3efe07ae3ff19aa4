/** Compares the figures of a row with the reference row's. */

import type { Figures } from "./harness.ts";
import { type ReferenceRow, referenceRow } from "./reference.ts";

export type Mark = "better" | "tie" | "worse";

export interface Verdict {
  readonly time: Mark;
  /** Calls, in the churn rows per commit. */
  readonly calls: Mark;
  /** Against the aim of a quarter of the reference's bytes, in the churn rows per commit. */
  readonly bytes: Mark;
  /** Judged in the churn rows only: elsewhere the scenario decides how much is committed. */
  readonly commits: Mark | undefined;
}

/** Times this close are equal: the harness's own sleeps vary by as much. */
export const TIME_BAND = { share: 0.03, seconds: 0.15 } as const;

/** Calls this close are equal. */
export const CALLS_BAND = { share: 0.05, calls: 2 } as const;

/** Of the reference's bytes, at most. */
export const BYTES_SHARE = 0.25;

/**
 * The row "RPC byte count" has to carry 10 x 5,000 bytes to two followers, which no encoding makes
 * smaller: this many bytes are good.
 */
export const PAYLOAD_BYTES_AIM = 101_500;

const PAYLOAD_ROW = 5;

/** Rows where clients commit as much as they can. */
const CHURN_ROWS: ReadonlySet<number> = new Set([18, 19]);

/** Nothing for scenarios beyond the reference table. */
export function judge(number: number, figures: Figures): Verdict | undefined {
  const reference = referenceRow(number);
  if (reference === undefined) return undefined;
  const isChurn = CHURN_ROWS.has(number);
  // Nothing committed at all: as dear as one commit.
  const scale = isChurn ? reference.commits / Math.max(1, figures.commits) : 1;
  return {
    time: compare(figures.ms / 1000, reference.seconds, timeBand(reference)),
    calls: compare(figures.calls * scale, reference.calls, callsBand(reference)),
    bytes: figures.bytes * scale <= bytesAim(number, reference) ? "better" : "worse",
    commits: isChurn ? compare(-figures.commits, -reference.commits, 0) : undefined,
  };
}

/** Bytes that a row may have. */
function bytesAim(number: number, reference: ReferenceRow): number {
  return number === PAYLOAD_ROW ? PAYLOAD_BYTES_AIM : reference.bytes * BYTES_SHARE;
}

/** True when even a perfect Raft would not be faster than the reference by more than the band. */
export function isFloorBound(number: number, figures: Figures): boolean {
  const reference = referenceRow(number);
  return (
    reference !== undefined && figures.floorMs / 1000 > reference.seconds - timeBand(reference)
  );
}

/** Less is better. */
function compare(value: number, reference: number, band: number): Mark {
  if (value < reference - band) return "better";
  return value <= reference + band ? "tie" : "worse";
}

function timeBand({ seconds }: ReferenceRow): number {
  return Math.max(TIME_BAND.seconds, TIME_BAND.share * seconds);
}

function callsBand({ calls }: ReferenceRow): number {
  return Math.max(CALLS_BAND.calls, CALLS_BAND.share * calls);
}
