/** What the disk has done: durability as an input (thesis §3.8, §10.2.1). */

import { isCount } from "./entry.ts";
import { sometimes } from "./sometimes.ts";
import type { Raft } from "./state.ts";

/**
 * All writes up to `seq` are on disk. Returns why that can't be, or "". What a write makes durable
 * was lowered when the log was cut after it, so a late report never vouches for entries that
 * replaced the written ones (B15).
 */
export function onPersisted(raft: Raft, seq: number): string {
  if (!isCount(seq) || seq > raft.writeSeq) return "persisted: a write that was never handed over";
  const { inFlight, log } = raft;
  if ((inFlight[1]?.seq ?? Number.POSITIVE_INFINITY) <= seq)
    sometimes("disk: one report covers several writes");
  while (inFlight.length > 0 && (inFlight[0]?.seq ?? 0) <= seq) {
    const write = inFlight.shift();
    if (write === undefined) break;
    raft.durableTerm = write.term;
    raft.durableVote = write.vote;
    if (write.last > log.durable) log.durable = write.last;
  }
  return "";
}
