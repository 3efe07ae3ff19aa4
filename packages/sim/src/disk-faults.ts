/**
 * What is wrong with a disk at the moment: may be changed while it is in use (D3 to D6, D9, D10,
 * D17).
 */

import type { DiskErrorCode } from "@holdfast/replica";
import type { AfterFailedSync } from "./disk-inode.ts";
import type { DiskOperation } from "./disk-operation.ts";

interface Failing {
  readonly code: DiskErrorCode;
  left: number;
}

/**
 * State of a device: by default it stays with all disks that come of one by `crash` and `kill`, so
 * a device that hangs still hangs when the process starts again.
 */
export class DiskFaults {
  /** A sync takes this long, and by chance up to `syncJitterMs` longer. */
  syncMs = 0;
  syncJitterMs = 0;
  /** All other operations but `write` take this long; at 0 they end within a microtask. */
  otherMs = 0;
  /** Sum of file sizes beyond which no file can grow; it may shrink below what is used. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  afterFailedSync: AfterFailedSync = "keeps";
  /** Syncs succeed, and what they cover stays in the memory of the device (D9). */
  isLying = false;
  #isHung = false;
  #isDead = false;
  #waiting: (() => void)[] = [];
  #failing: Map<DiskOperation, Failing> | undefined;

  get isHung(): boolean {
    return this.#isHung;
  }

  /** Every operation fails, for good (D4). */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Syncs under way fail, too, and nothing heals it. */
  die(): void {
    this.#isDead = true;
    this.lift();
  }

  /** From here on no sync begins or ends. */
  hang(): void {
    this.#isHung = !this.#isDead;
  }

  /** What hung goes on: syncs that had begun end now, in the order in which they were due. */
  lift(): void {
    this.#isHung = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }

  /** The next `times` operations of this kind fail. Replaces what was said of that kind before. */
  failNext(operation: DiskOperation, code: DiskErrorCode, times: number): void {
    this.#failing ??= new Map();
    if (times > 0) this.#failing.set(operation, { code, left: times });
    else this.#failing.delete(operation);
    if (this.#failing.size === 0) this.#failing = undefined;
  }

  /** Nothing fails, hangs, lies or is full any more. The times stay as they are. */
  heal(): void {
    this.#failing = undefined;
    this.isLying = false;
    this.capacityBytes = Number.POSITIVE_INFINITY;
    this.lift();
  }

  /** @internal How an operation that begins now fails, if it does; counts it. */
  take(operation: DiskOperation): DiskErrorCode | undefined {
    if (this.#isDead) return "io";
    if (this.#failing === undefined) return undefined;
    const failing = this.#failing.get(operation);
    if (failing === undefined) return undefined;
    this.failNext(operation, failing.code, failing.left - 1);
    return failing.code;
  }

  /** @internal How a sync fails that had begun well. */
  inSync(): DiskErrorCode | undefined {
    return this.#isDead ? "io" : undefined;
  }

  /** @internal Runs `run` now, or when the disk hangs no longer. */
  whenLifted(run: () => void): void {
    if (this.#isHung) this.#waiting.push(run);
    else run();
  }
}
