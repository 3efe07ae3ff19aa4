/** How an operation on a disk begins, fails, takes its time and ends, or never does. */

import { type Clock, DiskError, type DiskErrorCode } from "@holdfast/replica";
import type { DiskFaults } from "./disk-faults.ts";
import type { DiskHooks, DiskOperation } from "./disk-operation.ts";
import type { Process } from "./process.ts";

export interface DiskCallsOptions {
  readonly random: () => number;
  readonly clock?: Clock;
  readonly syncMs?: () => number;
  readonly process?: Process;
}

type Reject = (error: DiskError) => void;

/**
 * The calls of one process to its disk. When they are stopped, or the process is dead, nothing
 * takes effect any more: without a process what was under way rejects with `closed`, with one it
 * never settles.
 */
export class DiskCalls {
  /** Operations begun, syncs that have succeeded, and what failed as faults had it. */
  operations = 0;
  syncs = 0;
  failures = 0;
  readonly #options: DiskCallsOptions;
  readonly #faults: DiskFaults;
  readonly #hooks: DiskHooks;
  readonly #process: Process | undefined;
  #isStopped = false;

  constructor(options: DiskCallsOptions, faults: DiskFaults, hooks: DiskHooks) {
    this.#options = options;
    this.#faults = faults;
    this.#hooks = hooks;
    this.#process = options.process;
  }

  get isAlive(): boolean {
    return !this.#isStopped && (this.#process === undefined || this.#process.isAlive);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Counts an operation, lets the hook act, and says how it fails, if it does. */
  admit(operation: DiskOperation, name: string): DiskErrorCode | undefined {
    this.operations += 1;
    const code = this.#hooks.before?.(this.operations, operation, name);
    return this.#counted(code ?? this.#faults.take(operation));
  }

  /** The operation has had its effect. */
  took(operation: DiskOperation, name: string): void {
    this.#hooks.after?.(operation, name);
  }

  /** True when there is nothing to do, as the process is dead; throws when only the disk is. */
  isOver(): boolean {
    if (this.isAlive) return false;
    if (this.#process !== undefined) return true;
    throw crashed();
  }

  /** Takes effect at once, or fails; the caller hears of it when the operation's time is over. */
  run<T>(operation: DiskOperation, name: string, effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const code = this.isAlive ? this.admit(operation, name) : undefined;
      if (!this.isAlive) {
        this.#bury(reject);
        return;
      }
      const settle = (): void => {
        if (outcome.error === undefined) resolve(outcome.value as T);
        else reject(outcome.error);
      };
      const outcome = code === undefined ? this.#attempt(effect) : failed(operation, name, code);
      if (code === undefined) this.took(operation, name);
      const { clock } = this.#options;
      const { otherMs } = this.#faults;
      if (clock === undefined || otherMs === 0) this.#deliver(settle, reject);
      else clock.setTimer(otherMs, () => this.#deliver(settle, reject));
    });
  }

  /**
   * `begin` takes note of what is to become durable, and `end` makes it so, or fails; between them
   * time passes, and the disk may die up to the last moment.
   */
  sync<P>(
    operation: DiskOperation,
    name: string,
    begin: () => P,
    end: (point: P, code: DiskErrorCode | undefined) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const begun = this.isAlive ? this.admit(operation, name) : undefined;
      if (!this.isAlive) {
        this.#bury(reject);
        return;
      }
      const point = begin();
      const finish = (): void => {
        const code = begun ?? this.#counted(this.#faults.inSync());
        if (this.isAlive) {
          this.#endSync(code, () => end(point, code));
          this.took(operation, name);
        }
        if (code === undefined) this.#deliver(resolve, reject);
        else this.#deliver(() => reject(injected(operation, name, code)), reject);
      };
      if (this.#faults.isHung) this.#faults.whenLifted(() => this.#afterSyncTime(finish));
      else this.#afterSyncTime(finish);
    });
  }

  /** What becomes of a call to a closed file. */
  refuse(file: string): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.#deliver(() => reject(new DiskError("closed", `File ${file} is closed`)), reject);
    });
  }

  #counted(code: DiskErrorCode | undefined): DiskErrorCode | undefined {
    if (code !== undefined) this.failures += 1;
    return code;
  }

  #attempt<T>(effect: () => T): Outcome<T> {
    try {
      return { value: effect(), error: undefined };
    } catch (error) {
      if (error instanceof DiskError) return { value: undefined, error };
      throw error;
    }
  }

  /** After a lie the next sync that is true covers what this one didn't. */
  #endSync(code: DiskErrorCode | undefined, end: () => void): void {
    if (code === undefined) this.syncs += 1;
    if (code !== undefined || !this.#faults.isLying) end();
  }

  #afterSyncTime(finish: () => void): void {
    const { clock } = this.#options;
    const ms = this.#syncMs();
    if (clock === undefined || ms === undefined) {
      void Promise.resolve().then(() => this.#faults.whenLifted(finish));
    } else {
      clock.setTimer(ms, () => this.#faults.whenLifted(finish));
    }
  }

  /** `undefined` when nobody has said how long a sync takes. */
  #syncMs(): number | undefined {
    const { syncMs, random } = this.#options;
    if (syncMs !== undefined) return syncMs();
    const { currentSyncMs, syncJitterMs } = this.#faults;
    if (syncJitterMs > 0) return currentSyncMs + random() * syncJitterMs;
    return currentSyncMs > 0 ? currentSyncMs : undefined;
  }

  /** Lets the caller know, if it can be told anything any more. */
  #deliver(settle: () => void, reject: Reject): void {
    if (!this.isAlive) this.#bury(reject);
    else if (this.#process === undefined) settle();
    else this.#process.deliver("io", settle);
  }

  /** Nobody is left in a dead process to tell. */
  #bury(reject: Reject): void {
    if (this.#process === undefined) reject(crashed());
  }
}

interface Outcome<T> {
  readonly value: T | undefined;
  readonly error: DiskError | undefined;
}

function failed(operation: DiskOperation, name: string, code: DiskErrorCode): Outcome<never> {
  return { value: undefined, error: injected(operation, name, code) };
}

/** The error of an operation that was made to fail. */
export function injected(operation: DiskOperation, name: string, code: DiskErrorCode): DiskError {
  return new DiskError(code, `Injected ${code} failure of ${operation} ${name}`);
}

function crashed(): DiskError {
  return new DiskError("closed", "The disk has crashed");
}
