/**
 * Log replication, the commit rule and what survives repetition (paper §5.3, §5.4.2, §5.4.3, §5.5).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Message, majorityOf } from "@holdfast/raft";
import { acknowledge, Bench, entriesOf, leader, matchedLeader, pictureOf, termsOf } from "./kit.ts";
import {
  appendRequest,
  appendResponse,
  only,
  pick,
  voteRequest,
  voteResponse,
} from "./messages.ts";
import { World } from "./world.ts";

test("§5.3 an entry carries its leader's term and its place in the log", () => {
  const node = matchedLeader({ term: 6, log: [2, 5] });
  assert.deepEqual(node.propose("a", "b"), { ok: true, first: 3, last: 4, term: 7 });
  assert.deepEqual(
    node.raft.log.entries.map(({ index, term }) => `${index}^${term}`),
    ["1^2", "2^5", "3^7", "4^7"],
  );
});

test("§5.3 a leader commits what a majority of the full cluster holds, for 1 to 9 servers", () => {
  for (let voters = 1; voters <= 9; voters++) {
    const node = matchedLeader({ voters });
    node.propose("x");
    node.settle();
    let held = 1;
    for (let from = 2; from <= voters && node.raft.commit === 0; from++) {
      assert.ok(held * 2 <= voters, `${held} of ${voters} did not commit`);
      acknowledge(node, from);
      held++;
    }
    assert.equal(node.raft.commit, 1, `${held} of ${voters}`);
    assert.equal(held, majorityOf(voters));
  }
});

test("§5.3 committing an entry commits all before it, those of earlier leaders too", () => {
  const node = matchedLeader({ log: [1, 2, 2] });
  assert.equal(node.raft.commit, 0);
  node.propose("x");
  node.settle();
  acknowledge(node, 2);
  assert.equal(node.raft.commit, 4);
  node.settle();
  assert.deepEqual(
    node.applied.map((entry) => entry.index),
    [1, 2, 3, 4],
  );
});

test("§5.3 followers learn the commit index from the next request, heartbeats included", () => {
  const node = matchedLeader();
  node.propose("x");
  node.settle();
  acknowledge(node, 2);
  const news = only(node.settle(), "append-request", 2);
  assert.deepEqual([news.commit, news.prevIndex, news.entries.length], [1, 1, 0]);
  const follower = new Bench({ id: 2, log: [1] });
  follower.receive(news);
  assert.deepEqual(follower.take().apply, entriesOf(1, [1]));
});

test("§5.3 the consistency check: a request is taken exactly when its previous entry is in the log", () => {
  const terms = [1, 1, 2, 4];
  for (let prevIndex = 1; prevIndex <= 6; prevIndex++) {
    for (let prevTerm = 1; prevTerm <= 5; prevTerm++) {
      const node = new Bench({ term: 5, log: terms });
      const before = pictureOf(node.raft);
      node.receive(
        appendRequest({ term: 5, prevIndex, prevTerm, entries: entriesOf(prevIndex + 1, [5]) }),
      );
      const isThere = terms[prevIndex - 1] === prevTerm;
      const expected = isThere ? [...terms.slice(0, prevIndex), 5] : terms;
      assert.deepEqual(termsOf(node), expected, `previous ${prevIndex}^${prevTerm}`);
      assert.notDeepEqual(pictureOf(node.raft), before, "at least the leader is known now");
      assert.equal(only(node.settle(), "append-response").accepted, isThere);
    }
  }
});

test("§5.3 a leader brings every log of the paper's Figure 7 into line with its own", () => {
  const own = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const others: Readonly<Record<string, readonly number[]>> = {
    a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
    b: [1, 1, 1, 4],
    c: [...own, 6],
    d: [...own, 7, 7],
    e: [1, 1, 1, 4, 4, 4, 4],
    f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  };
  for (const [name, log] of Object.entries(others)) {
    const top = leader({ term: 7, log: own });
    const follower = new Bench({ id: 2, term: 7, log });
    top.propose("x");
    assert.deepEqual(termsOf(top), [...own, 8], "the leader's own log only grows");
    const refusals = converse(top, follower);
    assert.deepEqual(termsOf(follower), termsOf(top), name);
    assert.equal(top.peer(2).match, 11, name);
    assert.ok(refusals <= 3, `${name} refused ${refusals} times`);
  }
});

/**
 * Carries messages between a leader and one follower until its log is known to match; counts the
 * refusals.
 */
function converse(top: Bench, follower: Bench): number {
  const { id } = follower.raft.config;
  let refusals = 0;
  for (let round = 1; round < 50; round++) {
    top.later(20);
    for (const message of top.settle()) if (message.to === id) follower.receive(message);
    for (const answer of follower.settle()) {
      if (answer.kind === "append-response" && !answer.accepted) refusals++;
      top.receive(answer);
    }
    if (top.peer(id).match === top.raft.log.lastIndex) return refusals;
  }
  throw new Error("the logs never met");
}

test("§5.3 a refusal names the conflicting term's bounds, so one round passes over a whole term", () => {
  const top = leader({ term: 8, log: [1, ...Array<number>(500).fill(8)] });
  const follower = new Bench({ id: 2, term: 8, log: [1, ...Array<number>(400).fill(5)] });
  assert.equal(converse(top, follower), 1);
  assert.deepEqual(termsOf(follower), termsOf(top));
});

test("§5.3 a leader never cuts or changes its own log, whatever its peers refuse", () => {
  const node = leader({ term: 3, log: [1, 2, 3] });
  node.propose("x");
  const before = [...node.raft.log.entries];
  for (let seq = 1; seq <= 12; seq++) {
    assert.ok(seq <= node.leader.seq, "each refusal makes it try again");
    for (const from of [2, 3]) {
      node.receive(appendResponse({ from, term: 4, seq, accepted: false, index: 0 }));
    }
    node.settle();
  }
  assert.deepEqual(node.raft.log.entries, before);
});

test("§5.3 one slow or dead follower delays nobody: a majority commits without it", () => {
  const node = matchedLeader({ voters: 5 }, [2, 3]);
  for (let i = 0; i < 20; i++) {
    node.propose(`c${i}`);
    node.settle();
    for (const id of [2, 3]) acknowledge(node, id);
    node.settle();
  }
  assert.equal(node.raft.commit, 20);
  assert.equal(node.peer(4).match, 0);
});

test("§5.4.2 an entry of an earlier term is not committed by counting, though all servers hold it", () => {
  const node = matchedLeader({ term: 3, log: [2] });
  assert.deepEqual([node.peer(2).match, node.peer(3).match], [1, 1]);
  assert.equal(node.raft.commit, 0);
  node.later(20);
  for (const id of [2, 3]) acknowledge(node, id);
  assert.equal(node.raft.commit, 0);
});

test("§5.4.2 an own entry at a majority commits the earlier term's entries with it, not before", () => {
  const node = matchedLeader({ voters: 5, term: 3, log: [2] });
  node.propose("x");
  node.settle();
  acknowledge(node, 2, 2);
  acknowledge(node, 3, 1);
  assert.equal(node.raft.commit, 0);
  acknowledge(node, 3, 2);
  assert.equal(node.raft.commit, 2);
});

test("§5.4.3 whoever holds less than what is committed can't win: every majority has a voter that refuses", () => {
  // Entries 1 and 2 are committed on 1, 2 and 3; 4 and 5 hold only the first.
  for (const [id, log] of [
    [4, [1]],
    [5, [1]],
  ] as const) {
    const asker = new Bench({ id, voters: 5, log });
    asker.timeout();
    const requests = pick(asker.settle(), "vote-request");
    const granted = requests.filter((request) => {
      const terms = request.to <= 3 ? [1, 1] : [1];
      const voter = new Bench({ id: request.to, voters: 5, log: terms });
      voter.receive(request);
      return only(voter.settle(), "vote-response").granted;
    });
    assert.deepEqual(
      granted.map((request) => request.to),
      [9 - id],
    );
  }
});

test("§5.5 requests are idempotent: repeated, they change nothing and are answered alike", () => {
  const requests: readonly Message[] = [
    appendRequest({ term: 2, prevIndex: 1, prevTerm: 1, entries: entriesOf(2, [2, 2]), commit: 2 }),
    appendRequest({ term: 2, prevIndex: 1, prevTerm: 1, commit: 1 }),
    appendRequest({ term: 2, prevIndex: 9, prevTerm: 2, commit: 1 }),
    voteRequest({ term: 2, lastIndex: 5, lastTerm: 1 }),
    voteRequest({ term: 2, lastIndex: 0, lastTerm: 0 }),
  ];
  for (const request of requests) {
    const node = new Bench({ term: 1, log: [1, 1] });
    node.receive(request);
    const first = node.settle();
    const { log, commit, vote, term } = node.raft;
    const before = structuredClone({ ...log, commit, vote, term });
    node.receive(request);
    assert.deepEqual(node.settle(), first);
    const after = structuredClone({ ...log, commit: node.raft.commit, vote: node.raft.vote, term });
    assert.deepEqual(after, before);
  }
});

test("§5.5 an unanswered append is sent again until the follower is back", () => {
  const node = matchedLeader();
  node.propose("x");
  assert.equal(only(node.settle(), "append-request", 2).entries.length, 1);
  for (let i = 0; i < 50; i++) {
    node.timeout();
    node.settle();
  }
  const follower = new Bench({ id: 2, term: 1 });
  assert.equal(converse(node, follower), 0);
  assert.deepEqual(termsOf(follower), [1]);
});

test("§5.5 a follower that restarts goes on from its disk and catches up", () => {
  const world = new World({ voters: 3, seed: 9 });
  run(world, 3000);
  const [top] = world.leaders();
  assert.ok(top);
  const victim = world.server(top.id === 1 ? 2 : 1);
  world.crash(victim);
  for (let i = 0; i < 10; i++) {
    world.step(top, { kind: "propose", commands: [Uint8Array.of(i)] });
    run(world, 50);
  }
  assert.ok(victim.appliedIndex < top.appliedIndex);
  world.restart(victim);
  run(world, 3000);
  assert.equal(victim.appliedIndex, top.appliedIndex);
});

/** Lets everything work for so many milliseconds. */
function run(world: World, ms: number): void {
  for (const end = world.now + ms; world.now < end; ) world.calmTurn();
}

test("§5.5 a vote request that was lost is asked again when the transport reports it", () => {
  const node = new Bench({ voters: 3 });
  node.timeout();
  node.settle();
  node.step({ kind: "unreachable", peer: 3 });
  const again = only(node.settle(), "vote-request");
  assert.deepEqual([again.to, again.term], [3, 1]);
  node.receive(voteResponse({ from: 3, granted: false }));
  node.step({ kind: "unreachable", peer: 3 });
  assert.deepEqual(node.settle(), [], "who has answered is not asked again");
});
