/** Elections: paper §5.2, §5.4.1; pre-vote and stickiness: thesis §9.6, §4.2.3. */

import { type Index, NOBODY, type NodeId, type Term } from "./entry.ts";
import type { VoteRefusal } from "./event.ts";
import type { VoteRequest, VoteResponse } from "./message.ts";
import { emit, note } from "./outbox.ts";
import { tally } from "./quorum.ts";
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from "./role.ts";
import { sometimes } from "./sometimes.ts";
import {
  type Candidate,
  isElectable,
  isHardStateDurable,
  leaderOf,
  nextElectionAt,
  type PreCandidate,
  type Raft,
} from "./state.ts";

/** The election timer ran out (§5.2). */
export function onElectionTimeout(raft: Raft): void {
  if (!isElectable(raft)) return;
  if (raft.role.kind === "candidate") sometimes("election: ends without a leader");
  // A node in term 0 has nothing to try out: no leader of term 0 exists, and term 1 deposes no
  // leader.
  if (raft.config.preVote && raft.term > 0) {
    becomePreCandidate(raft);
    const role = raft.role as PreCandidate;
    for (const voter of raft.members.voters) {
      if (!role.granted.includes(voter)) askPreVote(raft, voter);
    }
    settlePreVote(raft, role);
  } else {
    campaign(raft, raft.members.voters);
  }
}

/**
 * Raises the term and asks `electorate` for votes; they leave once the own vote is durable (A1).
 */
function campaign(raft: Raft, electorate: readonly NodeId[]): void {
  becomeCandidate(raft);
  for (const voter of electorate) askVote(raft, raft.role as Candidate, voter);
}

function askPreVote(raft: Raft, voter: NodeId): void {
  emit(raft, voteRequest(raft, voter, true, raft.term + 1));
}

function askVote(raft: Raft, candidate: Candidate, voter: NodeId): void {
  if (voter === raft.config.id || candidate.asked.includes(voter)) return;
  candidate.asked.push(voter);
  emit(raft, voteRequest(raft, voter, false, raft.term));
}

function voteRequest(raft: Raft, to: NodeId, preVote: boolean, electionTerm: Term): VoteRequest {
  return {
    kind: "vote-request",
    from: raft.config.id,
    to,
    term: raft.term,
    preVote,
    electionTerm,
    lastIndex: raft.log.lastIndex,
    lastTerm: raft.log.lastTerm,
  };
}

/** A request was lost on the way: a candidate that still waits for this answer asks again. */
export function onVoteLost(raft: Raft, role: PreCandidate | Candidate, peer: NodeId): void {
  if (role.granted.includes(peer) || role.refused.includes(peer)) return;
  if (role.resends === 0) return;
  role.resends--;
  sometimes("election: a lost request is sent again");
  if (role.kind === "pre-candidate") askPreVote(raft, peer);
  else if (role.asked.includes(peer)) emit(raft, voteRequest(raft, peer, false, raft.term));
}

export function onVoteRequest(raft: Raft, request: VoteRequest): void {
  const why = reasonToRefuse(raft, request);
  const { from: candidate, preVote, electionTerm } = request;
  if (why !== undefined) {
    note(raft, { kind: "refused-vote", term: electionTerm, candidate, preVote, why });
    answer(raft, request, false);
    return;
  }
  if (!preVote) {
    if (raft.vote === candidate) sometimes("vote: granted again to the same candidate");
    raft.vote = candidate;
    // §5.2: granting a vote gives the candidate time to win.
    if (raft.role.kind !== "leader") raft.role.electionAt = nextElectionAt(raft);
  }
  note(raft, { kind: "voted", term: electionTerm, candidate, preVote });
  answer(raft, request, true);
}

/** The response leaves when term and vote are durable: `emit` withholds it until then (A2). */
function answer(raft: Raft, request: VoteRequest, granted: boolean): void {
  const response: VoteResponse = {
    kind: "vote-response",
    from: raft.config.id,
    to: request.from,
    term: raft.term,
    preVote: request.preVote,
    electionTerm: request.electionTerm,
    granted,
  };
  emit(raft, response);
}

function reasonToRefuse(raft: Raft, request: VoteRequest): VoteRefusal | undefined {
  const { preVote, electionTerm, from } = request;
  if (electionTerm < raft.term || (preVote && electionTerm === raft.term)) return "stale-term";
  if (preVote && isLeaderAlive(raft, from)) {
    sometimes("vote: a trial is refused because the leader lives");
    return "leader-alive";
  }
  if (!preVote) {
    if (raft.vote !== NOBODY && raft.vote !== from) {
      markSecondCandidate(raft);
      return "already-voted";
    }
    if (raft.vote === NOBODY && leaderOf(raft) !== NOBODY) return "leader-alive";
  }
  if (isUpToDate(raft, request.lastTerm, request.lastIndex)) return undefined;
  if (!preVote) sometimes("vote: refused to a log that is behind");
  return "log-behind";
}

function markSecondCandidate(raft: Raft): void {
  // Nothing was written in this life: the vote was given in an earlier one.
  if (raft.writeSeq === 0) sometimes("vote: one from before a restart keeps another from it");
  else sometimes("vote: refused to a second candidate");
}

/** §5.4.1: the later last term wins, among equal terms the longer log (A6). */
function isUpToDate(raft: Raft, lastTerm: Term, lastIndex: Index): boolean {
  if (lastTerm !== raft.log.lastTerm) return lastTerm > raft.log.lastTerm;
  return lastIndex >= raft.log.lastIndex;
}

/**
 * Stickiness (thesis §4.2.3): within the shortest election timeout of hearing a leader nobody else
 * gets a vote. The leader itself asking means that it leads no more (C5).
 */
export function isLeaderAlive(raft: Raft, candidate: NodeId): boolean {
  const { role, config, now } = raft;
  if (role.kind === "follower") {
    const isOther = role.leader !== NOBODY && role.leader !== candidate;
    return isOther && now - role.heardAt < config.electionTimeoutMs;
  }
  return role.kind === "leader";
}

/**
 * True when a vote request of a higher term must not even raise this node's term (thesis §4.2.3).
 */
export function isSticky(raft: Raft, request: VoteRequest): boolean {
  // Without check-quorum a deaf leader would be protected for ever.
  return raft.config.checkQuorum && isLeaderAlive(raft, request.from);
}

/** Refuses without taking the candidate's term. */
export function refuseUnheard(raft: Raft, request: VoteRequest): void {
  const { from: candidate, preVote, electionTerm } = request;
  sometimes("vote: a live leader keeps a higher term out");
  note(raft, { kind: "refused-vote", term: electionTerm, candidate, preVote, why: "leader-alive" });
  answer(raft, request, false);
}

export function onVoteResponse(raft: Raft, response: VoteResponse): void {
  const { role } = raft;
  if (role.kind === "pre-candidate") {
    if (response.preVote) onPreVoteAnswer(raft, role, response);
    else onLateVote(raft, role, response);
  } else if (role.kind === "candidate") onVoteAnswer(raft, role, response);
}

function onPreVoteAnswer(raft: Raft, role: PreCandidate, response: VoteResponse): void {
  if (response.electionTerm !== raft.term + 1) return;
  record(role, response);
  settlePreVote(raft, role);
}

/** A vote for the election of this term that ran out of time: it was given, so it counts (§5.2). */
function onLateVote(raft: Raft, role: PreCandidate, response: VoteResponse): void {
  if (response.electionTerm !== raft.term || !raft.isElectionOpen) return;
  if (!response.granted || role.votes.includes(response.from)) return;
  role.votes.push(response.from);
  settleElection(raft, role.votes, []);
  if (leaderOf(raft) === raft.config.id) sometimes("election: a late vote makes a leader");
}

function settlePreVote(raft: Raft, role: PreCandidate): void {
  const verdict = tally(raft.members.voters, role.granted, role.refused);
  // Who refused the trial would refuse the vote: only the others are asked.
  if (verdict === "won") campaign(raft, role.granted);
  else if (verdict === "lost") {
    sometimes("election: a trial is lost");
    becomeFollower(raft, raft.term, NOBODY, "higher-term");
  }
}

function onVoteAnswer(raft: Raft, role: Candidate, response: VoteResponse): void {
  if (response.electionTerm !== raft.term) {
    if (!response.preVote) sometimes("election: an answer to an earlier one is dropped");
    return;
  }
  if (response.preVote) {
    // A late yes to the trial that led to this election: one voter more to ask.
    if (response.granted) askVote(raft, role, response.from);
    return;
  }
  record(role, response);
  settleElection(raft, role.granted, role.refused);
}

/**
 * §5.2: a majority of the full cluster wins; a lost election waits for its timeout, as a split one
 * does. Votes that come before the own one is on disk are kept until it is (thesis §3.8).
 */
function settleElection(raft: Raft, votes: readonly NodeId[], refusals: readonly NodeId[]): void {
  if (!votes.includes(raft.config.id)) return;
  if (tally(raft.members.voters, votes, refusals) === "won") becomeLeader(raft);
}

/** The own vote is on disk: now it counts (A12, thesis §3.8). */
export function onOwnVoteDurable(raft: Raft, role: PreCandidate | Candidate): void {
  if (!isHardStateDurable(raft) || !raft.isElectionOpen) return;
  if (role.kind !== "candidate") sometimes("election: the own vote is durable after its end");
  const votes = role.kind === "candidate" ? role.granted : role.votes;
  if (!votes.includes(raft.config.id)) votes.push(raft.config.id);
  settleElection(raft, votes, role.kind === "candidate" ? role.refused : []);
}

/** One answer per voter counts, and a later one doesn't change it (A7). */
function record(role: PreCandidate | Candidate, response: VoteResponse): void {
  if (role.granted.includes(response.from) || role.refused.includes(response.from)) return;
  (response.granted ? role.granted : role.refused).push(response.from);
}
