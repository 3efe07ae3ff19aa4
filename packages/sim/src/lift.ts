/** Faults that last: each until it is lifted by itself, however many there are of its kind. */

/** A fault that lasts until it is lifted; lifting it again does nothing. */
export interface Lift {
  lift(): void;
}

/** All faults of one kind that are in force, with how strong each is. */
export class InForce {
  readonly #strengths: Map<Lift, number> = new Map();

  get isAny(): boolean {
    return this.#strengths.size > 0;
  }

  /** `lifted` is called when this one has been lifted by itself. */
  lay(strength: number, lifted?: () => void): Lift {
    const own: Lift = {
      lift: () => {
        if (this.#strengths.delete(own)) lifted?.();
      },
    };
    this.#strengths.set(own, strength);
    return own;
  }

  /** The greatest strength, and at least `calm`. */
  most(calm: number): number {
    return this.isAny ? Math.max(calm, ...this.#strengths.values()) : calm;
  }

  /** The least strength, and at most `calm`. */
  least(calm: number): number {
    return this.isAny ? Math.min(calm, ...this.#strengths.values()) : calm;
  }

  /** Lifts all, without a word. */
  clear(): void {
    this.#strengths.clear();
  }
}
