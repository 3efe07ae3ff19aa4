/**
 * The whole state of a node as plain data (paper Fig. 2 and Fig. 4): clone it, hash it, draw it.
 */

import { assert } from "./assert.ts";
import { makeConfig, type RaftConfig } from "./config.ts";
import type { SnapshotLoad, SnapshotPiece } from "./effects.ts";
import type { Entry } from "./entry.ts";
import {
  type HardState,
  type Index,
  isCount,
  type Members,
  NOBODY,
  type NodeId,
  type SnapshotMeta,
  type Term,
} from "./entry.ts";
import type { RaftEvent } from "./event.ts";
import { Log } from "./log.ts";
import { isVoter } from "./membership.ts";
import type { Message } from "./message.ts";
import type { Progress } from "./progress.ts";
import { nextWord, seedWord } from "./random.ts";

/** A snapshot that is arriving from the leader (§7). */
export interface Incoming {
  readonly from: NodeId;
  readonly term: Term;
  readonly meta: SnapshotMeta;
  /** Bytes held so far. */
  offset: number;
  /** The request to answer next. */
  seq: number;
  /** All pieces are here; the driver is checking them. */
  checking: boolean;
}

export interface Follower {
  readonly kind: "follower";
  /** Known only from an append or snapshot of this term (A11), else {@link NOBODY}. */
  leader: NodeId;
  /** When the leader was last heard; -Infinity when never. */
  heardAt: number;
  electionAt: number;
  incoming: Incoming | undefined;
}

export interface PreCandidate {
  readonly kind: "pre-candidate";
  /** Who granted a trial of this term; kept when the trial is repeated. */
  readonly granted: NodeId[];
  readonly refused: NodeId[];
  /**
   * Votes from an election of this term that ran out of time: this node hasn't left the term, so
   * votes that come late still count. Empty when it held none.
   */
  readonly votes: NodeId[];
  /** How many lost requests may still be sent again. */
  resends: number;
  electionAt: number;
}

export interface Candidate {
  readonly kind: "candidate";
  /** Holds this node itself only once its own vote is durable. */
  readonly granted: NodeId[];
  readonly refused: NodeId[];
  /** Who was asked: after a won pre-vote only those who granted it. */
  readonly asked: NodeId[];
  /** How many lost requests may still be sent again. */
  resends: number;
  electionAt: number;
}

export interface Leader {
  readonly kind: "leader";
  /** All voters but this node, sorted by id. */
  readonly peers: Progress[];
  /** Number of the last append-request or snapshot-request. */
  seq: number;
  quorumCheckAt: number;
  /** Bytes of own-term entries not yet committed. */
  uncommittedBytes: number;
}

export type Role = Follower | PreCandidate | Candidate | Leader;

/** One write that the driver has and has not reported: what will be durable with it. */
export interface WriteInFlight {
  readonly seq: number;
  /** Last index it makes durable; lowered when the log is cut meanwhile (B15). */
  last: Index;
  readonly term: Term;
  readonly vote: NodeId;
  /** The received snapshot that it puts in force; 0 for none. */
  readonly snapshot: Index;
  /** When it was handed over, in ms. */
  readonly since: number;
}

/** What steps have decided and `takeEffects` hands over. */
export interface Outbox {
  send: Message[];
  /** Promises that wait for the next write. */
  afterWrite: Message[];
  truncateFrom: Index;
  snapshot: SnapshotMeta | undefined;
  restore: SnapshotMeta | undefined;
  compactTo: Index;
  load: SnapshotLoad[];
  store: SnapshotPiece[];
  events: RaftEvent[];
}

export interface Raft {
  readonly config: RaftConfig;
  members: Members;
  term: Term;
  vote: NodeId;
  /**
   * This life of the node began an election in this term and hasn't won it. A term is led once: who
   * led it and stepped down, or may have led it before a restart, gets nothing out of votes that
   * still come. It would give out the numbers of its requests, and after a crash even indexes of
   * entries that others hold and it has lost, a second time (seed 20010111).
   */
  isElectionOpen: boolean;
  role: Role;
  readonly log: Log;
  commit: Index;
  /** Everything up to here was given to the driver to apply. */
  handed: Index;
  /** Everything up to here was applied, as the driver reported. */
  applied: Index;
  /** The newest own snapshot. */
  snapshot: SnapshotMeta | undefined;
  /** Hard state on disk, and as last put into a write. */
  durableTerm: Term;
  durableVote: NodeId;
  writtenTerm: Term;
  writtenVote: NodeId;
  /** Entries up to here were put into a write. */
  written: Index;
  readonly inFlight: WriteInFlight[];
  /** Number of the last write. */
  writeSeq: number;
  /** Time of the last step, in ms. */
  now: number;
  /** Step `tick` at this time at the latest; Infinity when nothing is due. */
  deadline: number;
  random: number;
  readonly outbox: Outbox;
}

/** What the disk gave back. */
export interface Restored {
  readonly hardState: HardState;
  /** The newest valid snapshot, at or behind which the log begins. */
  readonly snapshot: SnapshotMeta | undefined;
  /** The log begins after this point; 0,0 for a log from the start. */
  readonly start: { readonly index: Index; readonly term: Term };
  readonly entries: readonly Entry[];
  /** Any seed: it is mixed with the node's id. */
  readonly random: number;
}

/** What a node with an empty disk starts from. */
export const NOTHING_RESTORED: Restored = {
  hardState: { term: 0, vote: NOBODY },
  snapshot: undefined,
  start: { index: 0, term: 0 },
  entries: [],
  random: 1,
};

/**
 * A node as it comes up: a follower that knows no leader. Throws `ConfigError` for a bad option and
 * `InvariantError` when what was restored contradicts itself.
 */
export function createRaft(config: RaftConfig, restored: Restored, now: number): Raft {
  checkRestored(restored);
  const { hardState, snapshot, start, entries } = restored;
  const log = new Log(start.index, start.term, entries);
  const base = snapshot?.index ?? 0;
  // A snapshot can be on disk before the term it covers is: that term was heard of, and nothing was
  // promised in it.
  const isBehind = log.lastTerm > hardState.term;
  const raft: Raft = {
    config: makeConfig(config),
    members: snapshot?.members ?? config.members,
    term: isBehind ? log.lastTerm : hardState.term,
    vote: isBehind ? NOBODY : hardState.vote,
    isElectionOpen: false,
    role: makeFollower(NOBODY, Number.NEGATIVE_INFINITY, now),
    log,
    commit: base,
    handed: base,
    applied: base,
    snapshot,
    durableTerm: hardState.term,
    durableVote: hardState.vote,
    writtenTerm: hardState.term,
    writtenVote: hardState.vote,
    written: log.lastIndex,
    inFlight: [],
    writeSeq: 0,
    now,
    deadline: now,
    random: seedWord(restored.random, config.id),
    outbox: emptyOutbox(),
  };
  raft.role = makeFollower(NOBODY, Number.NEGATIVE_INFINITY, nextElectionAt(raft));
  raft.deadline = isElectable(raft) ? raft.role.electionAt : Number.POSITIVE_INFINITY;
  return raft;
}

function checkRestored({ hardState, snapshot, start, entries }: Restored): void {
  assert(isCount(hardState.term), "restore: term");
  assert(isCount(hardState.vote), "restore: vote");
  assert(isCount(start.index) && isCount(start.term), "restore: start");
  assert((start.index === 0) === (start.term === 0), "restore: index 0 and term 0 go together");
  const last = start.index + entries.length;
  const lastTerm = entries.at(-1)?.term ?? start.term;
  const knownTerm = Math.max(hardState.term, snapshot?.term ?? 0);
  assert(lastTerm <= knownTerm, "restore: entries from a later term than the hard state");
  if (snapshot === undefined) {
    assert(start.index === 0, "restore: compacted log without a snapshot");
    return;
  }
  assert(snapshot.index >= start.index, "restore: gap between snapshot and log");
  assert(snapshot.index <= last, "restore: log ends before the snapshot");
  const term =
    snapshot.index === start.index ? start.term : entries[snapshot.index - start.index - 1]?.term;
  assert(snapshot.term === term, "restore: log disagrees with the snapshot");
}

export function emptyOutbox(): Outbox {
  return {
    send: [],
    afterWrite: [],
    truncateFrom: 0,
    snapshot: undefined,
    restore: undefined,
    compactTo: 0,
    load: [],
    store: [],
    events: [],
  };
}

export function makeFollower(leader: NodeId, heardAt: number, electionAt: number): Follower {
  return { kind: "follower", leader, heardAt, electionAt, incoming: undefined };
}

/** Whether this node takes part in elections. */
export function isElectable(raft: Raft): boolean {
  return isVoter(raft.members, raft.config.id);
}

/** A fresh random moment for the next election: every draw differs, so split votes end (§5.2). */
export function nextElectionAt(raft: Raft): number {
  raft.random = nextWord(raft.random);
  const { electionTimeoutMs, electionTimeoutMaxMs } = raft.config;
  return raft.now + electionTimeoutMs + (raft.random % (electionTimeoutMaxMs - electionTimeoutMs));
}

/** Who leads as far as this node knows, itself included; {@link NOBODY} when it knows nobody. */
export function leaderOf(raft: Raft): NodeId {
  if (raft.role.kind === "leader") return raft.config.id;
  return raft.role.kind === "follower" ? raft.role.leader : NOBODY;
}

/** Term and vote as they are now are on disk. */
export function isHardStateDurable(raft: Raft): boolean {
  return raft.durableTerm === raft.term && raft.durableVote === raft.vote;
}
