/**
 * Commands whose callers wait: each ends exactly once, as applied, as certainly not committed, or
 * as unknown (I4, I5).
 */

import { assert, EMPTY, type Index, type NodeId, sometimes, type Term } from "@holdfast/raft";
import { NotCommittedError, type NotCommittedReason, OutcomeUnknownError } from "./errors.ts";
import type { Position, Signal } from "./machine.ts";
import type { Applied, Proposal } from "./proposal.ts";
import { Places } from "./proposal-places.ts";

export interface ProposalLimits {
  /** Most callers that wait at a time. */
  readonly count: number;
  /** Most command bytes that are not in a log yet. */
  readonly bytes: number;
  /** What to tell those that are turned away, in milliseconds. */
  readonly retryAfterMs: number;
}

/**
 * The book of waiting proposals of one replica. It decides outcomes; who sends what where is not
 * its business.
 */
export class Proposals<R> {
  readonly #limits: ProposalLimits;
  readonly #all = new Set<Proposal<R>>();
  readonly #seeking = new Set<Proposal<R>>();
  readonly #byForward = new Map<number, Proposal<R>>();
  readonly #places = new Places<R>();
  #unsentBytes = 0;
  #appliedIndex: Index = 0;
  #appliedTerm: Term = 0;

  constructor(limits: ProposalLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Those that wait for a leader. */
  get seeking(): ReadonlySet<Proposal<R>> {
    return this.#seeking;
  }

  /**
   * Takes a command in, `seeking`, and hands it to `begin`, which may settle it at once. Rejects
   * when the budget is spent or the signal has fired already.
   */
  add(
    command: Uint8Array,
    deadline: number,
    signal: Signal | undefined,
    begin: (proposal: Proposal<R>) => void,
  ): Promise<Applied<R>> {
    if (signal?.aborted === true) {
      return Promise.reject(new NotCommittedError("aborted", "Aborted before the command left"));
    }
    if (
      this.#all.size >= this.#limits.count ||
      this.#unsentBytes + command.length > this.#limits.bytes
    ) {
      sometimes("proposals: refused because too many wait");
      const message = `${this.#all.size} proposals wait already`;
      return Promise.reject(
        new NotCommittedError("overloaded", message, this.#limits.retryAfterMs),
      );
    }
    return new Promise((resolve, reject) => {
      const proposal: Proposal<R> = {
        stage: "seeking",
        command,
        deadline,
        retryAt: 0,
        refusals: 0,
        forwardId: 0,
        sentTo: 0,
        index: 0,
        term: 0,
        next: undefined,
        resolve,
        reject,
        signal,
        onAbort: () => this.#abort(proposal),
      };
      this.#all.add(proposal);
      this.#seeking.add(proposal);
      this.#unsentBytes += command.length;
      signal?.addEventListener("abort", proposal.onAbort);
      begin(proposal);
    });
  }

  /** It was sent to `peer` as request `id`: from here on only an answer makes anything certain. */
  forwarded(proposal: Proposal<R>, id: number, peer: NodeId): void {
    if (proposal.stage !== "seeking") return;
    this.#seeking.delete(proposal);
    proposal.stage = "forwarded";
    proposal.forwardId = id;
    proposal.sentTo = peer;
    this.#byForward.set(id, proposal);
  }

  /** The proposal behind request `id` to `peer`, if it still waits. */
  forward(id: number, peer: NodeId): Proposal<R> | undefined {
    const proposal = this.#byForward.get(id);
    return proposal?.sentTo === peer ? proposal : undefined;
  }

  /** `peer` has certainly not appended it: it may be sent again, not before `retryAt`. */
  refused(proposal: Proposal<R>, retryAt: number): void {
    if (proposal.stage !== "forwarded") return;
    this.#forget(proposal.forwardId);
    proposal.stage = "seeking";
    proposal.refusals++;
    proposal.retryAt = retryAt;
    this.#seeking.add(proposal);
  }

  /** A leader has given it a place in its log. */
  appended(proposal: Proposal<R>, at: Position): void {
    if (proposal.stage !== "seeking" && proposal.stage !== "forwarded") return;
    this.#seeking.delete(proposal);
    this.#unsentBytes -= proposal.command.length;
    proposal.command = EMPTY;
    proposal.stage = "appended";
    proposal.index = at.index;
    proposal.term = at.term;
    if (at.index > this.#appliedIndex) {
      if (at.term < this.#appliedTerm) this.#supersede(proposal);
      else this.#places.add(proposal);
    } else {
      this.#settleLate(proposal);
    }
    this.#forget(proposal.forwardId);
  }

  /** The state machine has applied the command at `at`. */
  applied(at: Position, result: R): void {
    this.#settle(at, { result, index: at.index, term: at.term });
  }

  /** The entry at `at` is committed and nobody's command. */
  passed(at: Position): void {
    this.#settle(at, undefined);
  }

  /**
   * The state came from a snapshot: what waited for an entry below is committed or not, nobody here
   * can tell (E14).
   */
  restored(at: Position): void {
    this.#rise(at);
    for (const proposal of this.#all) {
      if (proposal.stage === "appended" && proposal.index <= at.index) {
        sometimes("proposals: a snapshot takes the place of the entry");
        this.giveUp(proposal, "A snapshot took the place of its entry");
      }
    }
  }

  /** Nothing is known about what was sent to `peer` and not answered. */
  lost(peer: NodeId): void {
    for (const proposal of this.#byForward.values()) {
      if (proposal.sentTo !== peer) continue;
      sometimes("proposals: unknown since the connection to the leader was lost");
      this.giveUp(proposal, `The connection to node ${peer} was lost`);
    }
  }

  /**
   * Ends those whose time is up. Returns the next moment at which to look again: Infinity when none
   * waits.
   */
  expire(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const proposal of this.#all) {
      if (proposal.deadline <= now) {
        this.#timeOut(proposal);
      } else {
        next = Math.min(next, proposal.deadline);
        if (proposal.stage === "seeking" && proposal.retryAt > now) {
          next = Math.min(next, proposal.retryAt);
        }
      }
    }
    return next;
  }

  /** Ends one that is certainly in no log. */
  refuse(
    proposal: Proposal<R>,
    reason: NotCommittedReason,
    message: string,
    retryAfterMs?: number,
  ): void {
    if (this.#close(proposal)) {
      proposal.reject(new NotCommittedError(reason, message, retryAfterMs));
    }
  }

  /** Ends one that was sent and of which nobody here can tell what became. */
  giveUp(proposal: Proposal<R>, message: string): void {
    const { index, term } = proposal;
    if (this.#close(proposal)) proposal.reject(new OutcomeUnknownError(message, index, term));
  }

  /** Ends all: the replica stops. */
  end(reason: "closed" | "failed", message: string): void {
    for (const proposal of this.#all) this.#cut(proposal, reason, message, message);
    this.#places.forgetPast();
  }

  #settle(at: Position, outcome: Applied<R> | undefined): void {
    this.#rise(at);
    let proposal = this.#places.take(at.index);
    while (proposal !== undefined) {
      const next: Proposal<R> | undefined = proposal.next;
      this.#conclude(proposal, at.term, outcome);
      proposal = next;
    }
    if (this.#byForward.size > 0) {
      this.#places.remember({ index: at.index, term: at.term, outcome });
    }
  }

  /** The entry at the proposal's index turned out to be of `term`. */
  #conclude(proposal: Proposal<R>, term: Term, outcome: Applied<R> | undefined): void {
    if (proposal.term !== term) {
      sometimes("proposals: another leader's entry stands in the place");
      this.#supersede(proposal);
      return;
    }
    assert(outcome !== undefined, "proposals: own entry is no command");
    if (this.#close(proposal)) proposal.resolve(outcome);
  }

  /** The leader's answer came after the entry: the result may still be here. */
  #settleLate(proposal: Proposal<R>): void {
    const past = this.#places.past(proposal.index);
    if (past === undefined) {
      this.giveUp(proposal, "The leader's answer came too late to know the result");
    } else {
      sometimes("proposals: the leader's answer comes after the entry");
      this.#conclude(proposal, past.term, past.outcome);
    }
  }

  /**
   * Terms only grow along a log (§5.3): once an entry of a newer term is committed, what an older
   * leader put behind it can't be.
   */
  #rise(at: Position): void {
    this.#appliedIndex = at.index;
    if (at.term === this.#appliedTerm) return;
    this.#appliedTerm = at.term;
    for (const proposal of this.#all) {
      if (proposal.stage === "appended" && proposal.index > at.index && proposal.term < at.term) {
        sometimes("proposals: a newer term ends all hope before the place is reached");
        this.#supersede(proposal);
      }
    }
  }

  #forget(forwardId: number): void {
    if (this.#byForward.delete(forwardId) && this.#byForward.size === 0) this.#places.forgetPast();
  }

  #abort(proposal: Proposal<R>): void {
    const unsent = "Aborted before the command left";
    this.#cut(proposal, "aborted", unsent, "Aborted while the command was under way");
  }

  #timeOut(proposal: Proposal<R>): void {
    if (proposal.stage === "appended") {
      sometimes("proposals: the time is up with a place in the log");
    }
    const unsent = "No leader took the command in time";
    this.#cut(proposal, "no-leader", unsent, "Not applied here in time");
  }

  /**
   * Ends it as what is true: certainly in no log while it is unsent, and nobody knows once sent.
   */
  #cut(proposal: Proposal<R>, reason: NotCommittedReason, unsent: string, sent: string): void {
    if (proposal.stage === "seeking") this.refuse(proposal, reason, unsent);
    else this.giveUp(proposal, sent);
  }

  #supersede(proposal: Proposal<R>): void {
    const message = `Another leader's entry took index ${proposal.index}`;
    this.refuse(proposal, "superseded", message);
  }

  /** Takes it out of all books. False when it has ended already. */
  #close(proposal: Proposal<R>): boolean {
    const { stage } = proposal;
    if (stage === "settled") return false;
    proposal.stage = "settled";
    this.#all.delete(proposal);
    this.#seeking.delete(proposal);
    if (stage === "appended") this.#places.remove(proposal);
    else this.#unsentBytes -= proposal.command.length;
    this.#forget(proposal.forwardId);
    proposal.signal?.removeEventListener("abort", proposal.onAbort);
    return true;
  }
}
