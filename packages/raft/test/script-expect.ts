/**
 * What a script can expect: facts about the cluster, a server, or a leader's view of a peer, by
 * name.
 */

import assert from "node:assert/strict";
import { leaderOf, type Progress } from "@holdfast/raft";
import type { Stage } from "./stage.ts";
import type { Server } from "./world.ts";

type Facts<T> = Readonly<Record<string, (of: T) => string | number>>;
type Expected = ReadonlyMap<string, string>;

const CLUSTER: Facts<Stage> = {
  leader: ({ world }) =>
    world
      .leaders()
      .map((server) => server.id)
      .join(",") || "none",
  term: ({ world }) => Math.max(...world.servers.map((server) => server.raft.term)),
  wire: ({ world }) => world.wire.length,
  committed: ({ world }) => Math.max(0, ...world.invariants.committed.keys()),
};

const SERVER: Facts<Server> = {
  role: ({ raft, isUp }) => (isUp ? raft.role.kind : "down"),
  term: ({ raft }) => raft.term,
  vote: ({ raft }) => raft.vote || "none",
  leader: ({ raft }) => leaderOf(raft) || "none",
  log: ({ raft }) => raft.log.entries.map((entry) => entry.term).join(",") || "empty",
  start: ({ raft }) => raft.log.startIndex,
  last: ({ raft }) => raft.log.lastIndex,
  durable: ({ raft }) => raft.log.durable,
  commit: ({ raft }) => raft.commit,
  applied: ({ appliedIndex }) => appliedIndex,
  snapshot: ({ raft }) => raft.snapshot?.index ?? "none",
  writes: ({ pending }) => pending.length,
};

const PEER: Facts<Progress> = {
  peer: ({ id }) => id,
  match: ({ match }) => match,
  next: ({ next }) => next,
  flow: ({ flow }) => flow,
  window: ({ messagesInWindow }) => messagesInWindow,
};

export function expectCluster(stage: Stage, expected: Expected): void {
  check(CLUSTER, stage, expected);
}

export function expectServer(server: Server, expected: Expected): void {
  check(SERVER, server, expected);
}

export function expectPeer(server: Server, expected: Expected): void {
  const { role } = server.raft;
  assert.ok(role.kind === "leader", `server ${server.id} is ${role.kind}, it has no peers`);
  const peer = role.peers.find((each) => String(each.id) === expected.get("peer"));
  assert.ok(peer, `server ${server.id} has no such peer`);
  check(PEER, peer, expected);
}

function check<T>(facts: Facts<T>, of: T, expected: Expected): void {
  for (const [name, value] of expected) {
    const fact = facts[name];
    assert.ok(fact, `unknown fact ${name}, known are ${Object.keys(facts).join(" ")}`);
    assert.equal(String(fact(of)), value, `${name} is ${fact(of)}, expected ${value}`);
  }
}

/** A server in one line. */
export function describeServer(server: Server): string {
  const { raft, isUp, pending, appliedIndex } = server;
  if (!isUp) return "down";
  const { role, term, vote, log, commit, snapshot } = raft;
  const shown = log.entries.map((entry) => `${entry.index}^${entry.term}`).join(" ");
  const start = log.startIndex === 0 ? "" : `${log.startIndex}^${log.startTerm} | `;
  const parts = [
    `${role.kind} term ${term} ${vote === 0 ? "no vote" : `vote ${vote}`}`,
    `log [${start}${shown}]`,
    `commit ${commit}`,
    `applied ${appliedIndex}`,
  ];
  if (snapshot !== undefined) parts.push(`snapshot ${snapshot.index}^${snapshot.term}`);
  if (log.durable !== log.lastIndex) parts.push(`durable ${log.durable}`);
  if (pending.length > 0) parts.push(`${pending.length} writes queued`);
  return parts.join(", ");
}

/** What a leader knows of its peers, a line each. */
export function describePeers({ raft, isUp }: Server): string[] {
  return isUp && raft.role.kind === "leader" ? raft.role.peers.map(describePeer) : [];
}

function describePeer(peer: Progress): string {
  const { id, flow, match, next, messagesInWindow, silent } = peer;
  const window = messagesInWindow === 0 ? "" : `, ${messagesInWindow} unanswered`;
  const state = `${flow}${silent ? ", silent" : ""}`;
  return `peer ${id}: ${state}, match ${match}, next ${next}${window}`;
}
