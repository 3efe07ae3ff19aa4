/** How much of the protocol the explorer looks at: small clusters, few terms, few entries. */

import { assert, makeConfig, type NodeId, type RaftConfig, type Term } from "@holdfast/raft";

/** The bounds of a search. All that stays within them is reached; nothing beyond is looked at. */
export interface Scope {
  /** Servers of the cluster, 1 to 5. */
  readonly voters: number;
  /** Highest term that a server may enter, 1 to 7. */
  readonly termMax: Term;
  /** Longest log, in entries, 0 to 4. */
  readonly entriesMax: number;
  /** Messages under way at once, 0 to 8. What a step sends beyond them is lost, in each way. */
  readonly messagesMax: number;
  /** Writes that a server may have handed over and not on disk; 0 makes each durable at once. */
  readonly writesMax: number;
  /** Crashes in one history; each restart follows at once, and a slow one is like a lost link. */
  readonly crashesMax: number;
  /** A message may arrive, and arrive again. */
  readonly duplicates: boolean;
  /** What may be late; all other messages arrive before anything else happens, or never. */
  readonly delays: "all" | "requests" | "none";
  /** Leaders send heartbeats at any time. */
  readonly heartbeats: boolean;
  /** Leaders give up on what is unanswered at any time, by their timer. */
  readonly timeouts: boolean;
  /** Transports report a peer as unreachable at any time. */
  readonly reports: boolean;
  /** Clients propose commands; without them only a no-op fills a log. */
  readonly proposals: boolean;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly noop: boolean;
  /** Entries that one append-request may carry, at least 1. */
  readonly batchMax: number;
  /** Append-requests with entries under way to one peer, at least 1. */
  readonly windowMessages: number;
}

/** Two servers, two terms, one entry: a scope that is searched to its end in a moment. */
export const SMALLEST: Scope = {
  voters: 2,
  termMax: 2,
  entriesMax: 1,
  messagesMax: 2,
  writesMax: 0,
  crashesMax: 0,
  duplicates: false,
  delays: "all",
  heartbeats: false,
  timeouts: false,
  reports: true,
  proposals: true,
  preVote: false,
  checkQuorum: false,
  noop: false,
  batchMax: 4,
  windowMessages: 2,
};

/** Throws `InvariantError` for a scope whose states would not fit their encoding. */
export function checkScope(scope: Scope): void {
  assert(isWhole(scope.voters, 1, 5), "scope: voters must be 1 to 5");
  assert(isWhole(scope.termMax, 1, 7), "scope: termMax must be 1 to 7");
  assert(isWhole(scope.entriesMax, 0, 4), "scope: entriesMax must be 0 to 4");
  assert(isWhole(scope.messagesMax, 0, 8), "scope: messagesMax must be 0 to 8");
  assert(isWhole(scope.writesMax, 0, 4), "scope: writesMax must be 0 to 4");
  assert(isWhole(scope.crashesMax, 0, 15), "scope: crashesMax must be 0 to 15");
  assert(isWhole(scope.batchMax, 1, 4), "scope: batchMax must be 1 to 4");
  assert(isWhole(scope.windowMessages, 1, 4), "scope: windowMessages must be 1 to 4");
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to;
}

/** A command is this long, so that limits in bytes are limits in entries. */
export const COMMAND: Uint8Array = Uint8Array.of(1);
const ENTRY_BYTES = 17;

/**
 * Each wait lies so far above the shorter ones that no number of those in a history adds up to it:
 * what a clock shows then never decides between two actions.
 */
export const HEARTBEAT_MS = 1;
const RETRANSMIT_MS = 10_000;
const ELECTION_MS = 100_000_000;

/** The options of a server in this scope. */
export function configOf(scope: Scope, id: NodeId): RaftConfig {
  const voters = Array.from({ length: scope.voters }, (_, at) => at + 1);
  return makeConfig({
    id,
    members: { voters },
    electionTimeoutMs: ELECTION_MS,
    electionTimeoutMaxMs: 2 * ELECTION_MS,
    heartbeatMs: HEARTBEAT_MS,
    retransmitMs: RETRANSMIT_MS,
    coalesceMs: 0,
    preVote: scope.preVote,
    checkQuorum: scope.checkQuorum,
    noop: scope.noop,
    messageBytesMax: scope.batchMax * ENTRY_BYTES,
    windowMessages: scope.windowMessages,
  });
}
