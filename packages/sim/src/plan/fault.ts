/**
 * The faults that a plan can hold: plain data with a time, so that they can be stored and dropped.
 */

import type { NodeId } from "@holdfast/raft";
import type { Lane, Packet } from "@holdfast/replica";
import type { Keep } from "../disk-inode.ts";
import type { DiskOperation } from "../disk-operation.ts";
import type { Weather } from "../network.ts";

/**
 * A node by its id, or by what it is when the fault happens; nothing happens when nobody is that.
 */
export type Who = NodeId | "leader" | "follower" | "candidate";

/** How a process ends, and what its disk keeps. */
export interface Ending {
  /** With the power, what was not synced is lost as `keep` says; else only the process dies. */
  readonly power: boolean;
  readonly keep: Keep;
  /** Starts again after so long; undefined: when the cluster heals. */
  readonly downMs: number | undefined;
}

export type MessageKind = Packet["kind"];

/** A moment in the life of a process that is worth a crash. */
export type Moment =
  | { readonly on: "disk"; readonly operation?: DiskOperation; readonly side: "before" | "after" }
  | { readonly on: "send"; readonly message?: MessageKind };

/** Who can't reach whom. */
export type Shape =
  | { readonly kind: "isolate"; readonly who: Who }
  /** Sends, but hears nothing. */
  | { readonly kind: "deaf"; readonly who: Who }
  /** Hears, but what it sends is lost. */
  | { readonly kind: "mute"; readonly who: Who }
  /** Groups that can't reach each other; who is in none is alone. */
  | { readonly kind: "split"; readonly groups: readonly (readonly NodeId[])[] }
  /** Two halves that share only this node. */
  | { readonly kind: "bridge"; readonly who: Who }
  /** Each sees itself and the next few on a ring: a majority, never the same. */
  | { readonly kind: "ring"; readonly order: readonly NodeId[] }
  /** One directed link. */
  | { readonly kind: "link"; readonly from: Who; readonly to: Who };

export type ProcessFault =
  | ({ readonly kind: "crash"; readonly who: Who } & Ending)
  /** The `nth` such moment from now on ends the process, in this life or a later one. */
  | ({
      readonly kind: "crash-on";
      readonly who: Who;
      readonly moment: Moment;
      readonly nth: number;
    } & Ending)
  /** All nodes at once. */
  | ({ readonly kind: "outage" } & Ending)
  /** Crashes again and again, each time this long after its start. */
  | ({
      readonly kind: "crash-loop";
      readonly who: Who;
      readonly times: number;
      readonly upMs: number;
    } & Ending)
  /** Of pauses that overlap the latest end counts. */
  | { readonly kind: "pause"; readonly who: Who; readonly forMs: number }
  /** The replica is closed in order, as by an operator, and starts again after so long (P12). */
  | { readonly kind: "stop"; readonly who: Who; readonly downMs: number }
  /** The node's clock leaps ahead. */
  | { readonly kind: "clock-jump"; readonly who: Who; readonly aheadMs: number }
  /** The node's clock runs at this part of a million too fast (or slow) from now on. */
  | { readonly kind: "clock-drift"; readonly who: Who; readonly ppm: number }
  /**
   * A second process with the same identity is started on the directory of a running one, as if
   * there were no lock on it, and takes its address over: the first one hears nothing any more, and
   * writes and sends on. After so long both are killed, and one starts again. Nobody can survive
   * that for certain (P8), so it is in no plan that is drawn: it shows what the checks see.
   */
  | { readonly kind: "twin"; readonly who: Who; readonly forMs: number };

/** Each lane is a connection of its own, and may stall or break while the others flow (N17). */
interface OnLanes {
  /** Only these; all unless told. */
  readonly lanes?: readonly Lane[];
}

export type NetworkFault =
  | { readonly kind: "weather"; readonly weather: Weather; readonly forMs: number }
  | ({ readonly kind: "partition"; readonly shape: Shape; readonly forMs: number } & OnLanes)
  /** Cut and healed, `times` times, `periodMs` each. */
  | {
      readonly kind: "flap";
      readonly shape: Shape;
      readonly periodMs: number;
      readonly times: number;
    }
  /** What is sent on these links waits, and arrives in one burst at the end. */
  | ({ readonly kind: "clog"; readonly shape: Shape; readonly forMs: number } & OnLanes)
  | ({
      readonly kind: "slow-link";
      readonly shape: Shape;
      readonly bytesPerSecond: number;
      readonly forMs: number;
    } & OnLanes)
  /** Connections break: what is under way is lost, both ends are told. */
  | ({ readonly kind: "break"; readonly shape: Shape } & OnLanes)
  /** Of 1000 packets so many are damaged on their way, as bytes of a stream (N14). */
  | {
      readonly kind: "corrupt";
      readonly shape: Shape | "all";
      readonly damaged: number;
      readonly forMs: number;
    }
  /** Only messages of these kinds are lost, in so many of 1000 cases. */
  | {
      readonly kind: "filter";
      readonly shape: Shape | "all";
      readonly messages: readonly MessageKind[];
      readonly lost: number;
      readonly forMs: number;
    };

export type DiskArea = "wal" | "snapshot";
export type DiskPlace = "head" | "middle" | "tail";
/** `misdirected-write`: bytes that are good elsewhere on this disk stand here as well (D8). */
export type Damage = "flip-bit" | "zero-sector" | "noise-sector" | "truncate" | "misdirected-write";

export type DiskFault =
  /** The next `times` operations of this kind fail. */
  | {
      readonly kind: "disk-error";
      readonly who: Who;
      readonly operation: DiskOperation;
      readonly code: "io" | "no-space";
      readonly times: number;
    }
  | {
      readonly kind: "disk-slow";
      readonly who: Who;
      readonly syncMs: number;
      readonly forMs: number;
    }
  /** No sync ends while this lasts. */
  | { readonly kind: "disk-hang"; readonly who: Who; readonly forMs: number }
  | { readonly kind: "disk-full"; readonly who: Who; readonly forMs: number }
  /** Each operation fails from here on, also after the healing (D4, D17). */
  | { readonly kind: "disk-dead"; readonly who: NodeId }
  /**
   * Syncs succeed and nothing gets further than the memory of the device, until one succeeds
   * afterwards; a power loss before that loses it. Nobody can survive that for certain (D9), so it
   * is in no plan that is drawn: it shows what the checks see.
   */
  | { readonly kind: "disk-lies"; readonly who: Who; readonly forMs: number }
  /** The process dies, its disk is damaged silently, and it starts again. */
  | {
      readonly kind: "disk-damage";
      readonly who: Who;
      readonly area: DiskArea;
      readonly place: DiskPlace;
      readonly damage: Damage;
      readonly downMs: number;
    }
  /** The process dies, and these files are gone when it starts again. */
  | {
      readonly kind: "disk-loss";
      readonly who: Who;
      readonly area: DiskArea;
      readonly downMs: number;
    }
  /** The process dies, and finds a copy of another node's directory when it starts again. */
  | {
      readonly kind: "disk-clone";
      readonly who: Who;
      readonly of: NodeId;
      readonly downMs: number;
    }
  /**
   * A copy of the directory is taken, and put back `agoMs` later. Nobody can survive that for
   * certain (D7, P9), so it is in no plan that is drawn: it shows what the checks see.
   */
  | {
      readonly kind: "disk-rollback";
      readonly who: Who;
      readonly agoMs: number;
      readonly downMs: number;
    };

/** `at`: ms since the start of the run. `id`: stays the same when others are dropped. */
export type Fault = { readonly id: number; readonly at: number } & (
  | ProcessFault
  | NetworkFault
  | DiskFault
);

export type FaultKind = Fault["kind"];

/** Kinds that plans may be drawn with: a minority of nodes that suffers them is survived. */
export type DrawnKind = Exclude<FaultKind, "disk-rollback" | "disk-lies" | "twin">;
