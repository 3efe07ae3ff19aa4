/**
 * Request numbers without their values. A leader only compares them, and only with those of the
 * same peer: what an answer in flight means is where it stands among them.
 */

import type { Message, Raft } from "@holdfast/raft";
import type { Host, World } from "./world.ts";

type Progress = Extract<Raft["role"], { kind: "leader" }>["peers"][number];

/** Ranks of the request numbers that are still to be seen, per leader and peer. */
export class RequestOrder {
  readonly #ranks = new Map<number, Map<number, number>>();
  readonly #terms: number[] = [];

  constructor(world: World) {
    const seen = new Map<number, Set<number>>();
    for (const { raft } of world.hosts) {
      this.#terms.push(raft.role.kind === "leader" ? raft.term : -1);
    }
    if (this.#terms.every((term) => term === -1)) return;
    for (const message of world.wire) this.#collect(seen, message);
    for (const { pending } of world.hosts) {
      for (const { thenSend } of pending) for (const each of thenSend) this.#collect(seen, each);
    }
    for (const host of world.hosts) this.#rankAll(host, seen);
  }

  /** Whether answers to requests of this server are still to come. */
  concern(leader: number): boolean {
    for (const link of this.#ranks.keys()) if (link >> 4 === leader) return true;
    return false;
  }

  /** The rank of a message's request; 0 when nobody will look at it. */
  of(message: Message): number {
    const link = this.#linkOf(message);
    if (link === 0 || !("seq" in message)) return 0;
    return this.#ranks.get(link)?.get(message.seq) ?? 0;
  }

  /** The rank of a request in a leader's window; 0 when its answer can't come any more. */
  inWindow(leader: number, peer: number, seq: number): number {
    return this.#ranks.get(leader * 16 + peer)?.get(seq) ?? 0;
  }

  /** How many ranks lie below `bound`, or at it when `isIncluded`. */
  below(leader: number, peer: number, bound: number, isIncluded: boolean): number {
    let rank = 0;
    for (const [seq, its] of this.#ranks.get(leader * 16 + peer) ?? []) {
      if (seq < bound || (isIncluded && seq === bound)) rank = Math.max(rank, its);
    }
    return rank;
  }

  #linkOf(message: Message): number {
    const { kind, from, to, term } = message;
    if (kind === "append-request") return this.#terms[from - 1] === term ? from * 16 + to : 0;
    if (kind === "append-response") return this.#terms[to - 1] === term ? to * 16 + from : 0;
    return 0;
  }

  #collect(seen: Map<number, Set<number>>, message: Message): void {
    const link = this.#linkOf(message);
    if (link === 0 || !("seq" in message)) return;
    const seqs = seen.get(link);
    if (seqs === undefined) seen.set(link, new Set([message.seq]));
    else seqs.add(message.seq);
  }

  #rankAll({ raft }: Host, seen: ReadonlyMap<number, ReadonlySet<number>>): void {
    const { role, config } = raft;
    if (role.kind !== "leader") return;
    for (const peer of role.peers) {
      const link = config.id * 16 + peer.id;
      const seqs = seen.get(link);
      if (seqs !== undefined) this.#ranks.set(link, ranksOf(peer, seqs));
    }
  }
}

/** Equal ranks for numbers that this leader can't tell apart. */
function ranksOf(peer: Progress, seqs: ReadonlySet<number>): Map<number, number> {
  const ranks = new Map<number, number>();
  let rank = 0;
  let before = "";
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const isAwaited = peer.windowSeq.includes(seq);
    const place = isAwaited ? `${seq}` : `${seq >= peer.floorSeq} ${seq > peer.matchSeq}`;
    if (place !== before) rank++;
    before = place;
    ranks.set(seq, rank);
  }
  return ranks;
}
