/** The rare paths of the replica that only a simulation takes, and why each is legal. */

import type { Mark } from "@holdfast/raft";

export interface MaybePoint extends Mark {
  /**
   * Taken more often than this, of 1000 times, progress may become too slow to be told from none.
   */
  readonly oftenMax: number;
}

/** Sorted by name; each is asked at exactly one place. */
export const MAYBE_POINTS: readonly MaybePoint[] = [
  {
    name: "apply: pause after an entry",
    meaning: "A slice may end anywhere: everything else gets its turn.",
    oftenMax: 500,
  },
  {
    name: "apply: rest after an entry",
    meaning: "As a slow machine does.",
    oftenMax: 50,
  },
  {
    name: "apply: rest before a snapshot",
    meaning: "As if it were long to read: newer ones may replace it meanwhile.",
    oftenMax: 200,
  },
  {
    name: "driver: carry out effects after a single input",
    meaning: "A turn of one input: nothing to share a write or a message with.",
    oftenMax: 500,
  },
  {
    name: "driver: lose a packet",
    meaning: "A network may.",
    oftenMax: 50,
  },
  {
    name: "driver: send a packet twice",
    meaning: "A network may.",
    oftenMax: 200,
  },
  {
    name: "driver: tell of a durable write a turn later",
    meaning: "A disk that is a little slower, and several reports in one.",
    oftenMax: 500,
  },
  {
    name: "driver: tick before the deadline",
    meaning: "An early tick does no harm.",
    oftenMax: 500,
  },
  {
    name: "forwarding: give no answer",
    meaning: "It may be lost on the way; the caller never learns.",
    oftenMax: 100,
  },
  {
    name: "snapshots: pause after a piece",
    meaning: "Reading the machine's state takes more turns.",
    oftenMax: 500,
  },
  {
    name: "snapshots: send a piece of one byte",
    meaning: "Pieces may have any size but none.",
    oftenMax: 200,
  },
  {
    name: "snapshots: take long to check one",
    meaning: "As if it were long to read: its transfer may be over by then.",
    oftenMax: 200,
  },
  {
    name: "snapshots: take one that is not due",
    meaning: "As if its owner had asked for it.",
    oftenMax: 50,
  },
  {
    name: "snapshots: the first piece can't be read",
    meaning: "The snapshot may be replaced at any time; the transfer begins anew.",
    oftenMax: 200,
  },
  {
    name: "wal: begin a segment early",
    meaning: "As if the last one were full.",
    oftenMax: 200,
  },
  {
    name: "wal: begin a segment without the spare",
    meaning: "As if it were not ready yet.",
    oftenMax: 500,
  },
  {
    name: "wal: close without a mark",
    meaning: "As if the process were killed behind its last sync.",
    oftenMax: 500,
  },
  {
    name: "wal: put off what nobody waits for",
    meaning: "Old segments go, and a spare is made, at a later write.",
    oftenMax: 500,
  },
  {
    name: "wal: remove a segment instead of using it again",
    meaning: "As if a spare were there already.",
    oftenMax: 500,
  },
  {
    name: "wal: sync before all that waits is written",
    meaning: "The rest forms the next batch.",
    oftenMax: 500,
  },
];
