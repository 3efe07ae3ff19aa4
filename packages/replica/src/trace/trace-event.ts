/**
 * What a recorded trace says: one header, then one event after the other. The format is described
 * in docs/reference/trace-format.md.
 */

import type { EntryKind, Index, Input, NodeId, RaftEvent, Role, Term } from "@holdfast/raft";
import type { TraceMessage, TraceRun } from "./trace-message.ts";

export const TRACE_FORMAT = "holdfast-trace";
/** Grows with every change of kinds or fields; a reader knows this one and all before. */
export const TRACE_VERSION = 1;

/** The first line of a recording. */
export interface TraceHeader {
  readonly format: typeof TRACE_FORMAT;
  readonly version: number;
  /** Who recorded: a simulated world, one node in production, or the course suite. */
  readonly kind: "sim" | "node" | "lab";
  /** Of the cluster, sorted. */
  readonly nodes: readonly NodeId[];
  /** Of all times. */
  readonly unit: "ms";
  /**
   * What the wall clock showed when `at` was 0, in ms since 1970: brings recordings of several
   * nodes together. Absent in virtual time.
   */
  readonly wallMs?: number;
  /** Gives the run again, with the code that made it. */
  readonly seed?: string;
  /** The plan of a simulated run, as JSON. */
  readonly plan?: object;
}

/** A place in the log: `index^term`. */
export interface TracePlace {
  readonly index: Index;
  readonly term: Term;
}

/** On every event. */
export interface TraceStamp {
  /** When, in ms; virtual, or monotonic since the process began. */
  readonly at: number;
  /** The number of this event in its recording: grows, may leave numbers out. */
  readonly no: number;
  /** Whom it is about; 0 when it is about no single node. */
  readonly node: NodeId;
  /** Which life of that node: grows with every start. 0 when it is about none. */
  readonly life: number;
  /** The number of the event that this one follows from, where that is known. */
  readonly cause?: number;
}

/** On every event that a node tells of itself: how it stood when it happened. */
export interface TraceStanding {
  readonly currentTerm: Term;
  readonly role: Role["kind"];
}

/** What a write makes durable. */
export interface TraceWrite {
  /** Its number in this life. */
  readonly write: number;
  readonly hardState?: { readonly term: Term; readonly vote: NodeId };
  readonly snapshot?: TracePlace;
  /** Entries from here on are cut; 0 when none are. */
  readonly truncateFrom: Index;
  readonly entries: readonly TraceRun[];
  readonly bytes: number;
  /** The log up to here may go; 0 when nothing may. */
  readonly compactTo: Index;
  /** How many messages wait for it. */
  readonly thenSend: number;
}

/** What a node does beside the protocol's own events. */
export type NodeAction =
  | {
      readonly kind: "opened";
      readonly voters: readonly NodeId[];
      readonly vote: NodeId;
      /** The log begins behind this place, and ends at `last`. */
      readonly start: TracePlace;
      readonly last: TracePlace;
      readonly commit: Index;
    }
  | { readonly kind: "closed" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  /** The core is given something that is no message. */
  | {
      readonly kind: "input";
      readonly input: Exclude<Input["kind"], "received">;
      /**
       * Its index, the number of the write, how many commands; 0 for those that have none of these.
       */
      readonly value: number;
      readonly peer?: NodeId;
      readonly bytes?: number;
      readonly ok?: boolean;
    }
  /** `id` only where the network numbers its packets. */
  | { readonly kind: "sent"; readonly id?: number; readonly message: TraceMessage }
  | { readonly kind: "received"; readonly id?: number; readonly message: TraceMessage }
  | ({ readonly kind: "write-begun" } & TraceWrite)
  | ({ readonly kind: "write-durable" } & TraceWrite)
  | {
      readonly kind: "applied";
      readonly index: Index;
      readonly term: Term;
      readonly entry: EntryKind;
      readonly bytes: number;
      /** CRC-32 of the payload. */
      readonly hash: number;
    }
  /** The state machine took its state from this snapshot. */
  | { readonly kind: "restored"; readonly index: Index; readonly term: Term }
  /** An own snapshot is durable. */
  | { readonly kind: "snapshot-taken"; readonly index: Index }
  /** When the node wants to be woken; absent when nothing is due. */
  | { readonly kind: "timer-set"; readonly deadline?: number };

/** What is known only from outside of the nodes. */
export type WorldAction =
  | { readonly kind: "crashed"; readonly power: boolean }
  | { readonly kind: "paused" }
  | { readonly kind: "resumed" }
  | { readonly kind: "lost"; readonly id: number; readonly why: string }
  /** Packet `id` is a copy of packet `of`. */
  | { readonly kind: "repeated"; readonly id: number; readonly of: number }
  | {
      readonly kind: "disk";
      readonly operation: string;
      readonly name: string;
      /** `ok`, or the code of the error. */
      readonly result: string;
    }
  /** A fault of the plan begins or ends. */
  | {
      readonly kind: "fault";
      readonly fault: string;
      readonly id: number;
      readonly phase: "begins" | "ends";
      readonly about: string;
    }
  | {
      readonly kind: "client-called";
      readonly client: number;
      readonly call: number;
      readonly operation: string;
    }
  | {
      readonly kind: "client-returned";
      readonly client: number;
      readonly call: number;
      readonly outcome: "ok" | "failed" | "unknown";
      readonly result: string;
    }
  /** A check failed. */
  | { readonly kind: "invariant"; readonly check: string; readonly message: string }
  /** A mark in the code was reached. */
  | { readonly kind: "mark"; readonly mark: string }
  | { readonly kind: "note"; readonly text: string }
  /** So many events are missing here: the recorder had no room for them. */
  | { readonly kind: "dropped"; readonly count: number };

export type TraceEvent =
  | (TraceStamp & TraceStanding & (RaftEvent | NodeAction))
  | (TraceStamp & WorldAction);

export type TraceKind = TraceEvent["kind"];

/** A header and what follows it. */
export interface Recording {
  readonly header: TraceHeader;
  readonly events: readonly TraceEvent[];
  /** The process died while it wrote the last line, which was left out. */
  readonly isCut: boolean;
}
