/** Messages that are spared, and that sparing them stops nothing (docs/decisions 7, 8 and 9). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Bench, candidate, leader, matchedLeader } from "./kit.ts";
import { pick, voteResponse } from "./messages.ts";

/** What the course suite runs with: bare news waits, elections are tried out. */
const SPARING = { coalesceMs: 5, preVote: true };

/** Elected in term 2 of five servers by votes of 2 and 3; 4 and 5 have said nothing. */
function electedByTwo(coalesceMs: number): Bench {
  const bench = candidate({ voters: 5, term: 1, config: { ...SPARING, coalesceMs } });
  for (const from of [2, 3]) bench.receive(voteResponse({ from, to: 1, term: 2, granted: true }));
  assert.equal(bench.role.kind, "leader");
  return bench;
}

function greeted(bench: Bench): readonly number[] {
  return pick(bench.settle(), "append-request").map((request) => request.to);
}

test("Fig. 2 a new leader lets every server know at once when nothing is spared", () => {
  const bench = electedByTwo(0);

  assert.deepEqual(greeted(bench), [2, 3, 4, 5]);
});

test("where messages are spared a new leader greets its voters, and the others at the next heartbeat", () => {
  const bench = electedByTwo(5);

  assert.deepEqual(greeted(bench), []);
  bench.later(5);
  assert.deepEqual(greeted(bench), [2, 3]);
  bench.later(10);
  assert.deepEqual(greeted(bench), [4, 5], "20 ms, a heartbeat interval, after the election");
});

test("entries go to every server at once, greeted or not", () => {
  const bench = electedByTwo(5);

  bench.propose("a");

  assert.deepEqual(greeted(bench), [2, 3, 4, 5]);
});

test("a node in term 0 asks for votes at once; from term 1 on it tries first", () => {
  for (const [term, preVote] of [
    [0, false],
    [1, true],
  ] as const) {
    const bench = new Bench({ term, config: { preVote: true } });
    bench.timeout();
    const asked = pick(bench.settle(), "vote-request");
    assert.deepEqual(
      asked.map((request) => request.preVote),
      [preVote, preVote],
      `term ${term}`,
    );
  }
});

test("a candidate sends lost requests again, but not without end", () => {
  const bench = candidate({ voters: 3 });
  let sent = 0;
  for (let losses = 0; losses < 50; losses++) {
    bench.step({ kind: "unreachable", peer: 2 });
    sent += pick(bench.settle(), "vote-request").length;
  }
  assert.equal(sent, 6, "two for each voter");
});

test("what was lost waits for company, and goes with the next entries in one request", () => {
  const bench = matchedLeader({ config: { coalesceMs: 5 } });
  bench.later(5);
  bench.settle();
  bench.propose("a");
  bench.settle();
  bench.now += 1;
  bench.step({ kind: "unreachable", peer: 2 });
  bench.propose("b");
  assert.equal(pick(bench.settle(), "append-request").filter(({ to }) => to === 2).length, 0);

  bench.later(5);

  const [again, ...more] = pick(bench.settle(), "append-request").filter(({ to }) => to === 2);
  assert.equal(again?.entries.length, 2);
  assert.equal(more.length, 0);
});

test("a silent peer gets heartbeats without entries until it is heard", () => {
  const bench = leader({ voters: 3, log: [1], config: { retransmitMs: 20, heartbeatMs: 20 } });
  bench.propose("a");
  bench.settle();
  for (let beat = 0; beat < 5; beat++) {
    bench.later(20);
    const sent = pick(bench.settle(), "append-request").filter(({ to }) => to === 2);
    assert.equal(sent.length, 1, `beat ${beat}`);
    assert.equal(sent[0]?.entries.length, 0, `beat ${beat}`);
  }
});
