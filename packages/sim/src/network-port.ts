/** A node's plug in the simulated network: what its process sends and hears. */

import { assert, type NodeId } from "@holdfast/raft";
import type { Lane, Network, Receiver } from "@holdfast/replica";
import type { Process } from "./process.ts";

/** What a port asks of the network that it is plugged into. */
export interface Exchange {
  started(port: Port): void;
  carry(port: Port, to: NodeId, lane: Lane, packet: Uint8Array): void;
}

export class Port implements Network {
  readonly id: NodeId;
  /** Bytes that wait in its sockets for the end of a pause. */
  heldBytes = 0;
  readonly #exchange: Exchange;
  readonly #process: Process | undefined;
  #receiver: Receiver | undefined;
  #isReplaced = false;

  constructor(id: NodeId, exchange: Exchange, owner: Process | undefined) {
    this.id = id;
    this.#exchange = exchange;
    this.#process = owner;
  }

  /** Somebody listens: started, neither closed nor replaced nor dead. */
  get isOpen(): boolean {
    return this.#receiver !== undefined && (this.#process?.isAlive ?? true);
  }

  /**
   * What it sends sets out: open, or the address is another's now and the process lives on (P8).
   */
  get isHeard(): boolean {
    return this.isOpen || (this.#isReplaced && (this.#process?.isAlive ?? false));
  }

  /** What arrives now has to wait. */
  get isHolding(): boolean {
    return this.#process?.isHolding ?? false;
  }

  start(receiver: Receiver): void {
    assert(this.#receiver === undefined, "network.start: called twice");
    this.#receiver = receiver;
    this.#exchange.started(this);
  }

  send(to: NodeId, lane: Lane, packet: Uint8Array): void {
    if (this.isHeard) this.#exchange.carry(this, to, lane, packet);
  }

  async close(): Promise<void> {
    this.pull();
  }

  /** Nothing reaches or leaves it from here on. */
  pull(): void {
    this.#receiver = undefined;
    this.#isReplaced = false;
  }

  /** Another port of this node has started: this one hears nothing any more. */
  replaced(): void {
    this.#isReplaced = this.isOpen;
    this.#receiver = undefined;
  }

  received(from: NodeId, lane: Lane, packet: Uint8Array): void {
    this.#receiver?.received(from, lane, packet);
  }

  unreachable(peer: NodeId): void {
    if (this.isHolding) this.later(() => this.#receiver?.unreachable(peer));
    else this.#receiver?.unreachable(peer);
  }

  /** Runs `read` when the process looks at its sockets. */
  later(read: () => void): void {
    if (this.#process === undefined) read();
    else this.#process.deliver("io", read);
  }
}
