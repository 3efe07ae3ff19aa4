/**
 * The search for an order: Wing and Gong's, with Lowe's memory of configurations, without
 * recursion.
 */

import { EventList } from "./event-list.ts";
import { countOf, Memo, type Used, useOne } from "./memo.ts";
import { type KnownOperation, UNKNOWN } from "./operation.ts";
import type { OptionalClass } from "./optional-classes.ts";
import type { Problem } from "./problem.ts";
import { REFUSED, StateTable } from "./state-table.ts";

/** How much a search may do before it gives up. */
export interface Limits {
  /** Configurations to remember: what memory is used for. */
  readonly configurationsMax: number;
  /** Steps of the model: what time is used for. */
  readonly stepsMax: number;
  /** Asked every few hundred steps; `true` ends the search. For a clock, which is not known here. */
  readonly isSpent: () => boolean;
}

export type SearchResult = "found" | "none" | "spent";

/** An order that explains some operations, and the state after it. */
export interface PartialOrder {
  readonly order: readonly number[];
  readonly state: string;
}

/** A configuration on the way from the start to the present one. */
interface Frame {
  readonly state: number;
  /** The highest of the known operations in order, -1 if none is. */
  readonly top: number;
  readonly used: Used;
  /** Length of the trail before the step that led here. */
  readonly trailBefore: number;
  /** Where to look for the next step of a known operation. */
  node: number;
  /** The next class to look at: first of unknown outcome, then at will. */
  optional: number;
}

/**
 * Puts one operation after the other in order, as long as the model agrees, and takes back what
 * doesn't lead on. A configuration (what is in order, and the state) is looked at once.
 *
 * Three short cuts, none of which changes the verdict:
 * - A known operation that may come next and only reads comes next: whatever order there is remains
 *   one when it is moved to here. (One that writes what is there already may be needed later.)
 * - Operations of unknown outcome may be left out for good. So one that changes nothing is left
 *   out, and of two configurations that differ only in these, the one with more of them left can
 *   do all that the other one can.
 * - Those of unknown outcome that are interchangeable take turns in the order of their calls.
 *
 * With operations at will the first one doesn't hold: to put a known operation in order can end the
 * time of an optional one.
 */
export class Search<Input, Output, State> {
  readonly #problem: Problem<Input, Output, State>;
  readonly #states: StateTable<Input, Output, State>;
  readonly #list: EventList;
  readonly #memo = new Memo();
  readonly #frames: Frame[] = [];
  /** What is in order: the index of a known operation, or -1 minus the id of an optional one. */
  readonly #trail: number[] = [];
  readonly #key: Int32Array;
  #steps = 0;
  #furthest = -1;
  #deepest: { readonly trail: readonly number[]; readonly state: number } | undefined;

  constructor(problem: Problem<Input, Output, State>) {
    this.#problem = problem;
    this.#states = new StateTable(problem.model, problem.foresight);
    this.#list = new EventList(problem.events);
    this.#key = new Int32Array(problem.known.length + 2);
  }

  get configurations(): number {
    return this.#memo.size;
  }

  get steps(): number {
    return this.#steps;
  }

  /** The ids of what is in order. After `found` it explains everything. */
  get order(): readonly number[] {
    return this.#idsOf(this.#trail);
  }

  /**
   * The operation whose return no order got past: what returned before it can be explained (as far
   * as the model didn't look ahead), with it nothing can.
   */
  get blocker(): KnownOperation<Input, Output> | undefined {
    if (this.#furthest === -1) return undefined;
    return this.#problem.known[(this.#list.event[this.#furthest] ?? 0) >> 1];
  }

  /** The longest order that was given up. Only after a run that was told to note it. */
  get deepest(): PartialOrder {
    const { trail, state } = this.#deepest ?? { trail: [], state: 0 };
    return { order: this.#idsOf(trail), state: this.#states.show(state) };
  }

  /** To be called once. */
  run(limits: Limits, options: { readonly noteDeepest?: boolean } = {}): SearchResult {
    this.#enter(0, -1, [], 0);
    for (let turn = 1; ; turn++) {
      if (this.#list.first === this.#list.end) return "found";
      const frame = this.#frames.at(-1);
      if (frame === undefined) return "none";
      if (this.#memo.size > limits.configurationsMax || this.#steps > limits.stepsMax) {
        return "spent";
      }
      if (turn % 512 === 0 && limits.isSpent()) return "spent";
      if (this.#advance(frame)) continue;
      if (options.noteDeepest === true) this.#noteDeepest(frame);
      this.#frames.pop();
      this.#undo(frame.trailBefore);
    }
  }

  /** Tries the next step that may be possible from the present configuration; false if none is left. */
  #advance(frame: Frame): boolean {
    const operation = this.#list.calledAt(frame.node);
    // At a return, or the end: everything that may come next was called before.
    if (operation === -1) return this.#advanceOptional(frame);
    frame.node = this.#list.after(frame.node);
    const state = this.#stepKnown(frame.state, operation);
    if (state === REFUSED) return true;
    const trailBefore = this.#trail.length;
    this.#lift(operation);
    this.#enter(state, Math.max(frame.top, operation), frame.used, trailBefore);
    return true;
  }

  #advanceOptional(frame: Frame): boolean {
    const { unknown, atWill } = this.#problem;
    const name = frame.optional;
    const isUnknown = name < unknown.length;
    const one = isUnknown ? unknown[name] : atWill[name - unknown.length];
    if (one === undefined) return false;
    // Classes are in the order of their first calls.
    const isTooEarly = isUnknown && (one.calls[0] ?? 0) > frame.node;
    frame.optional = isTooEarly ? unknown.length : name + 1;
    const member = isUnknown
      ? countOf(frame.used, name)
      : this.#memberAtWill(one, frame.top, frame.node);
    const id = one.ids[member];
    const call = one.calls[member];
    if (id === undefined || call === undefined || call > frame.node) return true;
    this.#steps += 1;
    const state = this.#states.step(frame.state, one.input, UNKNOWN);
    if (state === REFUSED || state === frame.state) return true;
    const trailBefore = this.#trail.length;
    this.#trail.push(-1 - id);
    const used = isUnknown ? useOne(frame.used, name) : frame.used;
    this.#enter(state, frame.top, used, trailBefore);
    return true;
  }

  /** One that was called before the node, and had not returned when `top` was called; or -1. */
  #memberAtWill({ calls, returns }: OptionalClass<Input>, top: number, node: number): number {
    const now = top === -1 ? -1 : this.#list.callNode(top);
    const member = countUpTo(calls, node) - 1;
    const end = returns[member];
    return end !== undefined && now < end ? returns.indexOf(end) : -1;
  }

  /** Makes a configuration the present one, unless nothing new can come of it. */
  #enter(state: number, top: number, used: Used, trailBefore: number): void {
    const topAfter = this.#absorb(state, top);
    if (!this.#memo.add(this.#key, this.#makeKey(state, topAfter), used)) {
      this.#undo(trailBefore);
      return;
    }
    const node = this.#list.first;
    this.#frames.push({ state, top: topAfter, used, trailBefore, node, optional: 0 });
  }

  /** Puts in order all that may come next and only reads. Returns the new `top`. */
  #absorb(state: number, top: number): number {
    let highest = top;
    let before = this.#list.end;
    const isEager = this.#problem.atWill.length === 0;
    for (;;) {
      const node = this.#list.after(before);
      const operation = this.#list.calledAt(node);
      if (operation === -1) {
        if (node !== this.#list.end && node > this.#furthest) this.#furthest = node;
        return highest;
      }
      const isReading = isEager && this.#known(operation).isReadOnly;
      if (isReading && this.#stepKnown(state, operation) === state) {
        this.#lift(operation);
        highest = Math.max(highest, operation);
      } else before = node;
    }
  }

  /**
   * What is in order, in few numbers: all operations up to `top` but those that are still listed.
   * These all overlap the call of `top`, so there are fewer of them than clients.
   */
  #makeKey(state: number, top: number): number {
    const key = this.#key;
    key[0] = state;
    key[1] = top;
    let length = 2;
    for (let node = this.#list.first; ; node = this.#list.after(node)) {
      const operation = this.#list.calledAt(node);
      if (operation === -1 || operation > top) return length;
      key[length++] = operation;
    }
  }

  #stepKnown(state: number, operation: number): number {
    this.#steps += 1;
    const { input, output } = this.#known(operation);
    return this.#states.step(state, input, output);
  }

  #lift(operation: number): void {
    this.#list.lift(operation);
    this.#trail.push(operation);
  }

  #undo(trailLength: number): void {
    while (this.#trail.length > trailLength) {
      const entry = this.#trail.pop() ?? -1;
      if (entry >= 0) this.#list.drop(entry);
    }
  }

  #noteDeepest(frame: Frame): void {
    if (this.#trail.length < (this.#deepest?.trail.length ?? 0)) return;
    this.#deepest = { trail: [...this.#trail], state: frame.state };
  }

  #idsOf(trail: readonly number[]): readonly number[] {
    return trail.map((entry) => (entry >= 0 ? this.#known(entry).id : -1 - entry));
  }

  #known(operation: number): KnownOperation<Input, Output> {
    return this.#problem.known[operation] as KnownOperation<Input, Output>;
  }
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
