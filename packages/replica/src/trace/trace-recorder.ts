/** Numbers and times the events of one recording, whoever tells them. */

import type { NodeId, RaftEvent } from "@holdfast/raft";
import type {
  NodeAction,
  TraceEvent,
  TraceStamp,
  TraceStanding,
  WorldAction,
} from "./trace-event.ts";

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
  world(who: Who, action: WorldAction, cause = 0): number {
    const stamp = this.#stamp(who, cause);
    this.#sink({ ...stamp, ...action });
    return stamp.no;
  }

  /** Tells what a node does. Returns the number of the event; a `cause` of 0 is none. */
  node(who: Who, standing: TraceStanding, action: RaftEvent | NodeAction, cause = 0): number {
    const stamp = this.#stamp(who, cause);
    this.#sink({ ...stamp, ...standing, ...action });
    return stamp.no;
  }

  #stamp({ node, life }: Who, cause: number): TraceStamp {
    const at = Math.round(this.#now() * 1000) / 1000;
    const no = ++this.#last;
    return cause === 0 ? { at, no, node, life } : { at, no, node, life, cause };
  }
}
