/** Raft events as lines for people: those that someone who watches a server wants to see, and no others. */

import type { RaftEvent } from "@holdfast/raft";

/** Undefined for events of the daily round. */
export function narrate(event: RaftEvent): string | undefined {
  switch (event.kind) {
    case "became-leader":
      return `leads in term ${event.term}`;
    case "became-candidate":
      return `asks for votes in term ${event.term}`;
    case "leader-known":
      return `follows node ${event.leader} in term ${event.term}`;
    case "stepped-down":
      return `steps down in term ${event.term}: ${event.why}`;
    case "snapshot-installed":
      return `took over a snapshot up to index ${event.index}`;
    case "compacted":
      return `has a snapshot; the log now begins after index ${event.index}`;
    case "refused-message":
      return `refused a message from node ${event.from}: ${event.why}`;
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
  if (event.kind === "leader-known") return { term: event.term, leader: event.leader };
  return undefined;
}
