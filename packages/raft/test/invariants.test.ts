/**
 * Each assertion of the invariants fires on a state or step that breaks it (paper Fig. 3): none is
 * there for show.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assert as assertInvariant,
  checkState,
  checkStep,
  InvariantError,
  type Raft,
  remember,
} from "@holdfast/raft";
import { Bench, candidate, entryOf, leader, matchedLeader } from "./kit.ts";
import { appendRequest, appendResponse } from "./messages.ts";

interface Broken {
  readonly message: string;
  readonly scene: () => Bench;
  readonly breakIt: (raft: Raft, node: Bench) => void;
}

const plain = (): Bench => new Bench({ term: 3, log: [1, 2], commit: 2 });
const compacted = (): Bench =>
  new Bench({ term: 3, start: { index: 2, term: 1 }, log: [2, 2], commit: 4 });
const top = (): Bench => matchedLeader({ term: 2, log: [1, 2] });

const STATES: readonly Broken[] = [
  {
    message: "state: durable beyond the log",
    scene: plain,
    breakIt: (raft) => {
      raft.log.durable = 3;
    },
  },
  {
    message: "state: compacted beyond commit",
    scene: compacted,
    breakIt: (raft) => {
      raft.commit = 1;
    },
  },
  {
    message: "state: commit beyond the log",
    scene: plain,
    breakIt: (raft) => {
      raft.commit = 3;
    },
  },
  {
    message: "state: handed out more than committed",
    scene: plain,
    breakIt: (raft) => {
      raft.commit = 1;
    },
  },
  {
    message: "state: applied more than handed out",
    scene: plain,
    breakIt: (raft) => {
      raft.handed = 1;
    },
  },
  {
    message: "state: compacted what was never handed out",
    scene: compacted,
    breakIt: (raft) => {
      raft.handed = 1;
      raft.applied = 1;
    },
  },
  {
    message: "state: log is ahead of the term",
    scene: plain,
    breakIt: (raft) => {
      raft.term = 1;
    },
  },
  {
    message: "state: wrote beyond the log",
    scene: plain,
    breakIt: (raft) => {
      raft.written = 3;
    },
  },
  {
    message: "state: durable before written",
    scene: plain,
    breakIt: (raft) => {
      raft.durableTerm = 4;
    },
  },
  {
    message: "state: wrote a later term",
    scene: plain,
    breakIt: (raft) => {
      raft.writtenTerm = 4;
    },
  },
  {
    message: "state: gap between snapshot and log",
    scene: compacted,
    breakIt: (raft) => {
      raft.snapshot = undefined;
    },
  },
  {
    message: "log: not contiguous",
    scene: plain,
    breakIt: (raft) => {
      raft.log.entries[1] = entryOf(7, 2);
    },
  },
  {
    message: "log: terms go back",
    scene: plain,
    breakIt: (raft) => {
      raft.log.entries[0] = entryOf(1, 3);
    },
  },
  {
    message: "candidate: voted for another",
    scene: candidate,
    breakIt: (raft) => {
      raft.vote = 2;
    },
  },
  {
    message: "candidate: in term 0",
    scene: candidate,
    breakIt: (raft) => {
      raft.term = 0;
      raft.writtenTerm = 0;
      raft.durableTerm = 0;
    },
  },
  {
    message: "follower: follows itself",
    scene: plain,
    breakIt: (raft) => {
      if (raft.role.kind === "follower") raft.role.leader = 1;
    },
  },
  {
    message: "leader: own vote not durable",
    scene: top,
    breakIt: (raft) => {
      raft.durableTerm = 1;
    },
  },
  {
    message: "leader: voted for another",
    scene: top,
    breakIt: (raft) => {
      raft.vote = 3;
    },
  },
  {
    message: "leader: budget below zero",
    scene: top,
    breakIt: (_, node) => {
      node.leader.uncommittedBytes = -1;
    },
  },
  {
    message: "leader: budget leaks",
    scene: top,
    breakIt: (raft, node) => {
      raft.commit = raft.log.lastIndex;
      node.leader.uncommittedBytes = 1;
    },
  },
  {
    message: "leader: its election is still open",
    scene: leader,
    breakIt: (raft) => {
      raft.isElectionOpen = true;
    },
  },
  {
    message: "candidate: its election is over",
    scene: candidate,
    breakIt: (raft) => {
      raft.isElectionOpen = false;
    },
  },
  {
    message: "election: open and voted for another",
    scene: plain,
    breakIt: (raft) => {
      raft.isElectionOpen = true;
    },
  },
  {
    message: "pre-candidate: holds votes of no election",
    scene: plain,
    breakIt: (raft) => {
      const kind = "pre-candidate";
      raft.role = { kind, granted: [1], refused: [], votes: [1], resends: 0, electionAt: 0 };
    },
  },
  {
    message: "progress: match reaches next",
    scene: top,
    breakIt: (_, node) => {
      node.peer(2).match = 3;
    },
  },
  {
    message: "progress: next beyond the log",
    scene: top,
    breakIt: (_, node) => {
      node.peer(2).next = 4;
    },
  },
  {
    message: "progress: flows on over a gap",
    scene: top,
    breakIt: (_, node) => {
      node.peer(2).match--;
    },
  },
  {
    message: "progress: flow and snapshot",
    scene: top,
    breakIt: (_, node) => {
      node.peer(3).flow = "snapshot";
    },
  },
  {
    message: "progress: window leaks",
    scene: top,
    breakIt: (_, node) => {
      node.peer(3).bytesInWindow = 1;
    },
  },
];

/** Puts another last entry into the log behind the back of its owner. */
function overwriteLast(raft: Raft): void {
  const { lastIndex, entries } = raft.log;
  entries[entries.length - 1] = entryOf(lastIndex, raft.term);
}

const STEPS: readonly Broken[] = [
  {
    message: "step: term goes back",
    scene: plain,
    breakIt: (raft) => {
      raft.term = 2;
    },
  },
  {
    message: "step: vote changed within a term",
    scene: () => new Bench({ term: 3, vote: 2 }),
    breakIt: (raft) => {
      raft.vote = 3;
    },
  },
  {
    message: "step: vote changed within a term",
    scene: () => new Bench({ term: 3, vote: 2 }),
    breakIt: (raft) => {
      raft.vote = 0;
    },
  },
  {
    message: "step: commit goes back",
    scene: plain,
    breakIt: (raft) => {
      raft.commit = 1;
    },
  },
  {
    message: "step: applied goes back",
    scene: () => {
      const node = compacted();
      node.step({ kind: "snapshot-taken", index: 3 });
      return node;
    },
    breakIt: (raft) => {
      raft.applied = 2;
    },
  },
  {
    message: "step: handed goes back",
    scene: plain,
    breakIt: (raft) => {
      raft.handed = 1;
    },
  },
  {
    message: "step: time goes back",
    scene: plain,
    breakIt: (raft) => {
      raft.now = -1;
    },
  },
  {
    message: "leader: changed its term",
    scene: top,
    breakIt: (raft) => {
      raft.term++;
    },
  },
  {
    message: "leader: cut its own log",
    scene: top,
    breakIt: (raft) => {
      raft.log.truncateFrom(2);
    },
  },
  { message: "leader: overwrote its own log", scene: top, breakIt: overwriteLast },
  {
    message: "leader: committed an earlier term's entry by counting",
    scene: top,
    breakIt: (raft) => {
      raft.commit = 1;
    },
  },
  {
    message: "step: a non-voter campaigns",
    scene: candidate,
    breakIt: (raft) => {
      raft.members = { voters: [2, 3] };
    },
  },
];

for (const { message, scene, breakIt } of STATES) {
  test(`checkState says "${message}"`, () => {
    const node = scene();
    checkState(node.raft);
    breakIt(node.raft, node);
    assert.throws(() => checkState(node.raft), { code: "RAFT_INVARIANT", message });
  });
}

for (const { message, scene, breakIt } of STEPS) {
  test(`checkStep says "${message}"`, () => {
    const node = scene();
    const before = remember(node.raft);
    checkStep(before, node.raft);
    breakIt(node.raft, node);
    assert.throws(() => checkStep(before, node.raft), { code: "RAFT_INVARIANT", message });
  });
}

test("the tables hold all 29 assertions on states and all 11 on steps", () => {
  assert.equal(new Set(STATES.map(({ message }) => message)).size, 29);
  assert.equal(new Set(STEPS.map(({ message }) => message)).size, 11);
});

test("a sound state and step pass: the checks do not fire for nothing", () => {
  for (const scene of [plain, compacted, top, candidate, leader]) {
    const node = scene();
    const before = remember(node.raft);
    checkState(node.raft);
    checkStep(before, node.raft);
  }
});

test("I-7 a vote may be given in a term where there was none, and is free in the next", () => {
  const node = new Bench({ term: 3 });
  const before = remember(node.raft);
  node.raft.vote = 2;
  checkStep(before, node.raft);
  const voted = remember(node.raft);
  node.raft.term = 4;
  node.raft.vote = 0;
  checkStep(voted, node.raft);
});

test("I-2 who has led and follows now may cut its log", () => {
  const node = leader({ term: 1, log: [1] });
  node.propose("x");
  const before = remember(node.raft);
  node.receive(appendRequest({ term: 5, prevIndex: 1, prevTerm: 1, entries: [entryOf(2, 5)] }));
  checkStep(before, node.raft);
  assert.equal(node.raft.log.termAt(2), 5);
});

test("an assertion carries a stable code and the text of the rule", () => {
  assertInvariant(true, "holds");
  assert.throws(
    () => assertInvariant(false, "log.push: gap"),
    (error) =>
      error instanceof InvariantError &&
      error.code === "RAFT_INVARIANT" &&
      error.name === "InvariantError" &&
      error.message === "log.push: gap",
  );
});

test("an acknowledgement frees exactly what it covers of the leader's window", () => {
  const node = matchedLeader({ voters: 2 });
  const { seq } = node.leader;
  for (const text of ["a", "b", "c"]) {
    node.propose(text);
    node.settle();
  }
  assert.equal(node.peer(2).messagesInWindow, 3);
  node.receive(appendResponse({ seq: seq + 2, index: 2 }));
  assert.deepEqual([node.peer(2).messagesInWindow, node.peer(2).bytesInWindow], [1, 17]);
});
