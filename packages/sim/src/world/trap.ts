/** A crash that waits for its moment: a disk operation, or a packet that leaves. */

import type { DiskOperation } from "../disk-operation.ts";
import type { MessageKind, Moment } from "../plan/fault.ts";

/** Springs at the `nth` such moment, however often the process dies of something else before. */
export class Trap {
  readonly #moment: Moment;
  readonly #spring: () => void;
  #left: number;

  constructor(moment: Moment, nth: number, spring: () => void) {
    this.#moment = moment;
    this.#left = nth;
    this.#spring = spring;
  }

  /** These are true when this was the moment. */
  atDisk(operation: DiskOperation, side: "before" | "after"): boolean {
    const moment = this.#moment;
    if (moment.on !== "disk" || moment.side !== side) return false;
    return (moment.operation ?? operation) === operation && this.#counts();
  }

  atSend(message: MessageKind): boolean {
    const moment = this.#moment;
    if (moment.on !== "send") return false;
    return (moment.message ?? message) === message && this.#counts();
  }

  spring(): void {
    this.#spring();
  }

  #counts(): boolean {
    this.#left--;
    return this.#left === 0;
  }
}

/** The first whose moment it is: a process dies once, so the others wait on. */
export function springOne(traps: Set<Trap>, isAt: (trap: Trap) => boolean): void {
  for (const trap of traps) {
    if (!isAt(trap)) continue;
    traps.delete(trap);
    trap.spring();
    return;
  }
}
