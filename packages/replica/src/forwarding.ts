/**
 * Proposals on a node that doesn't lead: one hop to the leader and an answer with the command's
 * place (thesis §6.2).
 */

import { NOBODY, type NodeId, type StepResult, sometimes, type Term } from "@holdfast/raft";
import type { ForwardReason, ForwardRequest, ForwardResponse } from "./codec/packet.ts";
import { maybe } from "./maybe.ts";
import type { Proposal } from "./proposal.ts";
import type { Proposals } from "./proposals.ts";
import { SeenNumbers } from "./seen-numbers.ts";

/** What forwarding needs of the replica. */
export interface ForwardHost {
  readonly id: NodeId;
  /**
   * Up to this term the node may have led before its start, and has forgotten what it took then.
   */
  readonly forgottenTerm: Term;
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
/** Terms whose requests are remembered; of older ones nobody can tell. */
const TERMS_MAX = 4;

/** By peer and its incarnation. */
type Handled = Map<NodeId, Map<number, SeenNumbers>>;

export class Forwarding<R> {
  readonly #host: ForwardHost;
  readonly #proposals: Proposals<R>;
  readonly #retryMs: number;
  #nextId: number;
  /** What was handled while this node was in a term, by that term, in ascending order. */
  readonly #handled = new Map<Term, Handled>();
  #forgottenTerm: Term;

  /** `random` is a word that differs between incarnations of this node. */
  constructor(host: ForwardHost, proposals: Proposals<R>, random: number, retryMs: number) {
    this.#host = host;
    this.#proposals = proposals;
    this.#retryMs = retryMs;
    this.#forgottenTerm = host.forgottenTerm;
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
    const term = this.#host.term();
    if (request.term > term || request.term <= this.#forgottenTerm) {
      // Networks may repeat packets: another copy was perhaps appended by this node as a leader
      // that
      // it doesn't remember to have been, or will be by the leader that it may yet become. A
      // refusal
      // would be taken for certain (I5; simulated seed 30741).
      sometimes("forwarding: nobody can tell any more what became of a request");
      this.#answer(request, UNKNOWN);
    } else if (this.#isRepeated(request)) {
      sometimes("forwarding: a repeated request is not appended again");
    } else if (request.term === term) {
      this.#answer(request, this.#host.start(request.command));
    } else {
      sometimes("forwarding: a request for another term is refused");
      this.#answer(request, STALE);
    }
  }

  #answer({ id, from, to }: ForwardRequest, result: StepResult | Refused): void {
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
      leader: this.#host.leader(),
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

  /**
   * Networks may repeat packets, and a repeated request must neither be appended twice nor refused
   * when it was appended. A node leads a term once, and requests name the term: so numbers are kept
   * by term, and only while the node is in it new ones come in.
   */
  #isRepeated({ id, from, term }: ForwardRequest): boolean {
    const handled = this.#handledIn(term);
    let ofPeer = handled.get(from);
    if (ofPeer === undefined) {
      ofPeer = new Map();
      handled.set(from, ofPeer);
    }
    const incarnation = Math.trunc(id / SPAN);
    let seen = ofPeer.get(incarnation);
    if (seen === undefined) {
      seen = new SeenNumbers();
      ofPeer.set(incarnation, seen);
    }
    return !seen.add(id);
  }

  /** Makes room by forgetting the oldest terms. */
  #handledIn(term: Term): Handled {
    const known = this.#handled.get(term);
    if (known !== undefined) return known;
    const made: Handled = new Map();
    // A term that was left without a request had none appended: what comes late is refused each
    // time.
    if (term < this.#host.term()) return made;
    this.#handled.set(term, made);
    for (const oldest of this.#handled.keys()) {
      if (this.#handled.size <= TERMS_MAX) break;
      this.#handled.delete(oldest);
      this.#forgottenTerm = Math.max(this.#forgottenTerm, oldest);
    }
    return made;
  }
}

interface Refused {
  readonly ok: false;
  readonly reason: ForwardReason;
}

const STALE: Refused = { ok: false, reason: "not-leader" };
const UNKNOWN: Refused = { ok: false, reason: "unknown" };
