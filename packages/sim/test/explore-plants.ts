/** Bugs of real implementations of Raft, planted around the core: each was somebody's once. */

import {
  type AppendRequest,
  type Effects,
  type Input,
  type Message,
  majorityOf,
  type Raft,
  type VoteResponse,
} from "@holdfast/raft";
import type { Plant } from "@holdfast/sim";

/** A1, A2: votes and vote requests leave before the disk holds what they say. */
export const VOTES_BEFORE_SYNC: Plant = {
  effects: (_, effects) => leaveEarly(effects, ({ kind }) => kind.startsWith("vote-")),
};

/** B9: a follower acknowledges entries that a crash can still take. */
export const ACKS_BEFORE_SYNC: Plant = {
  effects: (_, effects) => leaveEarly(effects, ({ kind }) => kind === "append-response"),
};

/** A4: term and vote never reach the disk. */
export const VOTES_IN_MEMORY: Plant = {
  effects: (_, effects) => {
    const { write } = effects;
    return write === undefined
      ? effects
      : { ...effects, write: { ...write, hardState: undefined } };
  },
};

/** A3: an append of the current leader frees the vote. */
export const VOTE_FORGOTTEN: Plant = {
  stepped: (raft, input) => {
    if (received(input)?.kind === "append-request" && raft.role.kind === "follower") raft.vote = 0;
  },
};

/** A6: nobody looks whether the candidate's log is up to date. */
export const LOGS_UNCOMPARED: Plant = {
  inputs: (_, input) => {
    const message = received(input);
    if (message?.kind !== "vote-request") return [input];
    return [arrives({ ...message, lastTerm: message.term, lastIndex: 1000 })];
  },
};

/** A7: a vote that arrives twice counts twice. */
export const VOTES_COUNTED_TWICE: Plant = {
  inputs: (raft, input) => {
    const message = received(input);
    const { role, members } = raft;
    if (message?.kind !== "vote-response" || role.kind !== "candidate") return [input];
    if (!role.granted.includes(message.from)) return [input];
    const others = members.voters.filter((id) => id !== raft.config.id);
    const from = others.find((id) => !role.granted.includes(id)) ?? message.from;
    return [arrives({ ...message, from })];
  },
};

/** A7: a vote for an earlier term counts in this one. */
export const OLD_VOTES_COUNTED: Plant = {
  inputs: (raft, input) => {
    const message = received(input);
    if (message?.kind !== "vote-response" || message.term > raft.term) return [input];
    const { term } = raft;
    const current: VoteResponse = { ...message, term, electionTerm: term };
    return [arrives(current)];
  },
};

/** B1, Figure 8: entries of earlier terms commit by counting. */
export const OLD_TERMS_COUNTED: Plant = {
  stepped: (raft) => commitReached(raft, majorityOf(raft.members.voters.length)),
};

/** B7: one server fewer than a majority is enough to commit. */
export const MAJORITY_TOO_SMALL: Plant = {
  stepped: (raft) => commitReached(raft, majorityOf(raft.members.voters.length) - 1),
};

/** B3: an append cuts off all that follows its entries, whether it conflicts or not. */
export const TAILS_CUT: Plant = {
  stepped: (raft, input) => {
    const request = appended(raft, input);
    if (request === undefined) return;
    const from = request.prevIndex + request.entries.length + 1;
    if (from <= raft.commit || from > raft.log.lastIndex) return;
    raft.log.truncateFrom(from);
    for (const write of raft.inFlight) write.last = Math.min(write.last, from - 1);
    if (raft.written < from) return;
    const { truncateFrom } = raft.outbox;
    raft.outbox.truncateFrom = truncateFrom === 0 ? from : Math.min(truncateFrom, from);
    raft.written = from - 1;
  },
};

/** B4: a follower believes the commit index for its whole log, proved equal or not. */
export const COMMIT_UNVERIFIED: Plant = {
  stepped: (raft, input) => {
    const request = appended(raft, input);
    if (request === undefined) return;
    commitUpTo(raft, Math.min(request.commit, raft.log.lastIndex));
  },
};

/** A follower acknowledges its whole log, not what the request has proved equal. */
export const ACKS_UNVERIFIED: Plant = {
  effects: (raft, effects) => {
    const widen = (message: Message): Message =>
      message.kind === "append-response" && message.accepted
        ? { ...message, index: raft.log.durable }
        : message;
    const { write, send } = effects;
    const later = write && { ...write, thenSend: write.thenSend.map(widen) };
    return { ...effects, send: send.map(widen), write: later };
  },
};

/** §5.3: a follower takes entries wherever they belong, without a look at the one before. */
export const PREVIOUS_UNCHECKED: Plant = {
  inputs: (raft, input) => {
    const message = received(input);
    if (message?.kind !== "append-request" || message.term < raft.term) return [input];
    const prevIndex = Math.min(message.prevIndex, raft.log.lastIndex);
    if (prevIndex < message.prevIndex) return [input];
    const prevTerm = prevIndex === 0 ? 0 : raft.log.termAt(prevIndex);
    return prevTerm > (message.entries[0]?.term ?? message.term)
      ? [input]
      : [arrives({ ...message, prevTerm })];
  },
};

function received(input: Input): Message | undefined {
  return input.kind === "received" ? input.message : undefined;
}

function arrives(message: Message): Input {
  return { kind: "received", message };
}

/** The append-request that `input` carries, when this server has just accepted it. */
function appended(raft: Raft, input: Input): AppendRequest | undefined {
  const message = received(input);
  if (message?.kind !== "append-request" || message.term !== raft.term) return undefined;
  return raft.log.matches(message.prevIndex, message.prevTerm) ? message : undefined;
}

function leaveEarly(effects: Effects, isEarly: (message: Message) => boolean): Effects {
  const { write } = effects;
  if (write === undefined) return effects;
  const early = write.thenSend.filter(isEarly);
  const thenSend = write.thenSend.filter((message) => !isEarly(message));
  return { ...effects, send: [...effects.send, ...early], write: { ...write, thenSend } };
}

/** The commit rule without its look at the term: what `count` servers hold is committed. */
function commitReached(raft: Raft, count: number): void {
  const { role, log, term } = raft;
  if (role.kind !== "leader") return;
  const reached = [log.durable, ...role.peers.map((peer) => peer.match)].sort((a, b) => b - a);
  const index = reached[count - 1] ?? 0;
  for (let at = raft.commit + 1; at <= index; at++) {
    const entry = log.at(at);
    if (entry.term === term) role.uncommittedBytes -= entry.data.length + 16;
  }
  commitUpTo(raft, index);
}

function commitUpTo(raft: Raft, index: number): void {
  if (index <= raft.commit) return;
  raft.commit = index;
  raft.outbox.events.push({ kind: "committed", index });
}
