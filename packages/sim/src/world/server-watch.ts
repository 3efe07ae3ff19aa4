/** Looks at one server from close by, after every step and at every packet that leaves it. */

import {
  assert,
  type Before,
  checkShape,
  checkStep,
  type NodeId,
  type RaftEvent,
  remember,
  type Term,
} from "@holdfast/raft";
import type { Packet, Probe } from "@holdfast/replica";
import type { DurableLog } from "../durable-log.ts";
import type { Life } from "./server.ts";
import type { Watch } from "./watch.ts";

export class ServerWatch {
  readonly #id: NodeId;
  readonly #watch: Watch;
  readonly #durable: DurableLog;
  /** Who got this server's vote, by term: kept over all its lives (A3, A4). */
  readonly #votes = new Map<Term, NodeId>();
  /** The highest term in which it spoke, and that of its earlier lives. */
  #spokenTerm: Term = 0;
  #spokenBefore: Term = 0;
  #life: Life | undefined;

  constructor(id: NodeId, watch: Watch, durable: DurableLog) {
    this.#id = id;
    this.#watch = watch;
    this.#durable = durable;
  }

  /** The process has ended; with `power` what was not synced is lost. */
  ended(power: boolean): void {
    this.#spokenBefore = this.#spokenTerm;
    this.#life = undefined;
    if (power) this.#durable.powerLost();
  }

  happened(event: RaftEvent): void {
    const raft = this.#life?.raft;
    if (raft === undefined) return;
    this.#watch.guard(this.#id, () => this.#watch.happened(raft, event));
  }

  probe(life: Life): Probe {
    const watch = this.#watch;
    const id = this.#id;
    let before: Before | undefined;
    return {
      opened: (raft) => {
        life.raft = raft;
        this.#life = life;
        watch.guard(id, () => {
          this.#durable.recovered(raft);
          checkShape(raft);
        });
      },
      stepping: () => {
        if (life.raft !== undefined) before = remember(life.raft);
      },
      stepped: () => {
        const { raft } = life;
        if (raft === undefined || before === undefined) return;
        const earlier = before;
        watch.guard(id, () => {
          checkStep(earlier, raft);
          checkShape(raft);
        });
      },
      sending: (packet) => {
        if (life.process.isAlive) watch.guard(id, () => this.#speaks(packet));
      },
      applied: (entry) => {
        const { raft } = life;
        if (raft !== undefined) watch.guard(id, () => watch.applied(entry, raft.term));
      },
    };
  }

  #speaks(packet: Packet): void {
    if (packet.kind === "forward-request" || packet.kind === "forward-response") return;
    this.#watch.left(packet, this.#durable);
    assert(packet.term >= this.#spokenBefore, "server: speaks in a term before that of its last life");
    if (packet.term > this.#spokenTerm) this.#spokenTerm = packet.term;
    if (packet.kind === "vote-response" && packet.granted && !packet.preVote) {
      this.#voted(packet.electionTerm, packet.to);
    } else if (packet.kind === "vote-request" && !packet.preVote) {
      this.#voted(packet.electionTerm, packet.from);
    }
  }

  #voted(term: Term, candidate: NodeId): void {
    const other = this.#votes.get(term);
    assert(other === undefined || other === candidate, "server: two votes in one term");
    if (other === undefined) this.#votes.set(term, candidate);
  }
}
