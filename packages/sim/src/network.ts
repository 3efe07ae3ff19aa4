/**
 * The network port in memory and on virtual time. Packets take directed links, on which faults lie
 * until they are lifted (N1 to N18); all chance comes from a seed, by link.
 */

import { assert, type NodeId } from "@holdfast/raft";
import type { Lane, Network } from "@holdfast/replica";
import type { Lift } from "./lift.ts";
import { Carrier } from "./network-carrier.ts";
import { Climate } from "./network-climate.ts";
import { type Corruption, type Drop, LANES, type Link, laneNumber } from "./network-link.ts";
import { LinkTable } from "./network-links.ts";
import { Ledger, type NetworkFigures, type NetworkObserver } from "./network-observer.ts";
import type { NetworkOptions, PacketFilter } from "./network-options.ts";
import { type Exchange, Port } from "./network-port.ts";
import { linksOf } from "./network-shapes.ts";
import type { Weather } from "./network-weather.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

export type { Lift } from "./lift.ts";
export type { DamageKind } from "./network-damage.ts";
export { type Corruption, type Drop, LANES, type Link } from "./network-link.ts";
export type { Loss, NetworkFigures, NetworkObserver } from "./network-observer.ts";
export type { Carrying, NetworkOptions, PacketFilter } from "./network-options.ts";
export { allLinks, linksOf, type Resolve } from "./network-shapes.ts";
export { FAIR, type Weather } from "./network-weather.ts";

/** One network for all nodes of a simulated cluster; `plug` gives each process its port. */
export class SimNetwork {
  readonly #ledger = new Ledger();
  readonly #climate = new Climate();
  readonly #carrier: Carrier;
  readonly #exchange: Exchange;
  readonly #links: LinkTable;
  /** By id. */
  readonly #ports: (Port | undefined)[] = [];

  constructor(scheduler: Scheduler, random: Random, options: NetworkOptions = {}) {
    this.#links = new LinkTable(random);
    this.#carrier = new Carrier(
      {
        scheduler,
        ledger: this.#ledger,
        climate: this.#climate,
        links: this.#links,
        ports: this.#ports,
      },
      options,
    );
    this.#exchange = {
      started: (port) => this.#started(port),
      carry: (port, to, lane, packet) => this.#carrier.carry(port, to, lane, packet),
    };
  }

  /** Looks at every packet before it leaves; all pass when there is none. */
  get filter(): PacketFilter | undefined {
    return this.#carrier.filter;
  }

  set filter(filter: PacketFilter | undefined) {
    this.#carrier.filter = filter;
  }

  /** How packets fare now. Setting it leaves storms as they are. */
  get weather(): Weather {
    return this.#climate.now;
  }

  set weather(weather: Weather) {
    this.#climate.settle(weather);
  }

  /** Other weather for a while; of several storms the latest counts. */
  storm(weather: Weather): Lift {
    return this.#climate.storm(weather);
  }

  /** Told of every packet from now on; free when there is none. */
  get observer(): NetworkObserver | undefined {
    return this.#ledger.observer;
  }

  set observer(observer: NetworkObserver | undefined) {
    this.#ledger.observer = observer;
  }

  /** Packets and bytes that all nodes have sent, and what became of them. */
  figures(): NetworkFigures {
    return this.#ledger.figures();
  }

  /** Packets that each node has sent, by id. */
  get sent(): ReadonlyMap<NodeId, number> {
    const ids = Array.from({ length: this.#links.ids }, (_, id) => id);
    return new Map(ids.map((id) => [id, this.#ledger.of(id).packets]));
  }

  /** Packets and bytes that this node has sent, over all its lives. */
  sentBy(id: NodeId): { readonly packets: number; readonly bytes: number } {
    return this.#ledger.of(id);
  }

  /**
   * A port for one life of node `id`. Its `start` takes the place of the port before, which gets
   * nothing any more, and sends on if its `owner` lives; what is on its way to that one is lost.
   * What comes in is delivered through `owner` when there is one.
   */
  plug(id: NodeId, owner?: Process): Network {
    assert(Number.isSafeInteger(id) && id > 0, "network.plug: id");
    this.#links.grow(id);
    return new Port(id, this.#exchange, owner);
  }

  /** Nothing reaches or leaves the node's port any more; connections with it are gone. */
  unplug(id: NodeId): void {
    this.#ports[id]?.pull();
    this.#ports[id] = undefined;
  }

  /** Nothing arrives over these links; as with the next two, only these lanes are hit. */
  cut(links: readonly Link[], lanes: readonly Lane[] = LANES): Lift {
    return this.#links.lay(links, { kind: "cut", lanes });
  }

  /** What is sent over these links waits, and sets out in one burst when the fault is lifted. */
  clog(links: readonly Link[], lanes: readonly Lane[] = LANES): Lift {
    return this.#links.lay(links, { kind: "clog", lanes });
  }

  /** Each lane of these links carries so many bytes in a second; the rest waits its turn. */
  slow(links: readonly Link[], bytesPerSecond: number, lanes: readonly Lane[] = LANES): Lift {
    assert(bytesPerSecond > 0, "network.slow: rate");
    return this.#links.lay(links, { kind: "slow", lanes, bytesPerSecond });
  }

  /** Packets of some kinds are lost on these links. */
  drop(links: readonly Link[], drop: Drop): Lift {
    return this.#links.lay(links, { kind: "drop", drop });
  }

  /**
   * Packets on these links are damaged on their way. A connection is a stream of bytes from then
   * on, goes through the framing that ships, and breaks when that notices; a packet on its own is
   * lost.
   */
  corrupt(links: readonly Link[], corruption: Corruption): Lift {
    return this.#links.lay(links, { kind: "corrupt", corruption });
  }

  /**
   * The connections of these lanes on these links break now: whole packets that are under way are
   * lost, and both ends are told soon.
   */
  breakConnections(links: readonly Link[], lanes: readonly Lane[] = LANES): void {
    for (const { from, to } of links) {
      const link = this.#links.get(from, to);
      for (const lane of lanes) {
        const connection = link.connections[laneNumber(lane)];
        if (connection === undefined || connection.isBroken) continue;
        connection.break("break");
        this.#carrier.broke(connection);
      }
      this.#carrier.report(link);
      this.#carrier.report(this.#links.get(to, from));
    }
  }

  /** Nothing passes between `id` and all others, both ways. */
  isolate(id: NodeId): void {
    const nodes = Array.from({ length: this.#links.ids - 1 }, (_, i) => i + 1);
    this.cut(linksOf({ kind: "isolate", who: id }, () => id, nodes));
  }

  /**
   * Lifts every fault on links between two of these nodes. Unless told on all links, and storms
   * too; old packets then don't come again.
   */
  heal(among?: readonly NodeId[]): void {
    if (among === undefined) this.#climate.clear();
    this.#links.heal(among);
  }

  /** Whether cuts lie on this link, on all of these lanes. */
  isCut(from: NodeId, to: NodeId, lanes: readonly Lane[] = LANES): boolean {
    const link = this.#links.get(from, to);
    return lanes.every((lane) => link.lane(laneNumber(lane)).isCut);
  }

  /** Hands a packet over as if `from` had sent it. */
  deliver(from: NodeId, to: NodeId, lane: Lane, packet: Uint8Array): void {
    const port = this.#ports[to];
    port?.later(() => port.received(from, lane, packet));
  }

  #started(port: Port): void {
    this.#ports[port.id]?.replaced();
    this.#ports[port.id] = port;
  }
}
