/** Counts votes as they leave the voters: who leads must have a majority (paper §5.2, A7). */

import { assert, type Message, majorityOf, type NodeId, type Term } from "@holdfast/raft";

export class Ballots {
  readonly #nodes: number;
  /** By term: who has given away a vote, and to whom. */
  readonly #given = new Map<Term, Map<NodeId, NodeId>>();

  /** All `nodes` are voters. */
  constructor(nodes: number) {
    this.#nodes = nodes;
  }

  /** This message leaves its sender. Who asks for votes has voted for itself. */
  left(message: Message): void {
    if (message.kind === "vote-request" && !message.preVote) {
      this.#give(message.electionTerm, message.from, message.from);
    } else if (message.kind === "vote-response" && message.granted && !message.preVote) {
      this.#give(message.electionTerm, message.from, message.to);
    }
  }

  /** Throws `InvariantError` unless a majority has voted for `leader`, itself included. */
  elected(leader: NodeId, term: Term): void {
    let count = 1;
    for (const [voter, candidate] of this.#given.get(term) ?? []) {
      if (candidate === leader && voter !== leader) count++;
    }
    assert(count >= majorityOf(this.#nodes), "cluster: elected without a majority of votes");
  }

  #give(term: Term, voter: NodeId, candidate: NodeId): void {
    let ballot = this.#given.get(term);
    if (ballot === undefined) {
      ballot = new Map();
      this.#given.set(term, ballot);
    }
    ballot.set(voter, candidate);
  }
}
