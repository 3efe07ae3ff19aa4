/** State Machine Safety by its result: the state after an index is the same everywhere (§5.4.3). */

import type { Index, NodeId } from "@holdfast/raft";
import type { OnBroken } from "./broken.ts";

const NONE = -1;

/** Knows the hash of the state after each index, from whoever came there first. */
export class HashLedger {
  readonly #report: OnBroken;
  /** By index. */
  readonly #hashes: number[] = [NONE];
  readonly #nodes: NodeId[] = [0];

  constructor(report: OnBroken) {
    this.#report = report;
  }

  /** Indexes that somebody has come to. */
  get size(): number {
    return this.#hashes.length - 1;
  }

  /** After each entry that a node applied or passed, and after each snapshot it took over. */
  note(node: NodeId, index: Index, hash: number): void {
    const hashes = this.#hashes;
    while (hashes.length <= index) {
      hashes.push(NONE);
      this.#nodes.push(0);
    }
    const known = hashes[index] ?? NONE;
    if (known === hash) return;
    if (known === NONE) {
      hashes[index] = hash;
      this.#nodes[index] = node;
      return;
    }
    const first = this.#nodes[index] ?? 0;
    this.#report({
      check: "state: replicas differ",
      message:
        `After index ${index} the state of node ${node} is ${hash.toString(16)}, ` +
        `that of node ${first} was ${known.toString(16)}`,
      node,
    });
  }

  /** Undefined when nobody came there. */
  at(index: Index): number | undefined {
    const hash = this.#hashes[index] ?? NONE;
    return hash === NONE ? undefined : hash;
  }
}
