/**
 * A circle of benches that talk to each other in virtual time, over links that can be cut one way.
 */

import assert from "node:assert/strict";
import type { Index, Message, NodeId } from "@holdfast/raft";
import { Bench, type Past } from "./kit.ts";

export class Circle {
  readonly nodes: Bench[];
  /** Directed links that lose everything, as `from>to`. */
  readonly cut = new Set<string>();
  /** Nodes that do nothing at all. */
  readonly dead = new Set<NodeId>();
  now = 0;

  /** One node for each past; ids and the number of voters are filled in. */
  constructor(pasts: readonly Past[]) {
    this.nodes = pasts.map((past, i) => new Bench({ ...past, id: i + 1, voters: pasts.length }));
  }

  node(id: NodeId): Bench {
    const node = this.nodes[id - 1];
    assert.ok(node, `no node ${id}`);
    return node;
  }

  /** Cuts a link both ways. */
  part(a: NodeId, b: NodeId): void {
    this.cut.add(`${a}>${b}`);
    this.cut.add(`${b}>${a}`);
  }

  /** How far the log is committed, as far as anybody knows. */
  commitMax(): Index {
    return Math.max(...this.nodes.map(({ raft }) => raft.commit));
  }

  /** The nodes that lead, as far as they know. */
  leaders(): readonly NodeId[] {
    const ids: NodeId[] = [];
    for (const { raft } of this.nodes) {
      if (!this.dead.has(raft.config.id) && raft.role.kind === "leader") ids.push(raft.config.id);
    }
    return ids;
  }

  /** Lets so many milliseconds pass; `each` is called after every one. */
  run(ms: number, each: () => void = () => undefined): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now++;
      for (const node of this.nodes) {
        node.now = this.now;
        const isUp = !this.dead.has(node.raft.config.id);
        if (isUp && node.raft.deadline <= this.now) node.step({ kind: "tick" });
      }
      this.exchange();
      each();
    }
  }

  /** Runs until somebody leads, for `ms` at most; who it is. */
  elect(ms = 1500): NodeId {
    for (const end = this.now + ms; this.now < end && this.leaders().length === 0; ) this.run(1);
    const [first] = this.leaders();
    assert.ok(first !== undefined, `nobody leads after ${ms} ms`);
    return first;
  }

  /** Carries messages until none is under way. */
  exchange(): void {
    for (let round = 0; round < 200; round++) {
      const messages = this.nodes.flatMap((node) => this.#settle(node));
      if (messages.length === 0) return;
      for (const message of messages) this.#deliver(message);
    }
    throw new Error("the circle never falls silent");
  }

  #settle(node: Bench): readonly Message[] {
    return this.dead.has(node.raft.config.id) ? [] : node.settle();
  }

  #deliver(message: Message): void {
    const isLost = this.cut.has(`${message.from}>${message.to}`) || this.dead.has(message.to);
    if (!isLost) this.node(message.to).receive(message);
  }
}
