/**
 * What the application brings: a deterministic state machine over bytes (paper §2), and the little
 * of AbortSignal that is used.
 */

import type { Index, Term } from "@holdfast/raft";

/** Where in the log something stands. */
export interface Position {
  readonly index: Index;
  readonly term: Term;
}

/**
 * A replicated state machine. Every replica calls `apply` with the same commands in the same order;
 * so the outcome may depend on nothing but the state and the command: no clock, no random numbers,
 * no files, no iteration by identity.
 */
export interface Machine<R> {
  /**
   * Applies one committed command. Calls never overlap: when it returns a promise, the next waits
   * for it. The bytes are shared and must not be changed. If it throws, the replica stops
   * (`MACHINE_FAILED`): an entry is never skipped, so report a command that can't be carried out as
   * a result.
   */
  apply(command: Uint8Array, at: Position): R | Promise<R>;
  /**
   * The state as of the last `apply`, in pieces. No `apply` runs until the last piece was taken;
   * the pieces must not be changed afterwards.
   */
  snapshot(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Replaces the state by what `snapshot` gave at `at`. The pieces may be cut differently. */
  restore(chunks: AsyncIterable<Uint8Array>, at: Position): void | Promise<void>;
}

/** The part of the platform's `AbortSignal` that `propose` uses. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
