/** What the network tells an operator: who connects, who is lost, who is turned away and why. */

import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";
import type { HandshakeFault, Verdict } from "./handshake.ts";

/**
 * Why a connection that came in was closed before it said who it is, or because of what it said.
 */
export type TurnedAway = HandshakeFault | Exclude<Verdict, "welcome"> | "too-slow" | "too-many";

export type NetworkEvent =
  /** What this node sends to `peer` on `lane` now has a connection. */
  | { readonly kind: "connected"; readonly peer: NodeId; readonly lane: Lane }
  /** That connection is gone. */
  | { readonly kind: "lost"; readonly peer: NodeId; readonly lane: Lane; readonly why: string }
  /** No connection came about: nobody there, or the other side (or this one) refused. */
  | {
      readonly kind: "unconnected";
      readonly peer: NodeId;
      readonly lane: Lane;
      readonly why: string;
    }
  /** Somebody who connected is no peer. */
  | { readonly kind: "turned-away"; readonly remote: string; readonly why: TurnedAway }
  /** A peer's connection carried what no peer sends; it was closed. */
  | { readonly kind: "bad-frame"; readonly peer: NodeId; readonly lane: Lane; readonly why: string }
  /** A packet was not sent: too much waits already, or it is larger than any frame may be. */
  | {
      readonly kind: "dropped";
      readonly peer: NodeId;
      readonly lane: Lane;
      readonly why: "queue-full" | "too-large";
    };

/** An event and how many like it were held back since the last that was told. */
export type NetworkReport = NetworkEvent & { readonly repeats: number };

const QUIET_MS = 1000;

/**
 * Passes on at most one event of a sort per second: a stranger who knocks all day must not fill the
 * log. What comes and goes is told each time, or the last word could be wrong; back-off keeps that
 * rare.
 */
export class Reporter {
  private readonly report: (report: NetworkReport) => void;
  private readonly now: () => number;
  private readonly last = new Map<string, { at: number; heldBack: number }>();

  constructor(report: (report: NetworkReport) => void, now: () => number) {
    this.report = report;
    this.now = now;
  }

  tell(event: NetworkEvent): void {
    const sort = sortOf(event);
    if (sort === undefined) {
      this.report({ ...event, repeats: 0 });
      return;
    }
    const at = this.now();
    const last = this.last.get(sort);
    if (last !== undefined && at - last.at < QUIET_MS) {
      last.heldBack++;
      return;
    }
    this.last.set(sort, { at, heldBack: 0 });
    this.report({ ...event, repeats: last?.heldBack ?? 0 });
  }
}

/**
 * Undefined for what is never held back. Free of anything that a stranger chooses, so that the map
 * stays small.
 */
function sortOf(event: NetworkEvent): string | undefined {
  switch (event.kind) {
    case "connected":
    case "lost":
      return undefined;
    case "turned-away":
      return `${event.kind} ${event.why}`;
    case "dropped":
      return `${event.kind} ${event.peer} ${event.lane} ${event.why}`;
    default:
      return `${event.kind} ${event.peer} ${event.lane}`;
  }
}
