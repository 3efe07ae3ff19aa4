/**
 * What must hold across a whole cluster at every moment: the five properties of Fig. 3, and that
 * nothing is promised before it is on disk (thesis §3.8).
 */

import {
  assert,
  type Entry,
  type HardState,
  type Index,
  type Message,
  majorityOf,
  NOBODY,
  type NodeId,
  type Raft,
  type RaftEvent,
  type Term,
} from "@holdfast/raft";

/** What one node's disk holds for certain: what a crash at this moment leaves. */
export interface DurableState {
  readonly hardState: HardState;
  /** The newest durable snapshot covers everything up to here; 0 without one. */
  readonly snapshotIndex: Index;
  readonly lastIndex: Index;
  /** The entry at `index`; undefined when the log on disk doesn't hold it. */
  entryAt(index: Index): Entry | undefined;
}

interface Placed {
  readonly entry: Entry;
  /** Term of the entry before it. */
  readonly before: Term;
}

/** Terms a run may reach: index and term share one key. */
const TERMS_MAX = 2 ** 20;

/**
 * Watches a cluster from outside. It is told what nodes do, and throws `InvariantError` at the
 * first thing that no correct cluster does. Crashed nodes and former leaders count like all others.
 */
export class ClusterInvariants {
  /** Everything that any node has ever applied, by index. */
  readonly committed: Map<Index, Entry> = new Map();
  /** The term in which an entry was committed, or a later one: the lowest that is known. */
  readonly #committedIn = new Map<Index, Term>();
  readonly #leaders = new Map<Term, NodeId>();
  readonly #placed = new Map<number, Placed>();

  /** A node has reported an event; `raft` is its state now. */
  happened(raft: Raft, event: RaftEvent): void {
    if (event.kind === "became-leader") this.#elected(raft, event.term);
    else if (event.kind === "appended") this.#appended(raft, event.first, event.last);
  }

  /**
   * * A node in `term` gives `entry` to its state machine; `disks` are those of all voters, its own
   * included.
   */
  applied(entry: Entry, term: Term, disks: readonly DurableState[]): void {
    // State Machine Safety (I-5).
    const known = this.committed.get(entry.index);
    assert(known === undefined || isSame(known, entry), "cluster: two commands at one index");
    const since = this.#committedIn.get(entry.index);
    if (since === undefined || term < since) this.#committedIn.set(entry.index, term);
    // Later copies may be lost again to damage that no protocol can prevent: the first one counts.
    if (known !== undefined) return;
    this.committed.set(entry.index, entry);
    // Committed means durable on a majority (I-6).
    let count = 0;
    for (const disk of disks) if (holds(disk, entry)) count++;
    assert(count >= majorityOf(disks.length), "cluster: committed without a majority of disks");
  }

  /**
   * A message leaves a node whose disk is in this state (I-8). `leader` is the addressee's state,
   * to compare what is acknowledged with what was sent.
   */
  left(message: Message, disk: DurableState, leader: Raft | undefined): void {
    const { hardState } = disk;
    assert(message.term <= hardState.term, "cluster: a term left before it was on disk");
    const isCurrent = message.term === hardState.term;
    if (message.kind === "vote-request" && !message.preVote && isCurrent) {
      assert(hardState.vote === message.from, "cluster: a candidate's own vote is not on disk");
    } else if (message.kind === "vote-response" && message.granted && !message.preVote) {
      assert(
        !isCurrent || hardState.vote === message.to,
        "cluster: a vote left before it was on disk",
      );
    } else if (message.kind === "append-response" && message.accepted && isCurrent) {
      acknowledged(message.index, message.term, disk, leader);
    } else if (message.kind === "snapshot-response" && message.installed && isCurrent) {
      acknowledged(message.matchIndex, message.term, disk, leader);
    }
  }

  #elected(raft: Raft, term: Term): void {
    // Election Safety (I-1).
    const other = this.#leaders.get(term) ?? NOBODY;
    const { id } = raft.config;
    assert(other === NOBODY || other === id, "cluster: two leaders in one term");
    assert(other === NOBODY, "cluster: a term is led twice");
    this.#leaders.set(term, id);
    // Leader Completeness (I-4): what was committed in earlier terms. A late vote may make a leader
    // of a term that others have left behind, and it owes nothing to what was committed since.
    const { log } = raft;
    for (const [index, entry] of this.committed) {
      if (index <= log.startIndex || (this.#committedIn.get(index) ?? term) >= term) continue;
      assert(index <= log.lastIndex, "cluster: a leader lacks a committed entry");
      assert(isSame(log.at(index), entry), "cluster: a leader differs in a committed entry");
    }
  }

  /**
   * Log Matching (I-3): an index and a term mean one entry, in every log and for ever, and with it
   * the entry before. By induction that makes the logs equal up to there.
   */
  #appended({ log }: Raft, first: Index, last: Index): void {
    // What was cut again, or compacted, since it was appended can't be looked at any more.
    const from = Math.max(first, log.startIndex + 1);
    for (let index = from; index <= Math.min(last, log.lastIndex); index++) {
      const entry = log.at(index);
      assert(entry.term < TERMS_MAX, "cluster: too many terms to watch");
      const key = index * TERMS_MAX + entry.term;
      const before = log.termAt(index - 1);
      const known = this.#placed.get(key);
      if (known === undefined) {
        this.#placed.set(key, { entry, before });
        continue;
      }
      assert(isSame(known.entry, entry), "cluster: two entries of one index and term");
      assert(known.before === before, "cluster: logs part before an equal entry");
    }
  }
}

/** The disk holds what is acknowledged, and it is what the leader has there. */
function acknowledged(
  index: Index,
  term: Term,
  disk: DurableState,
  leader: Raft | undefined,
): void {
  const isHeld = index <= Math.max(disk.lastIndex, disk.snapshotIndex);
  assert(isHeld, "cluster: acknowledged before it was on disk");
  const entry = disk.entryAt(index);
  const isLeading = leader?.role.kind === "leader" && leader.term === term;
  if (!isLeading || entry === undefined || index <= leader.log.startIndex) return;
  assert(entry.term === leader.log.termAt(index), "cluster: acknowledged what the leader lacks");
}

function holds(disk: DurableState, entry: Entry): boolean {
  if (entry.index <= disk.snapshotIndex) return true;
  const found = disk.entryAt(entry.index);
  return found !== undefined && isSame(found, entry);
}

function isSame(a: Entry, b: Entry): boolean {
  if (a === b) return true;
  const isAlike = a.index === b.index && a.term === b.term && a.kind === b.kind;
  if (!isAlike || a.data.length !== b.data.length) return false;
  if (a.data === b.data) return true;
  for (let at = 0; at < a.data.length; at++) if (a.data[at] !== b.data[at]) return false;
  return true;
}
