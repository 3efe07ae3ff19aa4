/**
 * Commands whose callers wait: each ends exactly once, as applied, as certainly not committed, or
 * as unknown (I4, I5).
 */

import { assert, EMPTY, type Index, type NodeId, sometimes, type Term } from "@holdfast/raft";
import { NotCommittedError, type NotCommittedReason, OutcomeUnknownError } from "./errors.ts";
import type { Position, Signal } from "./machine.ts";

/** What a successful `propose` yields. */
export interface Applied<R> extends Position {
  /** What the state machine of this node returned. */
  readonly result: R;
}

/**
 * - `seeking`: in nobody's log for certain; waits for a leader.
 * - `forwarded`: sent to the leader; it may be in its log.
 * - `appended`: has a place in a leader's log.
 */
export type Stage = "seeking" | "forwarded" | "appended" | "settled";

/** One waiting command. The fields change as it goes along; `stage` says which are valid. */
export interface Proposal<R> {
  stage: Stage;
  /** Kept while it may have to be sent (again): `seeking` and `forwarded`. */
  command: Uint8Array;
  readonly deadline: number;
  /** `seeking`: no further try before this moment. */
  retryAt: number;
  /** How many nodes have refused it. */
  refusals: number;
  /** `forwarded`: the number of the request and who has it. */
  forwardId: number;
  sentTo: NodeId;
  /** `appended`: its place. */
  index: Index;
  term: Term;
  /** Another one that waits for the same index. */
  next: Proposal<R> | undefined;
  readonly resolve: (outcome: Applied<R>) => void;
  readonly reject: (error: Error) => void;
  readonly signal: Signal | undefined;
  readonly onAbort: () => void;
}

export interface ProposalLimits {
  /** Most callers that wait at a time. */
  readonly count: number;
  /** Most command bytes that are not in a log yet. */
  readonly bytes: number;
  /** What to tell those that are turned away, in milliseconds. */
  readonly retryAfterMs: number;
}

/** An entry that was applied while answers of leaders were outstanding. */
interface Past<R> extends Position {
  /** Undefined when it was no command. */
  readonly outcome: Applied<R> | undefined;
}

/** Results that are kept for answers of a leader which come later than the entry itself. */
const RECENT_MAX = 4096;

/**
 * The book of waiting proposals of one replica. It decides outcomes; who sends what where is not
 * its business.
 */
export class Proposals<R> {
  readonly #limits: ProposalLimits;
  readonly #all = new Set<Proposal<R>>();
  readonly #seeking = new Set<Proposal<R>>();
  readonly #byForward = new Map<number, Proposal<R>>();
  readonly #byIndex = new Map<Index, Proposal<R>>();
  readonly #recent = new Map<Index, Past<R>>();
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
      else this.#await(proposal);
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
        this.#unknown(proposal, "A snapshot took the place of its entry");
      }
    }
  }

  /** Nothing is known about what was sent to `peer` and not answered. */
  lost(peer: NodeId): void {
    for (const proposal of this.#byForward.values()) {
      if (proposal.sentTo !== peer) continue;
      sometimes("proposals: unknown since the connection to the leader was lost");
      this.#unknown(proposal, `The connection to node ${peer} was lost`);
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

  /** Ends one that was sent and about which the leader could tell nothing. */
  giveUp(proposal: Proposal<R>, message: string): void {
    this.#unknown(proposal, message);
  }

  /** Ends all: the replica stops. */
  end(reason: "closed" | "failed", message: string): void {
    for (const proposal of this.#all) {
      if (proposal.stage === "seeking") this.refuse(proposal, reason, message);
      else this.#unknown(proposal, message);
    }
    this.#recent.clear();
  }

  #settle(at: Position, outcome: Applied<R> | undefined): void {
    this.#rise(at);
    let proposal = this.#byIndex.get(at.index);
    if (proposal !== undefined) this.#byIndex.delete(at.index);
    while (proposal !== undefined) {
      const next: Proposal<R> | undefined = proposal.next;
      this.#conclude(proposal, at.term, outcome);
      proposal = next;
    }
    if (this.#byForward.size > 0) this.#remember({ index: at.index, term: at.term, outcome });
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

  #await(proposal: Proposal<R>): void {
    proposal.next = this.#byIndex.get(proposal.index);
    this.#byIndex.set(proposal.index, proposal);
  }

  /** The leader's answer came after the entry: the result may still be here. */
  #settleLate(proposal: Proposal<R>): void {
    const past = this.#recent.get(proposal.index);
    if (past !== undefined) sometimes("proposals: the leader's answer comes after the entry");
    if (past === undefined) {
      this.#unknown(proposal, "The leader's answer came too late to know the result");
    } else {
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

  #remember(past: Past<R>): void {
    this.#recent.set(past.index, past);
    if (this.#recent.size <= RECENT_MAX) return;
    for (const oldest of this.#recent.keys()) {
      this.#recent.delete(oldest);
      break;
    }
  }

  #forget(forwardId: number): void {
    if (this.#byForward.delete(forwardId) && this.#byForward.size === 0) this.#recent.clear();
  }

  #abort(proposal: Proposal<R>): void {
    if (proposal.stage === "seeking") {
      this.refuse(proposal, "aborted", "Aborted before the command left");
    } else {
      this.#unknown(proposal, "Aborted while the command was under way");
    }
  }

  #timeOut(proposal: Proposal<R>): void {
    if (proposal.stage === "appended")
      sometimes("proposals: the time is up with a place in the log");
    if (proposal.stage === "seeking") {
      this.refuse(proposal, "no-leader", "No leader took the command in time");
    } else {
      this.#unknown(proposal, "Not applied here in time");
    }
  }

  #supersede(proposal: Proposal<R>): void {
    const message = `Another leader's entry took index ${proposal.index}`;
    this.refuse(proposal, "superseded", message);
  }

  #unknown(proposal: Proposal<R>, message: string): void {
    const { index, term } = proposal;
    if (this.#close(proposal)) proposal.reject(new OutcomeUnknownError(message, index, term));
  }

  /** Takes it out of all books. False when it has ended already. */
  #close(proposal: Proposal<R>): boolean {
    const { stage } = proposal;
    if (stage === "settled") return false;
    proposal.stage = "settled";
    this.#all.delete(proposal);
    this.#seeking.delete(proposal);
    if (stage === "appended") this.#unchain(proposal);
    else this.#unsentBytes -= proposal.command.length;
    this.#forget(proposal.forwardId);
    proposal.signal?.removeEventListener("abort", proposal.onAbort);
    return true;
  }

  #unchain(proposal: Proposal<R>): void {
    const first = this.#byIndex.get(proposal.index);
    if (first === proposal) {
      if (proposal.next === undefined) this.#byIndex.delete(proposal.index);
      else this.#byIndex.set(proposal.index, proposal.next);
      return;
    }
    for (let at = first; at !== undefined; at = at.next) {
      if (at.next === proposal) at.next = proposal.next;
    }
  }
}
