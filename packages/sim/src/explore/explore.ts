/** Breadth-first over everything that can happen in a scope: what it finds, it finds shortest. */

import { Keys } from "./canonical.ts";
import type { Invariant, Violation } from "./invariants.ts";
import { actionsOf, codeOf } from "./move.ts";
import { type Plant, SOUND } from "./plant.ts";
import { checkScope, type Scope } from "./scope.ts";
import { Seen } from "./seen.ts";
import { isWithin, perform, type Rules, type Turn } from "./turn.ts";
import { beginning, type World } from "./world.ts";

/** What to search, for what, and how far. */
export interface ExploreOptions {
  readonly scope: Scope;
  /** A mistake in the core, to see whether it is found; none unless told. */
  readonly plant?: Plant;
  /** Invariants that may be broken; none unless told. */
  readonly unwatched?: readonly Invariant[];
  /** Stop when this many distinct worlds were met. Default: no limit. */
  readonly worldsMax?: number;
  /** Stop behind this many moves. Default: no limit. */
  readonly depthMax?: number;
  /** Keep every key whole and fail when two have the same hash; needs much memory. Default off. */
  readonly verify?: boolean;
  /** Told after each depth: how long a search will take shows in how its levels grow. */
  readonly onDepth?: (depth: number, distinct: number, frontier: number) => void;
}

/** A history that ends in a violation; no shorter one does. */
export interface Finding {
  readonly violation: Violation;
  /** Its moves, for `replay` and `retell`. */
  readonly moves: readonly number[];
}

/** What a search has seen; a finding ends it. */
export interface Report {
  /** Worlds that a move led to, each time that it did. */
  readonly reached: number;
  /** Worlds that differ in more than names. */
  readonly distinct: number;
  /** Moves in the longest of the shortest ways to a world. */
  readonly depth: number;
  /** Everything in the scope was looked at: no limit and no finding ended the search before. */
  readonly isExhausted: boolean;
  readonly finding: Finding | undefined;
}

/** Looks at every world of the scope, nearest first, until one breaks an invariant. */
export function explore(options: ExploreOptions): Report {
  checkScope(options.scope);
  return new Search(options).run();
}

class Search {
  readonly #options: ExploreOptions;
  readonly #rules: Rules;
  readonly #keys: Keys;
  readonly #seen: Seen;
  #reached = 0;
  #depth = 0;
  #next: World[] = [];
  #finding: Finding | undefined;

  constructor(options: ExploreOptions) {
    const { scope, plant = SOUND, unwatched = [] } = options;
    this.#options = options;
    this.#seen = new Seen(options.verify === true);
    this.#rules = { scope, plant, unwatched };
    this.#keys = new Keys(scope.voters);
  }

  run(): Report {
    const { depthMax = Number.POSITIVE_INFINITY, onDepth } = this.#options;
    this.#meet(beginning(this.#rules.scope), 0, 0);
    let first = 0;
    while (this.#next.length > 0 && this.#depth < depthMax && !this.#isOver()) {
      const level = this.#next;
      this.#next = [];
      for (let at = 0; at < level.length && !this.#isOver(); at++) {
        this.#expand(level[at] as World, first + at);
      }
      first += level.length;
      if (this.#next.length > 0) this.#depth++;
      onDepth?.(this.#depth, this.#seen.count, this.#next.length);
    }
    return this.#report();
  }

  #report(): Report {
    const isExhausted = this.#next.length === 0 && !this.#isOver();
    return {
      reached: this.#reached,
      distinct: this.#seen.count,
      depth: this.#depth,
      isExhausted,
      finding: this.#finding,
    };
  }

  #isOver(): boolean {
    const { worldsMax = Number.POSITIVE_INFINITY } = this.#options;
    return this.#finding !== undefined || this.#seen.count >= worldsMax;
  }

  /** Everything that can happen in `world`. */
  #expand(world: World, number: number): void {
    const { scope } = this.#rules;
    for (const action of actionsOf(world, scope)) {
      const turn = perform(world, action, this.#rules);
      if (turn.violation !== undefined) {
        const moves = [...this.#seen.pathTo(number), codeOf(action, 0)];
        this.#finding = { violation: turn.violation, moves };
        return;
      }
      if (!isWithin(turn.world, scope)) continue;
      this.#lose(turn, number, (lost) => codeOf(action, lost));
    }
  }

  /** Each way to lose some of what was sent: a message that is lost later might as well be now. */
  #lose({ world, sent }: Turn, number: number, code: (lost: number) => number): void {
    const room = this.#rules.scope.messagesMax - world.wire.length;
    for (let lost = 0; lost < 1 << sent.length; lost++) {
      const left = sent.filter((_, at) => (lost & (1 << at)) === 0);
      if (left.length > room) continue;
      this.#meet({ ...world, wire: [...world.wire, ...left] }, number, code(lost));
    }
  }

  #meet(world: World, parent: number, move: number): void {
    this.#reached++;
    if (this.#seen.add(this.#keys.of(world), parent, move)) this.#next.push(world);
  }
}
