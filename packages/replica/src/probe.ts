/** What a replica does, told as it happens: for recorded traces and for the simulator's checks. */

import type { Entry, Input, Raft, SnapshotMeta, Write } from "@holdfast/raft";
import type { Packet } from "./codec/packet.ts";

/**
 * Every member is optional and must not throw. What it is given belongs to the replica: it may be
 * looked at during the call and must not be changed or kept.
 */
export interface Probe {
  /**
   * The core is up and nothing was stepped yet. `raft` is the live state, the same one for life.
   */
  opened?(raft: Raft): void;
  /** An input will be stepped at this time. */
  stepping?(input: Input, now: number): void;
  /** The input was stepped. */
  stepped?(input: Input, now: number): void;
  /** This work was handed to the disk. */
  writing?(write: Write): void;
  /** This work is durable, and the promises that waited for it are about to leave. */
  durable?(write: Write): void;
  /** This packet leaves. */
  sending?(packet: Packet): void;
  /** This packet arrived and could be read. */
  received?(packet: Packet): void;
  /** The state machine has applied this entry (or passed one without a command). */
  applied?(entry: Entry): void;
  /** The state machine took its state from this snapshot: after a start right behind `opened`. */
  restored?(meta: SnapshotMeta): void;
  /** An own snapshot is durable. */
  snapshotTaken?(index: number): void;
  /** The replica was closed, or has failed by itself. Nothing is told after that. */
  ended?(failure: Error | undefined): void;
}

/** One probe that tells all of `probes`, in their order. */
export function joinProbes(...probes: readonly Probe[]): Required<Probe> {
  const each = (tell: (probe: Probe) => void): void => {
    for (const probe of probes) tell(probe);
  };
  return {
    opened: (raft) => each((probe) => probe.opened?.(raft)),
    stepping: (input, now) => each((probe) => probe.stepping?.(input, now)),
    stepped: (input, now) => each((probe) => probe.stepped?.(input, now)),
    writing: (write) => each((probe) => probe.writing?.(write)),
    durable: (write) => each((probe) => probe.durable?.(write)),
    sending: (packet) => each((probe) => probe.sending?.(packet)),
    received: (packet) => each((probe) => probe.received?.(packet)),
    applied: (entry) => each((probe) => probe.applied?.(entry)),
    restored: (meta) => each((probe) => probe.restored?.(meta)),
    snapshotTaken: (index) => each((probe) => probe.snapshotTaken?.(index)),
    ended: (failure) => each((probe) => probe.ended?.(failure)),
  };
}
