/**
 * Events as one line of plain words: for golden files, the command line and the dashboard.
 * `index^term` as in the papers on Raft.
 */

import { unreachable } from "./assert.ts";
import { NOBODY } from "./entry.ts";
import type { RaftEvent } from "./event.ts";
import type { Message, VoteRequest, VoteResponse } from "./message.ts";

export function narrate(event: RaftEvent): string {
  switch (event.kind) {
    case "became-follower":
      return `follower in term ${event.term}${event.leader === NOBODY ? "" : ` of ${event.leader}`}`;
    case "became-pre-candidate":
      return `pre-candidate in term ${event.term}`;
    case "became-candidate":
      return `candidate in term ${event.term}`;
    case "became-leader":
      return `leader of term ${event.term}, log ends at ${event.lastIndex}`;
    case "stepped-down":
      return `steps down from term ${event.term}: ${event.why}`;
    case "voted":
      return `grants ${voteName(event.preVote)} to ${event.candidate} for term ${event.term}`;
    case "refused-vote":
      return `refuses ${voteName(event.preVote)} to ${event.candidate} for term ${event.term}: ${event.why}`;
    case "leader-known":
      return `learns that ${event.leader} leads term ${event.term}`;
    case "appended":
      return `appends ${event.first}..${event.last}, last of term ${event.term}`;
    case "truncated":
      return `cuts its log from ${event.from} on`;
    case "refused-append":
      return `refuses append from ${event.from} behind ${event.prevIndex}, logs may agree at ${event.hint}`;
    case "committed":
      return `commits up to ${event.index}`;
    case "peer-state":
      return `treats peer ${event.peer} as ${event.flow}`;
    case "snapshot-installed":
      return `installs snapshot ${event.index}^${event.term}`;
    case "compacted":
      return `compacts its log up to ${event.index}`;
    case "refused-message":
      return `refuses a message from ${event.from}: ${event.why}`;
    default:
      return unreachable(event);
  }
}

function voteName(preVote: boolean): string {
  return preVote ? "pre-vote" : "vote";
}

function electionName({ preVote, electionTerm }: VoteRequest | VoteResponse): string {
  return `${voteName(preVote)} for term ${electionTerm}`;
}

/** A message as `kind from->to` and what matters in it. */
export function narrateMessage(message: Message): string {
  const head = `${message.kind} ${message.from}->${message.to} term ${message.term}`;
  switch (message.kind) {
    case "vote-request": {
      const { lastIndex, lastTerm } = message;
      return `${head} ${electionName(message)} log ${lastIndex}^${lastTerm}`;
    }
    case "vote-response":
      return `${head} ${electionName(message)} ${message.granted ? "granted" : "refused"}`;
    case "append-request": {
      const { prevIndex, prevTerm, entries, commit } = message;
      const list = entries.map((entry) => `${entry.index}^${entry.term}`).join(" ");
      return `${head} behind ${prevIndex}^${prevTerm} [${list}] commit ${commit}`;
    }
    case "append-response":
      return message.accepted
        ? `${head} accepted up to ${message.index}`
        : `${head} refused, may agree at ${message.index}^${message.hintTerm}`;
    case "snapshot-request": {
      const { lastIndex, lastTerm, offset, data, done } = message;
      const piece = `at ${offset} ${data.length} bytes${done ? ", last" : ""}`;
      return `${head} snapshot ${lastIndex}^${lastTerm} ${piece}`;
    }
    case "snapshot-response":
      return message.installed
        ? `${head} snapshot ${message.lastIndex} covered, matches ${message.matchIndex}`
        : `${head} snapshot ${message.lastIndex} wants ${message.offset}`;
    default:
      return unreachable(message);
  }
}
