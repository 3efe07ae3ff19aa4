/** The network port in memory and on virtual time: delays, loses, repeats and cuts by a seed. */

import type { NodeId } from "@holdfast/raft";
import type { Clock, Lane, Network, Receiver } from "@holdfast/replica";
import type { Random } from "./random.ts";

/** How packets fare. Those with a larger delay are overtaken. */
export interface Weather {
  /** Every packet takes this long, in ms. */
  readonly delayMs: number;
  /** And up to this much longer, at random. */
  readonly jitterMs: number;
  /** How many of 1000 packets vanish. */
  readonly lost: number;
  /** How many of 1000 packets arrive twice. */
  readonly repeated: number;
}

/** Nothing is lost; now and then a packet overtakes another. */
export const FAIR: Weather = { delayMs: 1, jitterMs: 1, lost: 0, repeated: 0 };

/** Looks at a packet before it leaves: true lets it pass. */
export type PacketFilter = (from: NodeId, to: NodeId, lane: Lane, packet: Uint8Array) => boolean;

/** An unreachable peer is reported once in this time, as by a connection that is dialled again. */
const REPORT_MS = 50;

/** One network for all nodes of a simulated cluster; `plug` gives each node its port. */
export class SimNetwork {
  weather: Weather = FAIR;
  filter: PacketFilter | undefined;
  /** Packets handed over by a node, by its id. */
  readonly sent: Map<NodeId, number> = new Map();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #ports = new Map<NodeId, Port>();
  readonly #reportedAt = new Map<string, number>();
  readonly #cut = new Set<string>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A new plug for `id`; what is on the way to the old one is lost. */
  plug(id: NodeId): Network {
    const port = new Port(id, this);
    this.#ports.get(id)?.pull();
    this.#ports.set(id, port);
    return port;
  }

  /** Nothing passes between `id` and all others, both ways. */
  isolate(id: NodeId): void {
    for (const other of this.#ports.keys()) this.#cut.add(`${id}-${other}`).add(`${other}-${id}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  carry(from: Port, to: NodeId, lane: Lane, packet: Uint8Array): void {
    this.sent.set(from.id, (this.sent.get(from.id) ?? 0) + 1);
    if (to === from.id) return;
    const target = this.#ports.get(to);
    const { lost, repeated } = this.weather;
    const isDown = target === undefined || !target.isOpen || this.#cut.has(`${from.id}-${to}`);
    if (isDown) {
      this.#report(from, to);
      return;
    }
    if (this.filter?.(from.id, to, lane, packet) === false) return;
    if (this.#random.chance(lost, 1000)) return;
    const copies = this.#random.chance(repeated, 1000) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const bytes = packet.slice();
      this.#later(() => target.receiver?.received(from.id, lane, bytes));
    }
  }

  /** Hands a packet over as if `from` had sent it. */
  deliver(from: NodeId, to: NodeId, lane: Lane, packet: Uint8Array): void {
    this.#ports.get(to)?.receiver?.received(from, lane, packet);
  }

  /** As a connection that is dialled again with a pause: one report per pause. */
  #report(from: Port, to: NodeId): void {
    const link = `${from.id}-${to}`;
    if ((this.#reportedAt.get(link) ?? Number.NEGATIVE_INFINITY) + REPORT_MS > this.#clock.now())
      return;
    this.#reportedAt.set(link, this.#clock.now());
    this.#later(() => from.receiver?.unreachable(to));
  }

  #later(run: () => void): void {
    const { delayMs, jitterMs } = this.weather;
    this.#clock.setTimer(delayMs + this.#random.fraction() * jitterMs, run);
  }
}

class Port implements Network {
  readonly id: NodeId;
  receiver: Receiver | undefined;
  isOpen = false;
  readonly #network: SimNetwork;

  constructor(id: NodeId, network: SimNetwork) {
    this.id = id;
    this.#network = network;
  }

  start(receiver: Receiver): void {
    this.receiver = receiver;
    this.isOpen = true;
  }

  send(to: NodeId, lane: Lane, packet: Uint8Array): void {
    if (this.isOpen) this.#network.carry(this, to, lane, packet);
  }

  async close(): Promise<void> {
    this.pull();
  }

  pull(): void {
    this.receiver = undefined;
    this.isOpen = false;
  }
}
