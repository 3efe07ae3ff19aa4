/**
 * What is wrong with a disk at the moment: may be changed while it is in use (D3 to D6, D9, D10,
 * D17).
 */

import type { DiskErrorCode } from "@holdfast/replica";
import type { AfterFailedSync } from "./disk-inode.ts";
import type { DiskOperation } from "./disk-operation.ts";
import { InForce, type Lift } from "./lift.ts";

interface Failing {
  readonly code: DiskErrorCode;
  left: number;
}

/**
 * State of a device: by default it stays with all disks that come of one by `crash` and `kill`, so
 * a device that hangs still hangs when the process starts again. Of several faults of one kind the
 * strongest counts, and each lasts until it is lifted by itself.
 */
export class DiskFaults {
  /** While it isn't slow a sync takes this long, and by chance up to `syncJitterMs` longer. */
  syncMs = 0;
  syncJitterMs = 0;
  /** All other operations but `write` take this long; at 0 they end within a microtask. */
  otherMs = 0;
  /** Sum of file sizes beyond which no file can grow; it may shrink below what is used. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  afterFailedSync: AfterFailedSync = "keeps";
  readonly #slow: InForce = new InForce();
  readonly #hung: InForce = new InForce();
  readonly #full: InForce = new InForce();
  readonly #lying: InForce = new InForce();
  #isDead = false;
  #waiting: (() => void)[] = [];
  #failing: Map<DiskOperation, Failing> | undefined;

  /** How long a sync takes at the moment, but for the jitter. */
  get currentSyncMs(): number {
    return this.#slow.most(this.syncMs);
  }

  /** The sum of file sizes beyond which no file can grow at the moment. */
  get currentCapacityBytes(): number {
    return this.#full.least(this.capacityBytes);
  }

  get isHung(): boolean {
    return this.#hung.isAny;
  }

  /** Syncs succeed, and what they cover stays in the memory of the device (D9). */
  get isLying(): boolean {
    return this.#lying.isAny;
  }

  /** Every operation fails, for good (D4). */
  get isDead(): boolean {
    return this.#isDead;
  }

  /** Syncs under way fail, too, and nothing heals it. */
  die(): void {
    this.#isDead = true;
    this.#hung.clear();
    this.#goOn();
  }

  /** From here on a sync takes at least this long (D5). */
  slow(syncMs: number): Lift {
    return this.#slow.lay(syncMs);
  }

  /**
   * From here on no sync begins or ends. When the last one is lifted, syncs that had begun end at
   * once, in the order in which they were due. A dead disk doesn't hang.
   */
  hang(): Lift {
    if (this.#isDead) return NOTHING;
    return this.#hung.lay(0, () => {
      if (!this.isHung) this.#goOn();
    });
  }

  /** From here on files grow to this sum of their sizes at most (D10). */
  fill(capacityBytes: number): Lift {
    return this.#full.lay(capacityBytes);
  }

  /** From here on syncs succeed and nothing gets to the platter, until one is true (D9). */
  lie(): Lift {
    return this.#lying.lay(0);
  }

  /** The next `times` operations of this kind fail. Replaces what was said of that kind before. */
  failNext(operation: DiskOperation, code: DiskErrorCode, times: number): void {
    this.#failing ??= new Map();
    if (times > 0) this.#failing.set(operation, { code, left: times });
    else this.#failing.delete(operation);
    if (this.#failing.size === 0) this.#failing = undefined;
  }

  /** Nothing fails, hangs, lies, is slow or full any more: only a dead disk stays dead. */
  heal(): void {
    this.#failing = undefined;
    this.capacityBytes = Number.POSITIVE_INFINITY;
    for (const all of [this.#slow, this.#hung, this.#full, this.#lying]) all.clear();
    this.#goOn();
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
    if (this.isHung) this.#waiting.push(run);
    else run();
  }

  #goOn(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) run();
  }
}

const NOTHING: Lift = { lift: () => {} };
