/** Which events of a node people want to see while they watch it, and which of them tell who leads. */

import { NOBODY, narrate, type RaftEvent } from "@holdfast/raft";

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

/** Who leads in which term, for events that tell. */
export function leaderIn(
  event: RaftEvent,
  ownId: number,
): { readonly term: number; readonly leader: number } | undefined {
  if (event.kind === "became-leader") return { term: event.term, leader: ownId };
  if (event.kind !== "became-follower" && event.kind !== "leader-known") return undefined;
  return event.leader === NOBODY ? undefined : { term: event.term, leader: event.leader };
}
