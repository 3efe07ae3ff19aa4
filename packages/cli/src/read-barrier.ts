/**
 * Makes local reads linearizable by a command that changes nothing, shared among the reads that
 * wait (paper §8).
 */

/**
 * A read may use the local state once a barrier that was proposed after the read began is applied
 * here: everything that was acknowledged before the read is in the log before the barrier. Reads
 * that come while a barrier is under way share the next one, so a flood of reads costs one log
 * entry per round trip.
 */
export class ReadBarrier {
  readonly #propose: () => Promise<void>;
  #current: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** `propose` resolves when a barrier that it put into the log is applied on this node. */
  constructor(propose: () => Promise<void>) {
    this.#propose = propose;
  }

  /**
   * Resolves when the local state holds all that was acknowledged, on any node, before this call.
   */
  pass(): Promise<void> {
    if (this.#current === undefined) return this.#start();
    // The one under way may have entered the log before this call: it proves nothing for it.
    this.#next ??= this.#current.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    const barrier = this.#propose().finally(() => {
      if (this.#current === barrier) this.#current = undefined;
    });
    this.#current = barrier;
    return barrier;
  }
}
