/** All directed links of a simulated network, and the faults laid on them. */

import type { NodeId } from "@holdfast/raft";
import type { Lift } from "./lift.ts";
import type { Connection } from "./network-connection.ts";
import { type Link, type LinkFault, LinkState } from "./network-link.ts";
import type { Random } from "./random.ts";

/** Room for ids below this at first. */
const IDS = 8;

export class LinkTable {
  readonly #random: Random;
  /** By `from * #ids + to`; made when first needed. */
  #links: (LinkState | undefined)[] = [];
  #ids: number = IDS;

  /** Each link has its own stream of `random`. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** All ids are below this. */
  get ids(): number {
    return this.#ids;
  }

  get(from: NodeId, to: NodeId): LinkState {
    return this.#links[from * this.#ids + to] ?? this.#make(from, to);
  }

  /** Makes room for this id. */
  grow(id: NodeId): void {
    if (id < this.#ids) return;
    const ids = id + 1;
    const links: (LinkState | undefined)[] = [];
    for (const link of this.#links) {
      if (link !== undefined) links[link.from * ids + link.to] = link;
    }
    this.#links = links;
    this.#ids = ids;
  }

  lay(links: readonly Link[], fault: LinkFault): Lift {
    const states = links.map(({ from, to }) => this.get(from, to));
    for (const state of states) state.lay(fault);
    return {
      lift: (): void => {
        for (const state of states) state.lift(fault);
      },
    };
  }

  /** Lifts every fault on links between two of these nodes; on all links unless told. */
  heal(among: readonly NodeId[] | undefined): void {
    for (const link of this.#links) {
      if (link === undefined) continue;
      if (among === undefined || (among.includes(link.from) && among.includes(link.to))) {
        link.liftAll();
      }
    }
  }

  /** The connection in which the oldest packet waits to be read by this node. */
  oldestUnread(to: NodeId): Connection | undefined {
    let oldest: Connection | undefined;
    for (let from = 1; from < this.#ids; from++) {
      for (const one of this.#links[from * this.#ids + to]?.connections ?? []) {
        const isOlder =
          (one?.oldestUnread ?? Number.POSITIVE_INFINITY) <
          (oldest?.oldestUnread ?? Number.POSITIVE_INFINITY);
        if (isOlder) oldest = one;
      }
    }
    return oldest;
  }

  #make(from: NodeId, to: NodeId): LinkState {
    this.grow(Math.max(from, to));
    const link = new LinkState(from, to, this.#random.fork(`${from}-${to}`));
    this.#links[from * this.#ids + to] = link;
    return link;
  }
}
