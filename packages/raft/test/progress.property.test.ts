/**
 * A leader's view of a peer against a naive set of unanswered requests (paper Fig. 2; thesis
 * §10.2.1).
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { InvariantError, type SnapshotMeta } from "@holdfast/raft";
import fc from "fast-check";
import { Progress } from "../src/progress.ts";

/** Another one explores further; a failure prints what replays it. */
const SEED = Number(process.env["SEED"] ?? 1);

interface Request {
  readonly seq: number;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly at: number;
}

const WINDOW_MESSAGES = 4;
const WINDOW_BYTES = 100;
const META: SnapshotMeta = { index: 5, term: 1, members: { voters: [1, 2] } };

/** What a leader and its peer do to a `Progress`, with every request in a plain list. */
class Twin {
  readonly peer = new Progress(2, 1, 0);
  readonly everSent: Request[] = [];
  unanswered: Request[] = [];
  seq = 0;
  now = 0;
  match = 0;
  logLast = 0;

  send(count: number, bytes: number): void {
    const { peer } = this;
    if (!peer.hasRoom(WINDOW_MESSAGES, WINDOW_BYTES)) return;
    const last = peer.next + count - 1;
    const request: Request = { seq: ++this.seq, first: peer.next, last, bytes, at: this.now };
    peer.sent(request.seq, last, bytes, this.now);
    this.logLast = Math.max(this.logLast, last);
    this.everSent.push(request);
    this.unanswered.push(request);
    assert.equal(peer.next, last + 1);
  }

  /**
   * An answer to any request there ever was, late and repeated ones too; it may prove `more` than
   * was asked.
   */
  accept(pick: number, more: number): void {
    const request = this.everSent[pick % Math.max(1, this.everSent.length)];
    if (request === undefined) return;
    const index = Math.min(this.logLast, request.last + more);
    const news = this.peer.accepted(request.seq, index, this.seq);
    assert.equal(news, index > this.match, "news is what match didn't cover");
    this.match = Math.max(this.match, index);
    this.unanswered = this.unanswered.filter(
      (each) => each.seq !== request.seq && each.last > index,
    );
  }

  refuse(back: number): void {
    const { peer } = this;
    const next = Math.max(this.match + 1, peer.next - back);
    peer.refused(next, this.seq + 1);
    this.unanswered = [];
    assert.equal(peer.next, next);
    assert.equal(peer.flow, "probe");
  }

  lose(): void {
    const { peer } = this;
    const oldest = this.unanswered[0];
    const next = Math.max(this.match + 1, oldest?.first ?? peer.next);
    peer.lost(this.seq + 1);
    this.unanswered = [];
    assert.equal(peer.next, next, "what was lost is sent again, from its beginning");
    assert.equal(peer.flow, "probe");
  }

  stream(): void {
    this.peer.stream();
    assert.equal(this.peer.flow, "stream");
  }

  snapshot(): void {
    this.peer.beginSnapshot(META, this.seq + 1);
    this.unanswered = [];
    assert.equal(this.peer.outgoing?.offset, 0);
    assert.equal(this.peer.hasRoom(WINDOW_MESSAGES, WINDOW_BYTES), false);
  }

  /** What must hold at any time. */
  check(): void {
    const { peer, unanswered } = this;
    assert.deepEqual(
      peer.windowSeq,
      unanswered.map((each) => each.seq),
      "window: seq",
    );
    assert.deepEqual(
      peer.windowFirst,
      unanswered.map((each) => each.first),
      "window: first",
    );
    assert.deepEqual(
      peer.windowLast,
      unanswered.map((each) => each.last),
      "window: last",
    );
    assert.equal(peer.messagesInWindow, unanswered.length);
    assert.equal(
      peer.bytesInWindow,
      unanswered.reduce((sum, each) => sum + each.bytes, 0),
    );
    assert.equal(peer.oldestSentAt(), unanswered[0]?.at ?? Number.POSITIVE_INFINITY);
    assert.equal(peer.match, this.match, "match never goes back");
    assert.ok(peer.next > peer.match, "next is behind match");
    assert.equal(peer.flow === "snapshot", peer.outgoing !== undefined);
    const isFull =
      unanswered.length >= WINDOW_MESSAGES ||
      unanswered.reduce((sum, each) => sum + each.bytes, 0) >= WINDOW_BYTES;
    const room = peer.hasRoom(WINDOW_MESSAGES, WINDOW_BYTES);
    if (peer.flow === "stream") assert.equal(room, !isFull);
    if (peer.flow === "probe") assert.equal(room, unanswered.length === 0);
  }
}

type Act = (twin: Twin) => void;

const small = fc.nat({ max: 5 });
const acts: fc.Arbitrary<Act> = fc.oneof(
  {
    arbitrary: fc.tuple(small, fc.nat({ max: 60 })).map(([count, bytes]): Act => {
      return (twin) => twin.send(count, count === 0 ? 0 : bytes);
    }),
    weight: 6,
  },
  {
    arbitrary: fc.tuple(fc.nat({ max: 1000 }), small).map(([pick, more]): Act => {
      return (twin) => twin.accept(pick, more);
    }),
    weight: 5,
  },
  {
    arbitrary: small.map(
      (back): Act =>
        (twin) =>
          twin.refuse(back),
    ),
    weight: 1,
  },
  { arbitrary: fc.constant<Act>((twin) => twin.lose()), weight: 1 },
  { arbitrary: fc.constant<Act>((twin) => twin.stream()), weight: 3 },
  { arbitrary: fc.constant<Act>((twin) => twin.snapshot()), weight: 1 },
);

test("thesis §10.2.1 the window is the set of unanswered requests: neither messages nor bytes leak", () => {
  let fullest = 0;
  fc.assert(
    fc.property(fc.array(acts, { maxLength: 60 }), (sequence) => {
      const twin = new Twin();
      for (const act of sequence) {
        twin.now++;
        act(twin);
        twin.check();
        fullest = Math.max(fullest, twin.unanswered.length);
      }
      // Whatever happened: when the peer has everything, nothing is under way.
      twin.peer.accepted(0, Math.max(twin.logLast, twin.match), twin.seq);
      assert.equal(twin.peer.messagesInWindow, 0);
      assert.equal(twin.peer.bytesInWindow, 0);
    }),
    { seed: SEED, numRuns: 500 },
  );
  assert.equal(fullest, WINDOW_MESSAGES, "no run filled the window");
});

test("G7 a silent peer in flow probe gets no entries, in flow stream the window alone decides", () => {
  const peer = new Progress(2, 1, 0);
  assert.equal(peer.hasRoom(1, 1), true);
  peer.silent = true;
  assert.equal(peer.hasRoom(1, 1), false);
  peer.stream();
  assert.equal(peer.hasRoom(1, 1), true);
});

test("B10 progress asserts that it is neither sent back nor refused below what matches", () => {
  const peer = new Progress(2, 5, 0);
  assert.throws(() => peer.sent(1, 3, 0, 0), InvariantError);
  peer.accepted(1, 6, 1);
  assert.equal(peer.next, 7);
  assert.throws(() => peer.refused(6, 2), InvariantError);
  assert.equal(peer.accepted(1, 4, 1), false);
  assert.equal(peer.match, 6);
});
