/** Which numbers of a sequence have been seen, in little room: they come nearly in order. */

interface Run {
  first: number;
  last: number;
}

/** Gaps that are remembered; a number that comes later than so many newer gaps is given up. */
const RUNS_MAX = 256;

/** Runs of numbers without a gap, in ascending order. In order there is one, and it only grows. */
export class SeenNumbers {
  readonly #runs: Run[] = [];
  /** Everything up to this one counts as seen. */
  #floor = 0;

  /** Notes `number`, a positive safe integer. False when it was seen before, or was given up. */
  add(number: number): boolean {
    const newest = this.#runs.at(-1);
    if (newest !== undefined && number === newest.last + 1) {
      newest.last = number;
      return true;
    }
    if (number <= this.#floor) return false;
    const at = this.#runs.findLastIndex((run) => run.first <= number);
    const before = this.#runs[at];
    if (before !== undefined && number <= before.last) return false;
    this.#insert(number, at + 1);
    return true;
  }

  /** `number` lies in the gap before the run at `at`. */
  #insert(number: number, at: number): void {
    const runs = this.#runs;
    const [before, after] = [runs[at - 1], runs[at]];
    const joinsBefore = before !== undefined && before.last === number - 1;
    const joinsAfter = after !== undefined && after.first === number + 1;
    if (joinsBefore && joinsAfter) {
      before.last = after.last;
      runs.splice(at, 1);
    } else if (joinsBefore) {
      before.last = number;
    } else if (joinsAfter) {
      after.first = number;
    } else {
      runs.splice(at, 0, { first: number, last: number });
    }
    if (runs.length > RUNS_MAX) this.#floor = runs.shift()?.last ?? this.#floor;
  }
}
