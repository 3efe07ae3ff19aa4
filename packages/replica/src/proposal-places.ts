/** Proposals by the index that they wait for, and what stood at those that were passed lately. */

import type { Index } from "@holdfast/raft";
import type { Position } from "./machine.ts";
import type { Applied, Proposal } from "./proposal.ts";

/** An entry that was applied while answers of leaders were outstanding. */
export interface Past<R> extends Position {
  /** Undefined when it was no command. */
  readonly outcome: Applied<R> | undefined;
}

/** Results that are kept for answers of a leader which come later than the entry itself. */
const PAST_MAX = 4096;

/** What waits for which place in the log. Those that wait for the same one are a chain (`next`). */
export class Places<R> {
  readonly #first = new Map<Index, Proposal<R>>();
  readonly #past = new Map<Index, Past<R>>();

  /** From now on it waits for its index. */
  add(proposal: Proposal<R>): void {
    proposal.next = this.#first.get(proposal.index);
    this.#first.set(proposal.index, proposal);
  }

  /** Takes out all that wait for `index`, and gives the first one of their chain. */
  take(index: Index): Proposal<R> | undefined {
    const first = this.#first.get(index);
    if (first !== undefined) this.#first.delete(index);
    return first;
  }

  /** It waits no more; nothing happens when it was taken out before. */
  remove(proposal: Proposal<R>): void {
    const first = this.#first.get(proposal.index);
    if (first === proposal) {
      if (proposal.next === undefined) this.#first.delete(proposal.index);
      else this.#first.set(proposal.index, proposal.next);
      return;
    }
    for (let at = first; at !== undefined; at = at.next) {
      if (at.next === proposal) at.next = proposal.next;
    }
  }

  /** Keeps what stood at a place, in the place of the oldest one when there are too many. */
  remember(past: Past<R>): void {
    this.#past.set(past.index, past);
    if (this.#past.size <= PAST_MAX) return;
    for (const oldest of this.#past.keys()) {
      this.#past.delete(oldest);
      break;
    }
  }

  /** What stood at `index`, if that is kept. */
  past(index: Index): Past<R> | undefined {
    return this.#past.get(index);
  }

  /** No answer is outstanding any more. */
  forgetPast(): void {
    this.#past.clear();
  }
}
