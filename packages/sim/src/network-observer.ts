/** What a simulated network tells of every packet, and what it counts. */

import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";

/**
 * - `cut`, `filter`: a fault was in the way.
 * - `loss`: the weather.
 * - `down`: nobody listens there, or no longer.
 * - `break`: its connection broke.
 * - `overflow`: too much waited already.
 * - `damage`: its bytes, or some before them, came in a shape that the receiver noticed.
 */
export type Loss = "cut" | "loss" | "filter" | "down" | "break" | "overflow" | "damage";

/**
 * Told of each packet as it happens; `id` counts up from 1, over all nodes. Each packet that was
 * sent or repeated is later delivered or lost, or still under way at the end. Must not throw or
 * call the network.
 */
export interface NetworkObserver {
  /** `bytes` may be looked at during the call, and must not be changed or kept. */
  sent?(id: number, from: NodeId, to: NodeId, lane: Lane, bytes: Uint8Array): void;
  /** The receiver is about to be called. */
  delivered?(id: number): void;
  lost?(id: number, why: Loss): void;
  /** Packet `id` is a copy of packet `of` that the network made. */
  repeated?(id: number, of: number): void;
}

/** Counts since the start. `packets` and `bytes` are what nodes have sent. */
export interface NetworkFigures {
  readonly packets: number;
  readonly bytes: number;
  readonly delivered: number;
  readonly lost: number;
  readonly repeated: number;
}

interface Sent {
  packets: number;
  bytes: number;
}

/** Numbers all packets, counts them, and tells the observer when there is one. */
export class Ledger {
  observer: NetworkObserver | undefined;
  readonly #byNode: Sent[] = [];
  #ids = 0;
  #packets = 0;
  #bytes = 0;
  #delivered = 0;
  #lost = 0;
  #repeated = 0;

  /** The new packet's number. */
  sent(from: NodeId, to: NodeId, lane: Lane, bytes: Uint8Array): number {
    const id = ++this.#ids;
    this.#packets++;
    this.#bytes += bytes.length;
    const own = this.of(from);
    own.packets++;
    own.bytes += bytes.length;
    this.observer?.sent?.(id, from, to, lane, bytes);
    return id;
  }

  /** The copy's number. */
  repeated(of: number): number {
    const id = ++this.#ids;
    this.#repeated++;
    this.observer?.repeated?.(id, of);
    return id;
  }

  delivered(id: number): void {
    this.#delivered++;
    this.observer?.delivered?.(id);
  }

  lost(id: number, why: Loss): void {
    this.#lost++;
    this.observer?.lost?.(id, why);
  }

  /** What this node has sent. */
  of(id: NodeId): Sent {
    let own = this.#byNode[id];
    if (own === undefined) {
      own = { packets: 0, bytes: 0 };
      this.#byNode[id] = own;
    }
    return own;
  }

  figures(): NetworkFigures {
    return {
      packets: this.#packets,
      bytes: this.#bytes,
      delivered: this.#delivered,
      lost: this.#lost,
      repeated: this.#repeated,
    };
  }
}
