/** The map of the protocol: who handles what, in which role (paper §5.1). */

import { unreachable } from "./assert.ts";
import { advanceCommit } from "./commit.ts";
import { onPersisted } from "./disk.ts";
import type { Effects } from "./effects.ts";
import {
  isSticky,
  onElectionTimeout,
  onOwnVoteDurable,
  onVoteLost,
  onVoteRequest,
  onVoteResponse,
  refuseUnheard,
} from "./election.ts";
import { type Index, isCount, NOBODY, type NodeId } from "./entry.ts";
import { onAppendRequest, refuseStaleAppend } from "./following.ts";
import type { Input, Refusal, StepResult } from "./input.ts";
import { onAppendResponse, onLeaderTick, onPeerUnreachable, propose } from "./leading.ts";
import type { Message } from "./message.ts";
import { drain, note } from "./outbox.ts";
import { replicate } from "./replicate.ts";
import { becomeFollower } from "./role.ts";
import {
  onSnapshotChecked,
  onSnapshotRequest,
  onSnapshotResponse,
  onSnapshotTaken,
  onSnapshotUnreadable,
  refuseStaleSnapshot,
} from "./snapshot.ts";
import type { Raft } from "./state.ts";
import { rearm } from "./timer.ts";
import { malformed } from "./validate.ts";

const DONE: StepResult = { ok: true, first: 0, last: 0, term: 0 };

/**
 * Takes one input at time `now` (ms, monotonic; a time before the last one counts as the last one).
 * The only way to change a `Raft`. Never waits, never throws for bad input: a refusal is a result.
 * An `InvariantError` is a bug here.
 */
export function step(raft: Raft, input: Input, now: number): StepResult {
  if (now > raft.now) raft.now = now;
  const result = dispatch(raft, input);
  rearm(raft);
  return result;
}

/**
 * What must be done now; hands each effect over once. Step everything that waits, then take effects
 * once: what was proposed and acknowledged in one batch leaves in one message per peer and one
 * write.
 */
export function takeEffects(raft: Raft): Effects {
  if (raft.role.kind === "leader") {
    replicate(raft, raft.role);
    rearm(raft);
  }
  return drain(raft);
}

function dispatch(raft: Raft, input: Input): StepResult {
  switch (input.kind) {
    case "received":
      return onReceived(raft, input.message);
    case "tick":
      return onTick(raft);
    case "propose":
      return propose(raft, input.commands);
    case "persisted":
      return resultOf(onPersisted(raft, input.seq) || settleDurable(raft));
    case "applied":
      return resultOf(onApplied(raft, input.index));
    case "snapshot-taken":
      return resultOf(onSnapshotTaken(raft, input.index));
    case "snapshot-checked":
      onSnapshotChecked(raft, input.index, input.term, input.ok);
      return DONE;
    case "snapshot-unreadable":
      if (raft.role.kind === "leader") onSnapshotUnreadable(raft, raft.role, input.to, input.index);
      return DONE;
    case "unreachable":
      return onUnreachable(raft, input.peer);
    default:
      return unreachable(input);
  }
}

function onReceived(raft: Raft, message: Message): StepResult {
  const flaw = malformed(raft, message);
  if (flaw !== "") return refuse(raft, message, "malformed", flaw);
  if (message.term > raft.term) {
    if (message.kind === "vote-request") {
      if (!message.preVote && isSticky(raft, message)) {
        refuseUnheard(raft, message);
        return DONE;
      }
      // A trial never raises a term (thesis §9.6).
      if (!message.preVote) becomeFollower(raft, message.term, NOBODY, "higher-term");
    } else {
      becomeFollower(raft, message.term, NOBODY, "higher-term");
    }
  }
  const why = message.term < raft.term ? onStale(raft, message) : onMessage(raft, message);
  return why === "" ? DONE : refuse(raft, message, "impossible", why);
}

/**
 * §5.1: a request of an earlier term is refused with the current one; a response of an earlier term
 * is old news.
 */
function onStale(raft: Raft, message: Message): string {
  if (message.kind === "vote-request") onVoteRequest(raft, message);
  else if (message.kind === "append-request") refuseStaleAppend(raft, message);
  else if (message.kind === "snapshot-request") refuseStaleSnapshot(raft, message);
  // A voter may grant a trial from an earlier term than the candidate's: the echo tells whether it
  // counts.
  else if (message.kind === "vote-response") onVoteResponse(raft, message);
  return "";
}

/** Messages of the current term, and trials from beyond it. */
function onMessage(raft: Raft, message: Message): string {
  const { role } = raft;
  switch (message.kind) {
    case "vote-request":
      onVoteRequest(raft, message);
      return "";
    case "vote-response":
      onVoteResponse(raft, message);
      return "";
    case "append-request":
      return otherLeader(raft, message.from) || onAppendRequest(raft, message);
    case "append-response":
      return role.kind === "leader" ? onAppendResponse(raft, role, message) : "";
    case "snapshot-request":
      return otherLeader(raft, message.from) || onSnapshotRequest(raft, message);
    case "snapshot-response":
      return role.kind === "leader" ? onSnapshotResponse(raft, role, message) : "";
    default:
      return unreachable(message);
  }
}

/** §5.2: at most one leader per term, so a second one is no peer to listen to. */
function otherLeader(raft: Raft, from: NodeId): string {
  const { role } = raft;
  if (role.kind === "leader") return "append: from another leader of the own term";
  const isOther = role.kind === "follower" && role.leader !== NOBODY && role.leader !== from;
  return isOther ? "append: from a second leader of this term" : "";
}

function onTick(raft: Raft): StepResult {
  const { role } = raft;
  if (role.kind === "leader") onLeaderTick(raft, role);
  else if (raft.now >= role.electionAt) onElectionTimeout(raft);
  return DONE;
}

/**
 * What became durable may win an election or commit entries: this node counts itself only now
 * (thesis §10.2.1).
 */
function settleDurable(raft: Raft): string {
  const { role } = raft;
  if (role.kind === "leader") advanceCommit(raft, role);
  else if (role.kind !== "follower") onOwnVoteDurable(raft, role);
  return "";
}

function onUnreachable(raft: Raft, peer: NodeId): StepResult {
  const { role } = raft;
  if (role.kind === "leader") onPeerUnreachable(raft, role, peer);
  else if (role.kind !== "follower") onVoteLost(raft, role, peer);
  return DONE;
}

function onApplied(raft: Raft, index: Index): string {
  if (!isCount(index) || index > raft.handed) return "applied: beyond what was handed over";
  if (index > raft.applied) raft.applied = index;
  return "";
}

function refuse(raft: Raft, message: Message, reason: Refusal, detail: string): StepResult {
  note(raft, { kind: "refused-message", from: message.from, why: detail });
  return { ok: false, reason, detail };
}

function resultOf(why: string): StepResult {
  return why === "" ? DONE : { ok: false, reason: "impossible", detail: why };
}
