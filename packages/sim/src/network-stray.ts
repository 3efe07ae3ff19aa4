/** Packets on their own, without a connection's order: lost, repeated, and replayed much later. */

import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";
import type { Climate } from "./network-climate.ts";
import { type Connection, Parcel } from "./network-connection.ts";
import { type LinkState, laneNumber } from "./network-link.ts";
import type { Ledger } from "./network-observer.ts";
import type { Port } from "./network-port.ts";
import { drawLateness, REPLAY_MS } from "./network-weather.ts";
import type { Scheduler } from "./scheduler.ts";

/** A copy of a packet that comes long after it. */
interface Replayed {
  readonly id: number;
  readonly link: LinkState;
  readonly lane: Lane;
  readonly bytes: Uint8Array;
  /** How often all storms were ended before it. */
  readonly clearings: number;
}

export class StrayPackets {
  readonly #scheduler: Scheduler;
  readonly #ledger: Ledger;
  readonly #climate: Climate;
  readonly #portOf: (id: NodeId) => Port | undefined;

  constructor(
    scheduler: Scheduler,
    ledger: Ledger,
    climate: Climate,
    portOf: (id: NodeId) => Port | undefined,
  ) {
    this.#scheduler = scheduler;
    this.#ledger = ledger;
    this.#climate = climate;
    this.#portOf = portOf;
  }

  /** Over a link that is not cut. */
  send(connection: Connection, id: number, bytes: Uint8Array): void {
    const { random } = connection.link;
    const weather = this.#climate.now;
    const { lost, repeated, replayed = 0, replayMs = REPLAY_MS } = weather;
    if (replayed > 0 && random.chance(replayed, 1000)) {
      this.#replayLater(connection, id, bytes, random.below(replayMs));
    }
    if (lost > 0 && random.chance(lost, 1000)) {
      this.#ledger.lost(id, "loss");
      return;
    }
    if (repeated > 0 && random.chance(repeated, 1000)) {
      const copy = this.#ledger.repeated(id);
      connection.send(new Parcel(copy, bytes.slice(), 0, connection));
    }
    connection.send(new Parcel(id, bytes, drawLateness(weather, random, bytes), connection));
  }

  #replayLater({ lane, link }: Connection, id: number, bytes: Uint8Array, afterMs: number): void {
    const { clearings } = this.#climate;
    const old = { id: this.#ledger.repeated(id), link, lane, bytes: bytes.slice(), clearings };
    this.#scheduler.after(afterMs, () => this.#replay(old));
  }

  /** An old packet comes again, to whoever has that id by now. */
  #replay({ id, link, lane, bytes, clearings }: Replayed): void {
    const target = this.#portOf(link.to);
    if (clearings !== this.#climate.clearings) {
      this.#ledger.lost(id, "loss");
    } else if (target === undefined || !target.isOpen) {
      this.#ledger.lost(id, "down");
    } else if (link.lane(laneNumber(lane)).isCut) {
      this.#ledger.lost(id, "cut");
    } else {
      target.later(() => {
        this.#ledger.delivered(id);
        target.received(link.from, lane, bytes);
      });
    }
  }
}
