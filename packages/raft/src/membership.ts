/** Who counts. One fixed set of voters for now; joint configurations (§6) will live here. */

import type { Members, NodeId } from "./entry.ts";

export function isVoter(members: Members, id: NodeId): boolean {
  return members.voters.includes(id);
}

/** Sorted and without repeats, as {@link Members} wants it. */
export function membersOf(voters: readonly NodeId[]): Members {
  return { voters: [...new Set(voters)].sort((a, b) => a - b) };
}
