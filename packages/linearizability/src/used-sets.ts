/** Which optional operations a search has used: sets that are compared often and made seldom. */

/** A set of uses. The same uses are always the same object. */
export interface Used {
  /** Numbers from 0 in the order in which sets were made; 0 is the empty one. */
  readonly number: number;
  /** Pairs of class and count, ascending by class. */
  readonly pairs: readonly number[];
  /** Those with one more of a class, as far as they were asked for. */
  readonly more: Map<number, Used>;
}

/** All sets of one search. */
export class UsedSets {
  readonly #sets: Used[] = [{ number: 0, pairs: [], more: new Map() }];
  readonly #byText = new Map<string, Used>();

  /** The set with that number, which this gave. */
  at(number: number): Used {
    return this.#sets[number] as Used;
  }

  /** `used`, and one more of a class. */
  withOne(used: Used, name: number): Used {
    const known = used.more.get(name) ?? this.#make(used, name);
    used.more.set(name, known);
    return known;
  }

  #make({ pairs }: Used, name: number): Used {
    const counts = new Map<number, number>();
    for (let i = 0; i < pairs.length; i += 2) counts.set(pairs[i] ?? 0, pairs[i + 1] ?? 0);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const sorted = [...counts].sort(([a], [b]) => a - b).flat();
    const text = sorted.join();
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const made = { number: this.#sets.length, pairs: sorted, more: new Map<number, Used>() };
    this.#sets.push(made);
    this.#byText.set(text, made);
    return made;
  }
}

/** Whether `few` uses of no class more than `many`. */
export function isWithin(few: Used, many: Used): boolean {
  if (few === many) return true;
  let at = 0;
  for (let i = 0; i < few.pairs.length; i += 2) {
    const name = few.pairs[i] ?? 0;
    while (at < many.pairs.length && (many.pairs[at] ?? 0) < name) at += 2;
    if (many.pairs[at] !== name || (many.pairs[at + 1] ?? 0) < (few.pairs[i + 1] ?? 0))
      return false;
  }
  return true;
}

/** How many of a class are in it. */
export function countOf({ pairs }: Used, name: number): number {
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] === name) return pairs[i + 1] ?? 0;
  }
  return 0;
}
