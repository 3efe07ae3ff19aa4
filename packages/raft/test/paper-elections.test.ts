/** Terms, elections and the restriction on who may win them (paper §5.1, §5.2, §5.4.1). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { leaderOf, majorityOf } from "@holdfast/raft";
import { Bench, candidate, entriesOf, leader, termsOf } from "./kit.ts";
import { appendRequest, only, pick, voteRequest, voteResponse } from "./messages.ts";
import { World } from "./world.ts";

test("§5.1 a term has at most one leader: the second of two that collect votes cannot have a majority", () => {
  // Two candidates of term 1 share five voters; every split of the other three is tried.
  for (let split = 0; split < 8; split++) {
    const nodes = [candidate({ voters: 5, id: 1 }), candidate({ voters: 5, id: 2 })] as const;
    for (const voter of [3, 4, 5]) {
      const node = new Bench({ voters: 5, id: voter });
      const first = (split >> (voter - 3)) & 1;
      for (const which of [first, 1 - first]) {
        node.receive(voteRequest({ from: which + 1, to: voter }));
        const answer = only(node.settle(), "vote-response");
        nodes[which]?.receive(answer);
      }
    }
    const leaders = nodes.filter((node) => node.role.kind === "leader");
    assert.equal(leaders.length, 1, `split ${split}`);
  }
});

test("§5.1 a term never goes back and is exchanged with every message", () => {
  const node = new Bench({ term: 7 });
  node.receive(voteRequest({ term: 3 }));
  node.receive(appendRequest({ term: 2 }));
  const answers = node.settle();
  assert.deepEqual(
    answers.map((answer) => answer.term),
    [7, 7],
  );
  node.receive(appendRequest({ term: 8 }));
  assert.equal(node.raft.term, 8);
  assert.equal(only(node.settle(), "append-response").term, 8);
});

test("§5.1 a leader that meets a higher term steps down at once, and in the new term its vote is free", () => {
  const node = leader({ term: 1, log: [1] });
  node.receive(voteRequest({ from: 3, term: 6, lastIndex: 2, lastTerm: 2 }));
  assert.equal(node.role.kind, "follower");
  assert.equal(only(node.settle(), "vote-response", 3).granted, true);
  assert.equal(leaderOf(node.raft), 0, "who asks for votes does not lead yet");
});

test("§5.1 an answer of an earlier term is dropped: it neither elects nor commits", () => {
  const node = candidate({ term: 3 });
  node.timeout();
  node.settle();
  for (const from of [2, 3]) node.receive(voteResponse({ from, term: 4 }));
  assert.equal(node.role.kind, "candidate");
  assert.equal(node.raft.term, 5);
});

test("§5.2 a candidate wins with a majority of the full cluster, for 1 to 9 servers", () => {
  for (let voters = 1; voters <= 9; voters++) {
    const node = candidate({ voters });
    let votes = 1;
    for (let from = 2; from <= voters && node.role.kind !== "leader"; from++) {
      assert.ok(votes * 2 <= voters, `${votes} of ${voters} did not win`);
      node.receive(voteResponse({ from }));
      votes++;
    }
    assert.equal(node.role.kind, "leader", `${votes} of ${voters}`);
    assert.equal(votes, majorityOf(voters));
    assert.ok(votes * 2 > voters && (votes - 1) * 2 <= voters, `${votes} of ${voters} is least`);
  }
});

test("§5.2 a server votes for at most one candidate in a term, first come first served", () => {
  const node = new Bench({ voters: 5 });
  const granted: number[] = [];
  for (const from of [4, 2, 3, 5, 4]) {
    node.receive(voteRequest({ from, term: 2 }));
    if (only(node.settle(), "vote-response").granted) granted.push(from);
  }
  assert.deepEqual(granted, [4, 4]);
});

test("§5.2 an elected leader announces itself to all others, which stops their elections", () => {
  const world = new World({ voters: 3, seed: 4, config: { preVote: false } });
  const first = world.server(2);
  world.now = first.raft.deadline;
  for (let round = 0; round < 5; round++) {
    world.tick(first);
    for (const server of world.servers) {
      world.flush(server);
      world.completeWrite(server);
      world.flush(server);
    }
    for (const message of world.wire.splice(0)) world.deliver(message);
  }
  assert.equal(first.raft.role.kind, "leader");
  for (const id of [1, 3]) {
    assert.equal(leaderOf(world.server(id).raft), 2);
    assert.ok(world.server(id).raft.deadline > world.now);
  }
});

test("§5.2 a candidate yields to a leader of its own or a later term, not to one of an earlier", () => {
  for (const [term, kind] of [
    [3, "candidate"],
    [4, "follower"],
    [5, "follower"],
  ] as const) {
    const node = candidate({ term: 3 });
    node.receive(appendRequest({ term }));
    assert.equal(node.role.kind, kind, `append of term ${term} at a candidate of term 4`);
    const answer = only(node.settle(), "append-response");
    assert.equal(answer.accepted, kind === "follower");
    assert.equal(answer.term, Math.max(4, term));
  }
});

test("§5.2 a split vote elects nobody; the next timeout tries again in a higher term", () => {
  const node = candidate({ voters: 4 });
  node.receive(voteResponse({ from: 2 }));
  for (const from of [3, 4]) node.receive(voteResponse({ from, granted: false }));
  assert.equal(node.role.kind, "candidate");
  node.timeout();
  assert.deepEqual([node.role.kind, node.raft.term], ["candidate", 2]);
});

test("§5.2 election timeouts are drawn anew each time from the whole interval, and differ between servers", () => {
  const drawn = new Set<number>();
  const node = new Bench();
  for (let round = 0; round < 300; round++) {
    const before = node.now;
    node.timeout();
    const waited = node.now - before;
    assert.ok(waited >= 100 && waited < 200, `waited ${waited}`);
    drawn.add(waited);
    node.settle();
  }
  assert.ok(drawn.size > 80, `only ${drawn.size} different timeouts of 100`);
  assert.ok(drawn.has(100) || drawn.has(101), "the short end is reached");
  assert.ok(drawn.has(199) || drawn.has(198), "the long end is reached");
  const firsts = [1, 2, 3, 4, 5].map((id) => new Bench({ id, voters: 5 }).raft.deadline);
  assert.ok(new Set(firsts).size >= 4, `first timeouts ${firsts}`);
});

test("§5.2 a server that is no voter never starts an election", () => {
  const node = new Bench({ id: 7, voters: 3, term: 2 });
  assert.equal(node.raft.deadline, Number.POSITIVE_INFINITY);
  node.later(10_000);
  assert.equal(node.role.kind, "follower");
  assert.equal(node.raft.deadline, Number.POSITIVE_INFINITY);
  assert.deepEqual(node.settle(), []);
});

const ME = { lastTerm: 3, lastIndex: 5, log: [1, 1, 2, 3, 3] } as const;

test("§5.4.1 the later last term is more up to date, among equal terms the longer log; the voter denies all less", () => {
  for (let lastTerm = 1; lastTerm <= 5; lastTerm++) {
    for (let lastIndex = 1; lastIndex <= 8; lastIndex++) {
      const node = new Bench({ term: 6, log: ME.log });
      node.receive(voteRequest({ term: 6, lastIndex, lastTerm }));
      const { granted } = only(node.settle(), "vote-response");
      const expected =
        lastTerm > ME.lastTerm || (lastTerm === ME.lastTerm && lastIndex >= ME.lastIndex);
      assert.equal(granted, expected, `${lastIndex}^${lastTerm} against 5^3`);
      assert.equal(node.raft.vote, expected ? 2 : 0);
    }
  }
});

test("§5.4.1 a request shows the end of the candidate's log, compacted or not", () => {
  for (const [past, end] of [
    [{ log: [1, 2] }, [2, 2]],
    [{ start: { index: 8, term: 2 }, log: [3] }, [9, 3]],
    [{ start: { index: 8, term: 2 } }, [8, 2]],
    [{}, [0, 0]],
  ] as const) {
    const node = candidate(past);
    const [request] = pick(node.settle(), "vote-request");
    assert.equal(request, undefined, "asked once");
    node.timeout();
    const again = pick(node.settle(), "vote-request")[0];
    assert.deepEqual([again?.lastIndex, again?.lastTerm], end);
  }
});

test("§5.4.1 a refused vote for a log that is behind still raises the voter's term", () => {
  const node = new Bench({ term: 2, log: [2] });
  node.receive(voteRequest({ term: 5 }));
  assert.deepEqual([node.raft.term, node.raft.vote], [5, 0]);
  assert.equal(only(node.settle(), "vote-response").term, 5);
});

test("§5.4.1 an election moves no entries: a winner keeps its own log and a voter its own", () => {
  const node = leader({ term: 2, log: [1, 2] });
  assert.deepEqual(termsOf(node), [1, 2]);
  const voter = new Bench({ term: 2, log: [1] });
  voter.receive(voteRequest({ term: 3, lastIndex: 2, lastTerm: 2 }));
  assert.deepEqual(termsOf(voter), [1]);
  assert.deepEqual(voter.raft.log.entries, entriesOf(1, [1]));
});
