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

/** As a sink, for who can do with the parts of an event: to make one of them costs time. */
export interface TraceOutlet {
  /** The stamp was made for this call. What is told from outside of the nodes has no standing. */
  tell(
    stamp: TraceStamp,
    standing: TraceStanding | undefined,
    action: RaftEvent | NodeAction | WorldAction,
  ): void;
}

/** One life of one node. */
export interface Who {
  readonly node: NodeId;
  /** Grows with every start. */
  readonly life: number;
}

/** What is about no single node. */
export const WORLD: Who = { node: 0, life: 0 };

export class TraceRecorder {
  readonly #outlet: TraceOutlet;
  readonly #now: () => number;
  #last = 0;

  /** `now` in ms; a fraction is kept to the microsecond. */
  constructor(sink: TraceSink | TraceOutlet, now: () => number) {
    this.#outlet = typeof sink === "function" ? wholeEvents(sink) : sink;
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
    this.#outlet.tell(stamp, undefined, action);
    return no;
  }

  /** Tells what a node does. Returns the number of the event; a `cause` of 0 is none. */
  node(who: Who, standing: TraceStanding, action: RaftEvent | NodeAction, cause = 0): number {
    const { node, life } = who;
    const at = this.#at();
    const no = ++this.#last;
    const stamp = cause === 0 ? { at, no, node, life } : { at, no, node, life, cause };
    this.#outlet.tell(stamp, standing, action);
    return no;
  }

  #at(): number {
    return Math.round(this.#now() * 1000) / 1000;
  }
}

function wholeEvents(sink: TraceSink): TraceOutlet {
  return {
    tell(stamp, standing, action) {
      // Not `{ ...stamp, ...action }`: with fractions and large numbers in it that takes V8
      // microseconds.
      sink(Object.assign(stamp, standing, action) as TraceEvent);
    },
  };
}
