/**
 * Proposals on a node that doesn't lead: one hop to the leader and an answer with the command's
 * place (thesis §6.2).
 */

import { NOBODY, type NodeId, type StepResult, sometimes, type Term } from "@holdfast/raft";
import type { ForwardRequest, ForwardResponse } from "./codec/packet.ts";
import { maybe } from "./maybe.ts";
import type { Proposal, Proposals } from "./proposals.ts";
import { SeenNumbers } from "./seen-numbers.ts";

/** What forwarding needs of the replica. */
export interface ForwardHost {
  readonly id: NodeId;
  term(): Term;
  /** Who leads, as far as this node knows, and can be reached. */
  leader(): NodeId;
  /** Steps a proposal; refused unless this node leads. */
  start(command: Uint8Array): StepResult;
  send(packet: ForwardRequest | ForwardResponse): void;
  now(): number;
}

/**
 * Request numbers are `incarnation * SPAN + counter`: numbers of different incarnations never meet.
 */
const SPAN = 2 ** 22;

export class Forwarding<R> {
  readonly #host: ForwardHost;
  readonly #proposals: Proposals<R>;
  readonly #retryMs: number;
  #nextId: number;
  /**
   * Requests that were answered, by peer and its incarnation. Networks may repeat packets: a
   * request must be neither appended twice nor refused after it was appended, in whatever term its
   * copy comes (simulated seed 30741).
   */
  readonly #handled = new Map<NodeId, Map<number, SeenNumbers>>();
  /**
   * What was asked for in this term, or an earlier one, may have been appended before this start.
   */
  readonly #bootTerm: Term;

  /** `random` is a word that differs between incarnations of this node. */
  constructor(host: ForwardHost, proposals: Proposals<R>, random: number, retryMs: number) {
    this.#host = host;
    this.#proposals = proposals;
    this.#retryMs = retryMs;
    this.#bootTerm = host.term();
    this.#nextId = (random % 2 ** 31) * SPAN + 1;
  }

  /** Tries all that wait for a leader and whose time for a try has come. */
  retry(): void {
    if (this.#proposals.seeking.size === 0 || this.#host.leader() === NOBODY) return;
    const now = this.#host.now();
    for (const proposal of this.#proposals.seeking) {
      if (proposal.retryAt <= now) this.attempt(proposal);
    }
  }

  /**
   * Appends it here or sends it to the leader. Without a leader that can be reached it goes on
   * waiting: what isn't sent is certainly in no log.
   */
  attempt(proposal: Proposal<R>): void {
    const leader = this.#host.leader();
    if (leader === this.#host.id) this.#startHere(proposal);
    else if (leader !== NOBODY) this.#sendTo(proposal, leader);
  }

  /**
   * A peer asks this node, which it believes to lead, to append. Never passed on: one hop at most.
   */
  onRequest(request: ForwardRequest): void {
    if (!this.#handledOf(request.from, Math.trunc(request.id / SPAN)).add(request.id)) {
      // A refusal would tell the peer to send it elsewhere, and the first one may be in the log.
      sometimes("forwarding: a repeated request is not appended again");
      return;
    }
    const { term } = request;
    if (term <= this.#bootTerm) {
      sometimes("forwarding: nobody knows what became of a request from before the start");
      this.#answer(request, UNKNOWN);
    } else if (term !== this.#host.term()) {
      sometimes("forwarding: a request for another term is refused");
      this.#answer(request, STALE);
    } else {
      this.#answer(request, this.#host.start(request.command));
    }
  }

  #answer({ id, from, to }: ForwardRequest, result: StepResult | typeof UNKNOWN): void {
    const leader = this.#host.leader();
    if (maybe("forwarding: give no answer")) return;
    // Not `{ ...head, ... }`: with a number as large as `id` in it that takes V8 microseconds.
    this.#host.send({
      kind: "forward-response",
      from: to,
      to: from,
      id,
      ok: result.ok,
      index: result.ok ? result.first : 0,
      term: result.ok ? result.term : 0,
      reason: result.ok ? "" : result.reason,
      leader,
    });
  }

  onResponse(response: ForwardResponse): void {
    const proposal = this.#proposals.forward(response.id, response.from);
    if (proposal === undefined) return;
    if (response.ok) {
      this.#proposals.appended(proposal, { index: response.index, term: response.term });
    } else if (response.reason === "not-leader") {
      this.#redirect(proposal, response);
    } else if (response.reason === "too-large" || response.reason === "too-much-uncommitted") {
      this.#turnAway(proposal, response.reason, `Node ${response.from} refused it`);
    } else {
      this.#proposals.giveUp(proposal, `Node ${response.from} could not tell`);
    }
  }

  #startHere(proposal: Proposal<R>): void {
    const result = this.#host.start(proposal.command);
    if (result.ok) {
      this.#proposals.appended(proposal, { index: result.first, term: result.term });
    } else if (result.reason !== "not-leader") {
      this.#turnAway(proposal, result.reason, result.detail);
    }
  }

  #sendTo(proposal: Proposal<R>, leader: NodeId): void {
    const id = this.#nextId++;
    this.#host.send({
      kind: "forward-request",
      from: this.#host.id,
      to: leader,
      id,
      term: this.#host.term(),
      command: proposal.command,
    });
    this.#proposals.forwarded(proposal, id, leader);
  }

  /**
   * The first hint is followed at once, later ones after a while: two nodes that name each other
   * must not spin.
   */
  #redirect(proposal: Proposal<R>, response: ForwardResponse): void {
    const { leader, from } = response;
    const isFirst = proposal.refusals === 0;
    this.#proposals.refused(proposal, this.#host.now() + this.#retryMs);
    if (!isFirst || leader === NOBODY || leader === from) return;
    sometimes("forwarding: the leader that a refusal names is asked next");
    if (leader === this.#host.id) this.#startHere(proposal);
    else this.#sendTo(proposal, leader);
  }

  #turnAway(proposal: Proposal<R>, reason: string, detail: string): void {
    if (reason === "too-large") {
      this.#proposals.refuse(proposal, "too-large", detail);
    } else {
      this.#proposals.refuse(proposal, "overloaded", detail, this.#retryMs);
    }
  }

  #handledOf(from: NodeId, incarnation: number): SeenNumbers {
    let ofPeer = this.#handled.get(from);
    if (ofPeer === undefined) {
      ofPeer = new Map();
      this.#handled.set(from, ofPeer);
    }
    let handled = ofPeer.get(incarnation);
    if (handled === undefined) {
      handled = new SeenNumbers();
      ofPeer.set(incarnation, handled);
    }
    return handled;
  }
}

const UNKNOWN = { ok: false, reason: "unknown" } as const;

const STALE: StepResult = {
  ok: false,
  reason: "not-leader",
  detail: "the request is for another term",
};
