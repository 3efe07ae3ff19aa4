/**
 * What a leader knows of one peer, and what it has under way to it (Fig. 2 nextIndex, matchIndex;
 * thesis §10.2.1).
 */

import { assert } from "./assert.ts";
import type { Index, NodeId, SnapshotMeta } from "./entry.ts";

/**
 * - `probe`: where the logs meet is not known; one append at a time.
 * - `stream`: the peer accepts; appends are sent ahead of their answers, up to the window.
 * - `snapshot`: what the peer needs is compacted; pieces of the snapshot go one at a time.
 */
export type Flow = "probe" | "stream" | "snapshot";

/** A snapshot on its way to a peer. */
export interface Outgoing {
  readonly meta: SnapshotMeta;
  /** The piece under way starts here, in bytes. */
  offset: number;
  /** The request under way: only its answer moves the transfer on. */
  seq: number;
  /** When that piece was asked for; Infinity when none is under way. */
  sentAt: number;
}

export class Progress {
  readonly id: NodeId;
  /**
   * The peer's log is known to be durable and equal up to here; never goes back in a term (B10).
   */
  match: Index = 0;
  /** The next entry to send. */
  next: Index;
  flow: Flow = "probe";
  /** Only in flow `snapshot`. */
  outgoing: Outgoing | undefined = undefined;
  /** Refusals of requests older than this speak of a state that is gone (B11, B12). */
  floorSeq = 0;
  /**
   * The last request that had left when `match` last grew: a later one finds the peer holding
   * `match`.
   */
  matchSeq = 0;
  /**
   * A request went unanswered for too long and nothing was heard since: probes carry no entries
   * (G7).
   */
  silent = false;
  /** When the last append-request left, in ms; -Infinity before the first. */
  sentAt: number = Number.NEGATIVE_INFINITY;
  /** When news without entries is due; Infinity when none is. */
  newsAt: number = Number.POSITIVE_INFINITY;
  /** When the peer was last heard, for check-quorum. */
  heardAt: number;
  /** The commit index that what was sent lets the peer reach. */
  commitSent: Index = 0;

  /** Sent and unanswered: parallel arrays, oldest first. */
  readonly windowSeq: number[] = [];
  readonly windowFirst: Index[] = [];
  readonly windowLast: Index[] = [];
  readonly windowBytes: number[] = [];
  readonly windowSentAt: number[] = [];
  bytesInWindow = 0;

  constructor(id: NodeId, next: Index, now: number) {
    this.id = id;
    this.next = next;
    this.heardAt = now;
  }

  get messagesInWindow(): number {
    return this.windowSeq.length;
  }

  /** Room for one more append-request with entries. */
  hasRoom(windowMessages: number, windowBytes: number): boolean {
    if (this.flow === "probe") return this.messagesInWindow === 0 && !this.silent;
    if (this.flow === "snapshot") return false;
    return this.messagesInWindow < windowMessages && this.bytesInWindow < windowBytes;
  }

  /**
   * Notes an append-request with the entries from `next` up to `last` (none when `last` is
   * `next - 1`).
   */
  sent(seq: number, last: Index, bytes: number, now: number): void {
    assert(last + 1 >= this.next, "progress.sent: goes back");
    this.windowSeq.push(seq);
    this.windowFirst.push(this.next);
    this.windowLast.push(last);
    this.windowBytes.push(bytes);
    this.windowSentAt.push(now);
    this.bytesInWindow += bytes;
    this.next = last + 1;
  }

  /** When the oldest unanswered request left; Infinity when none is under way. */
  oldestSentAt(): number {
    return this.windowSentAt[0] ?? Number.POSITIVE_INFINITY;
  }

  /**
   * The peer accepted request `seq` and holds everything up to `index`; `seqNow` is the last one
   * sent. True when that is news. What it did not take of the request is sent again: followers of
   * this version take all of it (`takeBehindStart`), those of another one may take a part (B5).
   */
  accepted(seq: number, index: Index, seqNow: number): boolean {
    const at = this.windowSeq.indexOf(seq);
    const last = at < 0 ? 0 : (this.windowLast[at] as Index);
    while (this.messagesInWindow > 0 && this.frees(seq, index)) this.dropOldest();
    const news = index > this.match;
    if (news) {
      this.match = index;
      this.matchSeq = seqNow;
    }
    if (this.next <= this.match) this.next = this.match + 1;
    if (last > this.match) this.refused(this.match + 1, seqNow + 1);
    return news;
  }

  /** The peer's log parts from ours somewhere before `next`: look again from there. */
  refused(next: Index, floorSeq: number): void {
    assert(next > this.match, "progress.refused: below match");
    this.next = next;
    this.probe(floorSeq);
  }

  /** What is under way counts as lost: start again where the oldest of it began. */
  lost(floorSeq: number): void {
    this.next = Math.max(this.match + 1, this.windowFirst[0] ?? this.next);
    this.probe(floorSeq);
  }

  /** Appends flow again: the logs meet at `match`. */
  stream(): void {
    this.flow = "stream";
    this.outgoing = undefined;
  }

  /** The peer needs a snapshot. */
  beginSnapshot(meta: SnapshotMeta, floorSeq: number): void {
    this.probe(floorSeq);
    this.flow = "snapshot";
    this.outgoing = { meta, offset: 0, seq: 0, sentAt: Number.POSITIVE_INFINITY };
  }

  private probe(floorSeq: number): void {
    this.flow = "probe";
    this.outgoing = undefined;
    this.floorSeq = floorSeq;
    this.commitSent = 0;
    this.bytesInWindow = 0;
    this.windowSeq.length = 0;
    this.windowFirst.length = 0;
    this.windowLast.length = 0;
    this.windowBytes.length = 0;
    this.windowSentAt.length = 0;
  }

  private frees(seq: number, index: Index): boolean {
    return this.windowSeq[0] === seq || (this.windowLast[0] as Index) <= index;
  }

  private dropOldest(): void {
    this.bytesInWindow -= this.windowBytes[0] as number;
    this.windowSeq.shift();
    this.windowFirst.shift();
    this.windowLast.shift();
    this.windowBytes.shift();
    this.windowSentAt.shift();
    assert(this.bytesInWindow >= 0, "progress: window leaks");
  }
}
