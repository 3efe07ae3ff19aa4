/**
 * The three doors to the world. Everything that the replica knows of disks, networks and time comes
 * through these, so that the same code runs in production, in the simulator and in a browser.
 * `testkit` holds a conformance suite for each; an implementation that passes it may be used.
 */

import type { NodeId } from "@holdfast/raft";

/**
 * One flat directory that belongs to this replica alone. A crash may take back everything that was
 * not synced: bytes written to a file without `sync`, and names created, renamed or removed without
 * `syncDirectory`.
 */
export interface Disk {
  /** All names, sorted. */
  list(): Promise<readonly string[]>;
  /** Opens an existing file. Rejects with code `not-found`. */
  open(name: string): Promise<DiskFile>;
  /**
   * Creates an empty file; one of that name is emptied. Its name is durable only after
   * `syncDirectory`.
   */
  create(name: string): Promise<DiskFile>;
  /** Atomic; an existing `to` is replaced. Durable only after `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** Removing what does not exist is no error. Durable only after `syncDirectory`. */
  remove(name: string): Promise<void>;
  /** All earlier creations, renames and removals survive a crash once this has resolved. */
  syncDirectory(): Promise<void>;
}

export interface DiskFile {
  readonly name: string;
  /** Current length, in bytes. */
  readonly size: number;
  /** Fewer bytes come back only at the end of the file. */
  read(position: number, length: number): Promise<Uint8Array>;
  /**
   * Hands bytes to the operating system: visible to `read` at once, durable only after `sync`.
   * Throws `DiskError`. Writing past the end fills the gap with zeros.
   */
  write(position: number, bytes: Uint8Array): void;
  /**
   * All writes and truncations of this file before the call survive a crash once this has resolved.
   * When it rejects, nothing is known about any byte since the last success, and a later success
   * proves nothing about them either.
   */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

export type DiskErrorCode = "not-found" | "no-space" | "io" | "closed";

/** What a disk says when it cannot. */
export class DiskError extends Error {
  readonly code: DiskErrorCode;

  constructor(code: DiskErrorCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.name = "DiskError";
    this.code = code;
  }
}

/**
 * Traffic classes with a connection and a queue of their own, so that a snapshot never delays a
 * heartbeat.
 */
export type Lane = "vote" | "append" | "snapshot";

/**
 * Carries packets between replicas of one cluster: any packet may be lost, delayed, repeated or
 * overtaken by another, but one that arrives is whole and comes from the node it says.
 */
export interface Network {
  /** Starts to deliver. Called once, before the first `send`. */
  start(receiver: Receiver): void;
  /** Best effort, never blocks, never throws. The bytes belong to the network from here on. */
  send(to: NodeId, lane: Lane, packet: Uint8Array): void;
  close(): Promise<void>;
}

export interface Receiver {
  /** The bytes belong to the receiver. */
  received(from: NodeId, lane: Lane, packet: Uint8Array): void;
  /** What was sent to this peer and not answered is probably lost. */
  unreachable(peer: NodeId): void;
}

/** Monotonic time and the way to be called later. */
export interface Clock {
  /** Milliseconds since some fixed moment, may have a fraction; never goes back. */
  now(): number;
  /** Calls `run` once, not before `delayMs` from now (a millisecond early is allowed). */
  setTimer(delayMs: number, run: () => void): Timer;
  /** Calls `run` soon, after what is already waiting to be received: the end of a turn. */
  soon(run: () => void): void;
}

export interface Timer {
  /** After this `run` is not called. Cancelling twice, or after the call, is no error. */
  cancel(): void;
}
