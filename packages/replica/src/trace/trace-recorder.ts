/** Numbers and times the events of one recording, whoever tells them. */

import type { NodeId, RaftEvent } from "@holdfast/raft";
import type { NodeAction, TraceEvent, TraceStanding, WorldAction } from "./trace-event.ts";

/** Gets every event as it happens. Must not throw. */
export type TraceSink = (event: TraceEvent) => void;

/** One life of one node. */
export interface Who {
  readonly node: NodeId;
  /** Grows with every start. */
  readonly life: number;
}

/** What is about no single node. */
export const WORLD: Who = { node: 0, life: 0 };

export class TraceRecorder {
  readonly #sink: TraceSink;
  readonly #now: () => number;
  #last = 0;

  /** `now` in ms; a fraction is kept to the microsecond. */
  constructor(sink: TraceSink, now: () => number) {
    this.#sink = sink;
    this.#now = now;
  }

  /** The number of the latest event; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Tells what is known from outside. Returns the number of the event; a `cause` of 0 is none. */
  world({ node, life }: Who, action: WorldAction, cause = 0): number {
    const at = this.#at();
    const no = ++this.#last;
    const stamp = cause === 0 ? { at, no, node, life } : { at, no, node, life, cause };
    // Not `{ ...stamp, ...action }`: with fractions and large numbers in it that takes V8
    // microseconds.
    this.#sink(Object.assign(stamp, action));
    return no;
  }

  /** Tells what a node does. Returns the number of the event; a `cause` of 0 is none. */
  node(who: Who, standing: TraceStanding, action: RaftEvent | NodeAction, cause = 0): number {
    const { node, life } = who;
    const { currentTerm, role } = standing;
    const at = this.#at();
    const no = ++this.#last;
    const head =
      cause === 0
        ? { at, no, node, life, currentTerm, role }
        : { at, no, node, life, cause, currentTerm, role };
    this.#sink(Object.assign(head, action));
    return no;
  }

  #at(): number {
    return Math.round(this.#now() * 1000) / 1000;
  }
}
