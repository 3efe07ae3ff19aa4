/** Which known operations may come next, given those that are in order. */

/** The known operations that are in order: all up to `top` but the gaps. */
export interface Progress {
  readonly top: number;
  /** Ascending. */
  readonly gaps: readonly number[];
}

/** What may come next. */
export interface Front {
  /** In the order of their calls. */
  readonly open: readonly number[];
  /** The place of the first return among what is not in order; `end` if there is nothing left. */
  readonly limit: number;
}

/** The times of known operations, which are numbered in the order of their calls. */
export class Timeline {
  /** The place after all events. */
  readonly end: number;
  readonly #calls: Int32Array;
  readonly #returns: Int32Array;

  /** `2 * i` stands for the call of operation i, `2 * i + 1` for its return. */
  constructor(events: Int32Array) {
    this.end = events.length;
    this.#calls = new Int32Array(events.length / 2);
    this.#returns = new Int32Array(events.length / 2);
    for (const [place, event] of events.entries()) {
      const places = event % 2 === 0 ? this.#calls : this.#returns;
      places[event >> 1] = place;
    }
  }

  /** The place of a call, -1 for the operation before the first. */
  callOf(operation: number): number {
    return operation === -1 ? -1 : (this.#calls[operation] as number); // operations are known
  }

  /** What was called before the first return of all that is not in order. */
  front({ top, gaps }: Progress): Front {
    const open: number[] = [];
    let limit = this.end;
    // Gaps overlap the call of `top`, which could come only because no gap had returned.
    for (const operation of gaps) {
      open.push(operation);
      limit = Math.min(limit, this.#returns[operation] as number);
    }
    for (let operation = top + 1; operation < this.#calls.length; operation++) {
      if ((this.#calls[operation] as number) > limit) break;
      open.push(operation);
      limit = Math.min(limit, this.#returns[operation] as number);
    }
    return { open, limit };
  }
}

/** Progress when one of those that may come next has come. */
export function afterOne(top: number, open: readonly number[], operation: number): Progress {
  const highest = Math.max(top, operation);
  const gaps: number[] = [];
  for (const other of open) {
    if (other < highest && other !== operation) gaps.push(other);
  }
  return { top: highest, gaps };
}
