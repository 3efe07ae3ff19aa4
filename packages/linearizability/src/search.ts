/**
 * The search for an order: Wing and Gong's, with Lowe's memory of configurations, without
 * recursion.
 */

import { type Configuration, Memo, NONE, type Origin } from "./memo.ts";
import { type KnownOperation, UNKNOWN } from "./operation.ts";
import type { OptionalClass } from "./optional-classes.ts";
import type { Problem } from "./problem.ts";
import { REFUSED, StateTable } from "./state-table.ts";
import { afterOne, type Front, type Progress, Timeline } from "./timeline.ts";
import { countOf } from "./used-sets.ts";

/** How much a search may do before it gives up. */
export interface Limits {
  /** Configurations to remember: what memory is used for. */
  readonly configurationsMax: number;
  /** Steps of the model: what time is used for. */
  readonly stepsMax: number;
  /** Asked every few hundred steps; `true` ends the search. For a clock: none is known here. */
  readonly isSpent: () => boolean;
}

export type SearchResult = "found" | "none" | "spent";

/** An order that explains some operations, and the state after it. */
export interface PartialOrder {
  readonly order: readonly number[];
  readonly state: string;
}

/** A configuration from which steps are tried one after the other. */
interface Frame extends Configuration, Front {
  readonly record: number;
  /** The next one to try: of `open`, then classes of unknown outcome, then classes at will. */
  next: number;
  /** Whether optional operations wait until there is nothing else to try. */
  readonly isPatient: boolean;
}

/** Of a search that isn't patient: configurations for each operation, until it becomes so. */
const HASTE = 8;
const HASTE_MIN = 10_000;

/**
 * Puts one operation after the other in order, as long as the model agrees. A configuration (what
 * is in order, and the state) is looked at once.
 *
 * Short cuts, none of which changes the verdict:
 * - A known operation that may come next and only reads comes next: whatever order there is remains
 *   one when it is moved to here. (One that writes what is there already may be needed later.) With
 *   operations at will this doesn't hold: what comes next can end the time of another one.
 * - Operations of unknown outcome may be left out for good. So one that changes nothing is left
 *   out, and of two configurations that differ only in these, the one with more of them left can
 *   do all that the other one can.
 * - Those of unknown outcome that are interchangeable take turns in the order of their calls.
 *
 * What can be explained is mostly found in a straight line: all steps are tried at once. When that
 * fails the search begins again with patience: all that can be reached with n operations of
 * unknown outcome is looked at before all that takes n + 1, so that the best ones come first and
 * cover the others. A search with operations at will is patient from the start.
 */
export class Search<Input, Output, State> {
  readonly #problem: Problem<Input, Output, State>;
  readonly #states: StateTable<Input, Output, State>;
  readonly #timeline: Timeline;
  readonly #isEager: boolean;
  #memo = new Memo();
  #frames: Frame[] = [];
  #isPatient: boolean;
  /** How many optional operations are used by what is looked at in this round, and at most. */
  #round = 0;
  readonly #roundMax: number;
  /** Records whose optional operations are still to be tried: of this round, and of the next. */
  #waiting: number[] = [];
  #later: number[] = [];
  #found = NONE;
  #steps = 0;
  #configurationsBefore = 0;
  #furthest = -1;
  #deepest = { record: NONE, length: -1 };

  /** `isPatient`: from the start, where that makes a difference. */
  constructor(problem: Problem<Input, Output, State>, isPatient = false) {
    this.#problem = problem;
    this.#states = new StateTable(problem.model, problem.foresight);
    this.#timeline = new Timeline(problem.events);
    this.#isEager = problem.atWill.length === 0;
    // Else those that may come again and again would make what grows ever longer.
    this.#isPatient = isPatient || problem.atWill.length > 0;
    const optional = [...problem.unknown, ...problem.atWill];
    this.#roundMax = optional.reduce((sum, { ids }) => sum + ids.length, 0);
  }

  get configurations(): number {
    return this.#configurationsBefore + this.#memo.size;
  }

  get steps(): number {
    return this.#steps;
  }

  /** After `found`: the ids of all operations that took effect, in order. */
  get order(): readonly number[] {
    return this.#orderTo(this.#found);
  }

  /**
   * The operation whose return no order got past: what returned before it can be explained (as far
   * as the model didn't look ahead), with it nothing can.
   */
  get blocker(): KnownOperation<Input, Output> | undefined {
    const event = this.#problem.events[this.#furthest];
    return event === undefined ? undefined : this.#problem.known[event >> 1];
  }

  /** The longest order that was given up; of several the first, with the fewest optional ones. */
  get deepest(): PartialOrder {
    const { record } = this.#deepest;
    const state = record === NONE ? 0 : this.#memo.at(record).state;
    return { order: this.#orderTo(record), state: this.#states.show(state) };
  }

  /** To be called once. */
  run(limits: Limits): SearchResult {
    const { known, unknown } = this.#problem;
    if (unknown.length === 0 || this.#isPatient) return this.#walk(limits);
    const haste = Math.min(limits.configurationsMax, HASTE * known.length + HASTE_MIN);
    const result = this.#walk({ ...limits, configurationsMax: haste });
    if (result !== "spent" || this.#memo.size <= haste) return result;
    this.#configurationsBefore = this.#memo.size;
    this.#memo = new Memo();
    this.#frames = [];
    this.#deepest = { record: NONE, length: -1 };
    this.#isPatient = true;
    return this.#walk(limits);
  }

  #walk(limits: Limits): SearchResult {
    const used = this.#memo.usedSets.at(0);
    this.#enter({ state: 0, top: -1, gaps: [], used }, { parent: NONE, via: NONE });
    for (let turn = 1; ; turn++) {
      const frame = this.#frames.at(-1) ?? this.#wake();
      if (frame === undefined) return "none";
      if (frame.limit === this.#timeline.end) {
        this.#found = frame.record;
        return "found";
      }
      if (this.#memo.size > limits.configurationsMax || this.#steps > limits.stepsMax) {
        return "spent";
      }
      if (turn % 512 === 0 && limits.isSpent()) return "spent";
      if (this.#advance(frame)) continue;
      this.#noteDeepest(frame);
      this.#frames.pop();
    }
  }

  /** Tries the next step that may be possible from a configuration; false if none is left. */
  #advance(frame: Frame): boolean {
    const operation = frame.open[frame.next];
    if (operation === undefined) return this.#advanceOptional(frame);
    frame.next += 1;
    const state = this.#stepKnown(frame.state, operation);
    if (state === REFUSED) return true;
    const { top, gaps } = afterOne(frame.top, frame.open, operation);
    this.#enter({ state, top, gaps, used: frame.used }, { parent: frame.record, via: NONE });
    return true;
  }

  #advanceOptional(frame: Frame): boolean {
    const { unknown, atWill } = this.#problem;
    if (frame.isPatient) {
      if (unknown.length + atWill.length > 0) this.#later.push(frame.record);
      return false;
    }
    const name = frame.next - frame.open.length;
    const isUnknown = name < unknown.length;
    const one = isUnknown ? unknown[name] : atWill[name - unknown.length];
    if (one === undefined) return false;
    // Classes are in the order of their first calls.
    const isTooEarly = isUnknown && (one.calls[0] ?? 0) > frame.limit;
    frame.next = frame.open.length + (isTooEarly ? unknown.length : name + 1);
    const member = isUnknown ? countOf(frame.used, name) : this.#memberAtWill(one, frame);
    const id = one.ids[member];
    if (id === undefined || (one.calls[member] ?? 0) > frame.limit) return true;
    this.#steps += 1;
    const state = this.#states.step(frame.state, one.input, UNKNOWN);
    if (state === REFUSED || state === frame.state) return true;
    const used = isUnknown ? this.#memo.usedSets.withOne(frame.used, name) : frame.used;
    const { top, gaps, record } = frame;
    this.#enter({ state, top, gaps, used }, { parent: record, via: id });
    return true;
  }

  /** One that was called before the limit, and had not returned when `top` was called; or -1. */
  #memberAtWill({ calls, returns }: OptionalClass<Input>, { top, limit }: Frame): number {
    const end = returns[countUpTo(calls, limit) - 1];
    return end !== undefined && this.#timeline.callOf(top) < end ? returns.indexOf(end) : -1;
  }

  /** Goes on from a configuration, unless nothing new can come of it. */
  #enter(reached: Configuration, origin: Origin): void {
    const { state, used } = reached;
    const { progress, front } = this.#read(state, reached);
    const { top, gaps } = progress;
    const record = this.#memo.add({ state, top, gaps, used }, origin);
    if (record === NONE) return;
    const { open, limit } = front;
    const isPatient = this.#isPatient;
    this.#frames.push({ state, top, gaps, used, open, limit, record, next: 0, isPatient });
  }

  /** Puts in order all that may come next and only reads. */
  #read(state: number, reached: Progress): { progress: Progress; front: Front } {
    let progress = reached;
    for (;;) {
      const front = this.#timeline.front(progress);
      const reader = this.#isEager ? this.#findReader(state, front.open) : undefined;
      if (reader === undefined) {
        if (front.limit < this.#timeline.end)
          this.#furthest = Math.max(this.#furthest, front.limit);
        return { progress, front };
      }
      progress = afterOne(progress.top, front.open, reader);
    }
  }

  #findReader(state: number, open: readonly number[]): number | undefined {
    return open.find((operation) => {
      return this.#known(operation).isReadOnly && this.#stepKnown(state, operation) === state;
    });
  }

  /** The next configuration whose optional operations have waited. */
  #wake(): Frame | undefined {
    if (this.#waiting.length === 0) {
      this.#round += 1;
      if (this.#round > this.#roundMax) return undefined;
      this.#waiting = this.#later;
      this.#later = [];
    }
    const record = this.#waiting.pop();
    if (record === undefined) return undefined;
    const { state, top, gaps, used } = this.#memo.at(record);
    const { open, limit } = this.#timeline.front({ top, gaps });
    const next = open.length;
    const frame = { state, top, gaps, used, open, limit, record, next, isPatient: false };
    this.#frames.push(frame);
    return frame;
  }

  #stepKnown(state: number, operation: number): number {
    this.#steps += 1;
    const { input, output } = this.#known(operation);
    return this.#states.step(state, input, output);
  }

  #known(operation: number): KnownOperation<Input, Output> {
    return this.#problem.known[operation] as KnownOperation<Input, Output>; // numbers are places
  }

  #noteDeepest({ record, top, gaps }: Frame): void {
    const length = top - gaps.length;
    if (length > this.#deepest.length) this.#deepest = { record, length };
  }

  /** Goes back from record to record: what came in order in each, the last first. */
  #orderTo(record: number): readonly number[] {
    const backwards: number[] = [];
    for (let at = record; at !== NONE; ) {
      const { parent, via } = this.#memo.originOf(at);
      const before = parent === NONE ? { top: -1, gaps: [] } : this.#memo.at(parent);
      const come = cameBetween(before, this.#memo.at(at)).map((one) => this.#known(one));
      const ids = come
        .sort((a, b) => Number(a.isReadOnly) - Number(b.isReadOnly))
        .map(({ id }) => id);
      backwards.push(...ids.reverse());
      if (via !== NONE) backwards.push(via);
      at = parent;
    }
    return backwards.reverse();
  }
}

/** The known operations that are in order after, but not before; ascending. */
function cameBetween(before: Progress, after: Progress): readonly number[] {
  const still = new Set(after.gaps);
  const come = before.gaps.filter((operation) => !still.has(operation));
  for (let operation = before.top + 1; operation <= after.top; operation++) {
    if (!still.has(operation)) come.push(operation);
  }
  return come;
}

/** How many of the ascending numbers are at most `limit`. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
