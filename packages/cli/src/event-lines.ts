/**
 * Which events of a node people want to see while they watch it, and which of them tell who leads.
 */

import { NOBODY, narrate, type RaftEvent } from "@holdfast/raft";
import type { NetworkReport } from "holdfast";

/** Elections, snapshots, trouble: not the daily round of appends and commits. */
const SHOWN: readonly RaftEvent["kind"][] = [
  "became-candidate",
  "became-leader",
  "leader-known",
  "stepped-down",
  "snapshot-installed",
  "compacted",
  "refused-message",
];

/** Undefined for events of the daily round. */
export function lineFor(event: RaftEvent): string | undefined {
  return SHOWN.includes(event.kind) ? narrate(event) : undefined;
}

/** Connections that somebody refused, and packets that were dropped: signs of a wrong setting. */
export function lineForNetwork(report: NetworkReport): string | undefined {
  const more = report.repeats > 0 ? ` (${report.repeats} more like it)` : "";
  switch (report.kind) {
    case "turned-away":
      return `turned ${report.remote} away: ${report.why}${more}`;
    case "bad-frame":
      return `closed a connection of node ${report.peer}: ${report.why}${more}`;
    case "dropped":
      return `dropped a packet to node ${report.peer}: ${report.why}${more}`;
    case "unconnected":
      // Nobody there is the daily round of a cluster that starts; a refusal is not. One of the
      // lanes speaks for all.
      if (report.lane !== "append" || !report.why.startsWith("refused as")) return undefined;
      return `can't connect to node ${report.peer}: ${report.why}${more}`;
    default:
      return undefined;
  }
}

/** Who leads in which term, for events that tell. */
export function leaderIn(
  event: RaftEvent,
  ownId: number,
): { readonly term: number; readonly leader: number } | undefined {
  if (event.kind === "became-leader") return { term: event.term, leader: ownId };
  if (event.kind !== "became-follower" && event.kind !== "leader-known") return undefined;
  return event.leader === NOBODY ? undefined : { term: event.term, leader: event.leader };
}
