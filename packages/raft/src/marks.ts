/**
 * The marks of the core: rare situations that a test campaign must have reached, and why each
 * counts.
 */

import type { Mark } from "./sometimes.ts";

/** Sorted by name; each is called at exactly one place. */
export const RAFT_MARKS: readonly Mark[] = [
  {
    name: "commit: a majority holds an entry of an earlier term, which must wait",
    meaning: "Counting doesn't commit what an earlier leader began (§5.4.2, Figure 8).",
  },
  {
    name: "commit: an entry commits those of earlier terms before it",
    meaning:
      "The first entry of the own term that a majority holds takes the older ones along (§5.4.2).",
  },
  {
    name: "commit: without the leader's own disk",
    meaning: "A majority of followers was quicker than the leader's own write (thesis §10.2.1).",
  },
  {
    name: "disk: one report covers several writes",
    meaning: "The driver reported a later write before the earlier ones.",
  },
  {
    name: "disk: the log is cut while the write of the cut part is in flight",
    meaning: "What that write was to make durable is taken back (B15).",
  },
  {
    name: "election: a candidate hears of the winner",
    meaning: "An append of its own term makes a candidate follow (§5.2).",
  },
  {
    name: "election: a late vote makes a leader",
    meaning: "A vote for an election that had run out of time completed the majority.",
  },
  {
    name: "election: a lost request is sent again",
    meaning: "The transport reported a loss, and the candidate still waits for that answer.",
  },
  {
    name: "election: a trial is lost",
    meaning: "A majority refused the pre-vote (thesis §9.6).",
  },
  {
    name: "election: an answer to an earlier one is dropped",
    meaning: "A vote came for a term in which this node stands no more.",
  },
  {
    name: "election: ends without a leader",
    meaning: "A candidate's time ran out: a split vote, or nobody was reached (§5.2).",
  },
  {
    name: "election: the own vote is durable after its end",
    meaning: "The disk was slower than the whole election.",
  },
  {
    name: "following: a conflict over several terms",
    meaning: "The part that is cut holds entries of more than one term (§5.3).",
  },
  {
    name: "following: a deposed leader is told the higher term",
    meaning: "An append of an earlier term was answered with the current one (§5.1).",
  },
  {
    name: "following: an append begins before the start of the log",
    meaning: "What it builds on is compacted here (B5).",
  },
  {
    name: "following: an append reaches over the start of the log",
    meaning: "It builds on what is compacted here, and has more than the log (B5).",
  },
  {
    name: "following: commits no further than was proved",
    meaning: "The leader's commit index exceeds what the message has shown to be equal (B4).",
  },
  {
    name: "following: entries are repeated while their first write is in flight",
    meaning: "The answer to the repetition promises nothing yet: it waits for that write.",
  },
  {
    name: "following: repeated entries change nothing",
    meaning: "All of them are on disk here already (B2).",
  },
  {
    name: "leading: a connection breaks with appends on it",
    meaning: "The transport gave up on several appends at once.",
  },
  {
    name: "leading: a proposal is refused by the budget",
    meaning: "Too much is appended and not committed (G8).",
  },
  {
    name: "leading: a refusal was overtaken by an acceptance",
    meaning: "The peer had come to match before its older refusal arrived (B11).",
  },
  {
    name: "leading: an append is not answered in time",
    meaning: "The peer counts as silent and gets probes without entries (G3).",
  },
  {
    name: "leading: an append makes a snapshot needless",
    meaning: "A late acceptance reconnected the logs while a snapshot was on its way (E4).",
  },
  {
    name: "leading: one refusal passes over several entries",
    meaning: "The hint spares the leader a probe for each entry (§5.3).",
  },
  {
    name: "leading: steps down for the want of its own disk",
    meaning: "A write has been under way for the longest election timeout (G14).",
  },
  {
    name: "leading: steps down for want of a majority",
    meaning: "Check-quorum: no majority was heard for an election timeout (thesis §6.2).",
  },
  {
    name: "leading: steps down with a write in flight",
    meaning: "Its own disk was still at work on its entries.",
  },
  {
    name: "leading: steps down with entries not committed",
    meaning: "Their proposers learn later whether they were.",
  },
  {
    name: "leading: the window to a peer is full",
    meaning: "Entries wait until the peer has answered for earlier ones (thesis §10.2.1).",
  },
  {
    name: "snapshot: a piece comes while the whole is checked",
    meaning: "The answer waits for the check.",
  },
  {
    name: "snapshot: a piece is lost on the way",
    meaning: "It was not the first one: the transfer goes on where it was.",
  },
  {
    name: "snapshot: a piece is repeated or out of place",
    meaning: "It is answered with the place that is wanted (E17).",
  },
  {
    name: "snapshot: a transfer holds the log behind it",
    meaning: "Compaction stops where a peer will go on after its snapshot (E4).",
  },
  {
    name: "snapshot: an own one comes too late",
    meaning: "A newer one has come from the leader meanwhile (E8).",
  },
  {
    name: "snapshot: another one takes the place of one that is arriving",
    meaning: "Another leader, or a newer snapshot: the transfer begins anew.",
  },
  {
    name: "snapshot: becomes unreadable while it is sent",
    meaning: "The transfer begins anew with the newest.",
  },
  {
    name: "snapshot: installed while entries wait to be applied",
    meaning: "The state machine passes them over.",
  },
  {
    name: "snapshot: one that arrived is not whole",
    meaning: "Damaged or cut short: the transfer begins anew.",
  },
  {
    name: "snapshot: takes the place of other entries",
    meaning: "What was in the log behind its commit index is gone (§7, E6).",
  },
  {
    name: "snapshot: the log has gone on when it is installed",
    meaning: "The peer was silent too long and needs the next one.",
  },
  {
    name: "snapshot: the log holds already what it covers",
    meaning: "Nothing is replaced, the commit index rises (§7).",
  },
  {
    name: "snapshot: the transfer has ended before it is checked",
    meaning: "The result speaks of a transfer that is no more (E11).",
  },
  {
    name: "snapshot: what a piece belongs to is here already",
    meaning: "Appends were quicker, or the piece is old.",
  },
  {
    name: "vote: a live leader keeps a higher term out",
    meaning: "A request of a higher term doesn't even raise the own one (thesis §4.2.3).",
  },
  {
    name: "vote: a trial is refused because the leader lives",
    meaning: "Pre-vote keeps a server that comes back from deposing it (thesis §9.6).",
  },
  {
    name: "vote: granted again to the same candidate",
    meaning: "The request was repeated (§5.2).",
  },
  {
    name: "vote: one from before a restart keeps another from it",
    meaning: "The vote was read back from the disk (§5.2, Fig. 2).",
  },
  {
    name: "vote: refused to a log that is behind",
    meaning: "The candidate lacks entries that may be committed (§5.4.1).",
  },
  {
    name: "vote: refused to a second candidate",
    meaning: "One vote in a term (§5.2).",
  },
];
