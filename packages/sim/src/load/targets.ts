/** Whom clients ask: any node that is up, or rather the one that seems to lead. */

import type { NodeId } from "@holdfast/raft";
import type { Random } from "../random.ts";
import type { Door } from "./door.ts";

export class Targets {
  readonly #door: Door<unknown>;
  readonly #nodes: readonly NodeId[];

  constructor(door: Door<unknown>) {
    this.#door = door;
    this.#nodes = Array.from({ length: door.nodes }, (_, i) => i + 1);
  }

  /** 0 when all are down. Two draws, whatever comes of them. */
  pick(random: Random, leaderBias: number): NodeId {
    const wantsLeader = random.below(1000) < leaderBias;
    const first = random.below(this.#nodes.length);
    const leader = wantsLeader ? this.#door.leader() : 0;
    if (leader !== 0 && this.#nodes.includes(leader) && this.#door.isUp(leader)) return leader;
    for (let i = 0; i < this.#nodes.length; i++) {
      const node = this.#nodes[(first + i) % this.#nodes.length] ?? 0;
      if (this.#door.isUp(node)) return node;
    }
    return 0;
  }
}
