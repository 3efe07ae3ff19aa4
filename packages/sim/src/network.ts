/**
 * The network port in memory and on virtual time. Packets take directed links, on which faults lie
 * until they are lifted (N1 to N18); all chance comes from a seed, by link.
 */

import { assert, type NodeId } from "@holdfast/raft";
import type { Lane, Network } from "@holdfast/replica";
import { Connection, type Medium, Parcel } from "./network-connection.ts";
import { type Drop, type Lift, type Link, type LinkState, laneNumber } from "./network-link.ts";
import { LinkTable } from "./network-links.ts";
import {
  Ledger,
  type Loss,
  type NetworkFigures,
  type NetworkObserver,
} from "./network-observer.ts";
import { type Exchange, Port } from "./network-port.ts";
import { linksOf } from "./network-shapes.ts";
import { drawDelay, drawLateness, FAIR, REPLAY_MS, type Weather } from "./network-weather.ts";
import type { Process } from "./process.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

export type { Drop, Lift, Link } from "./network-link.ts";
export type { Loss, NetworkFigures, NetworkObserver } from "./network-observer.ts";
export { allLinks, linksOf, type Resolve } from "./network-shapes.ts";
export { FAIR, type Weather } from "./network-weather.ts";

/** Looks at a packet before it leaves: true lets it pass. */
export type PacketFilter = (from: NodeId, to: NodeId, lane: Lane, packet: Uint8Array) => boolean;

/**
 * - `raw`: each packet finds its own way: it may be lost, repeated and overtaken.
 * - `connections`: one connection per node, peer and lane, in order and without gaps until it
 *   breaks, as TCP. A cut link stalls it; it breaks when that lasts. It is dialled again by the
 *   next packet after a pause, and what is sent meanwhile is lost.
 */
export type Carrying = "raw" | "connections";

export interface NetworkOptions {
  /** `raw` unless told. */
  readonly carrying?: Carrying;
  /** Bytes that may wait on a clogged, slow or cut link per lane; 1 MiB unless told. */
  readonly queueBytesMax?: number;
  /** Bytes that the sockets of a paused process hold in sum; 1 MiB unless told. */
  readonly socketBytesMax?: number;
  /** A connection over a cut link breaks after this time, in ms; 2000 unless told. */
  readonly peerTimeoutMs?: number;
}

/** Without connections an unreachable peer is reported once in this time, in ms. */
const REPORT_MS = 50;
/** A connection that could not be made is tried again after about this long; twice it next time. */
const DIAL_MS = 50;
const DIAL_MS_MAX = 1000;
/** TCP sends what was lost again after this long, in ms. */
const RETRY_MS = 200;

/** A copy of a packet that comes long after it. */
interface Replayed {
  readonly id: number;
  readonly link: LinkState;
  readonly lane: Lane;
  readonly bytes: Uint8Array;
  /** How often all was healed before it. */
  readonly heals: number;
}

/** One network for all nodes of a simulated cluster; `plug` gives each process its port. */
export class SimNetwork {
  filter: PacketFilter | undefined;
  readonly #ledger = new Ledger();
  readonly #scheduler: Scheduler;
  readonly #isOrdered: boolean;
  readonly #socketBytesMax: number;
  readonly #medium: Medium;
  readonly #exchange: Exchange;
  /** Where there is no storm, and the storms, oldest first. */
  #climate: Weather = FAIR;
  #storms: readonly { readonly weather: Weather }[] = [];
  #weather: Weather = FAIR;
  /** Times all was healed. */
  #heals = 0;
  readonly #links: LinkTable;
  /** By id. */
  readonly #ports: (Port | undefined)[] = [];

  constructor(scheduler: Scheduler, random: Random, options: NetworkOptions = {}) {
    this.#scheduler = scheduler;
    this.#links = new LinkTable(random);
    this.#isOrdered = options.carrying === "connections";
    this.#socketBytesMax = options.socketBytesMax ?? 1 << 20;
    this.#exchange = {
      started: (port) => this.#started(port),
      carry: (port, to, lane, packet) => this.#carry(port, to, lane, packet),
    };
    this.#medium = {
      scheduler,
      ledger: this.#ledger,
      isOrdered: this.#isOrdered,
      queueBytesMax: options.queueBytesMax ?? 1 << 20,
      peerTimeoutMs: options.peerTimeoutMs ?? 2000,
      delay: (link) => drawDelay(this.#weather, link.random),
      broke: (connection) => this.#broke(connection),
      filled: (port) => this.#filled(port),
    };
  }

  /** How packets fare now. Setting it leaves storms as they are. */
  get weather(): Weather {
    return this.#weather;
  }

  set weather(weather: Weather) {
    this.#climate = weather;
    this.#setStorms(this.#storms);
  }

  /** Other weather for a while; of several storms the latest counts. */
  storm(weather: Weather): Lift {
    const storm = { weather };
    this.#setStorms([...this.#storms, storm]);
    return {
      lift: (): void => this.#setStorms(this.#storms.filter((one) => one !== storm)),
    };
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
   * nothing any more; what is on its way to that one is lost. What comes in is delivered through
   * `owner` when there is one.
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

  /** Nothing arrives over these links. */
  cut(links: readonly Link[]): Lift {
    return this.#links.lay(links, { kind: "cut" });
  }

  /** What is sent over these links waits, and sets out in one burst when the fault is lifted. */
  clog(links: readonly Link[]): Lift {
    return this.#links.lay(links, { kind: "clog" });
  }

  /** Each lane of these links carries so many bytes in a second; the rest waits its turn. */
  slow(links: readonly Link[], bytesPerSecond: number): Lift {
    assert(bytesPerSecond > 0, "network.slow: rate");
    return this.#links.lay(links, { kind: "slow", bytesPerSecond });
  }

  /** Packets of some kinds are lost on these links. */
  drop(links: readonly Link[], drop: Drop): Lift {
    return this.#links.lay(links, { kind: "drop", drop });
  }

  /**
   * The connections on these links break now: whole packets that are under way are lost, and both
   * ends are told soon.
   */
  breakConnections(links: readonly Link[]): void {
    for (const { from, to } of links) {
      const link = this.#links.get(from, to);
      for (const connection of link.connections) {
        if (connection === undefined || connection.isBroken) continue;
        connection.break("break");
        this.#broke(connection);
      }
      this.#report(link);
      this.#report(this.#links.get(to, from));
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
    if (among === undefined) {
      this.#setStorms([]);
      this.#heals++;
    }
    this.#links.heal(among);
  }

  /** Whether a cut lies on this link. */
  isCut(from: NodeId, to: NodeId): boolean {
    return this.#links.get(from, to).isCut;
  }

  /** Hands a packet over as if `from` had sent it. */
  deliver(from: NodeId, to: NodeId, lane: Lane, packet: Uint8Array): void {
    const port = this.#ports[to];
    port?.later(() => port.received(from, lane, packet));
  }

  #setStorms(storms: readonly { readonly weather: Weather }[]): void {
    this.#storms = storms;
    this.#weather = storms.at(-1)?.weather ?? this.#climate;
  }

  #started(port: Port): void {
    this.#ports[port.id]?.pull();
    this.#ports[port.id] = port;
  }

  #carry(port: Port, to: NodeId, lane: Lane, bytes: Uint8Array): void {
    const { id: from } = port;
    if (to === from || to < 1 || to >= this.#links.ids) return; // nobody there, ever
    const id = this.#ledger.sent(from, to, lane, bytes);
    const link = this.#links.get(from, to);
    if (this.filter?.(from, to, lane, bytes) === false || link.drops(lane, bytes)) {
      this.#ledger.lost(id, "filter");
      return;
    }
    const number = laneNumber(lane);
    let connection = link.connections[number];
    if (connection === undefined || !this.#holds(connection, port)) {
      const made = this.#connect(link, lane, port);
      if (!(made instanceof Connection)) {
        this.#ledger.lost(id, made);
        return;
      }
      connection = made;
    }
    if (this.#isOrdered) this.#sendInOrder(connection, id, bytes);
    else this.#sendAlone(connection, id, bytes);
  }

  #sendInOrder(connection: Connection, id: number, bytes: Uint8Array): void {
    const { random } = connection.link;
    const { lost } = this.#weather;
    const isRetried = lost > 0 && random.chance(lost, 1000);
    const extraMs = drawLateness(this.#weather, random, bytes) + (isRetried ? RETRY_MS : 0);
    connection.send(new Parcel(id, bytes, extraMs, connection));
  }

  #sendAlone(connection: Connection, id: number, bytes: Uint8Array): void {
    const { link } = connection;
    const { random } = link;
    const { lost, repeated, replayed = 0, replayMs = REPLAY_MS } = this.#weather;
    if (link.isCut) {
      this.#ledger.lost(id, "cut");
      this.#report(link);
      return;
    }
    if (replayed > 0 && random.chance(replayed, 1000)) {
      const copy = this.#ledger.repeated(id);
      const old = {
        id: copy,
        link,
        lane: connection.lane,
        bytes: bytes.slice(),
        heals: this.#heals,
      };
      this.#scheduler.after(random.below(replayMs), () => this.#replay(old));
    }
    if (lost > 0 && random.chance(lost, 1000)) {
      this.#ledger.lost(id, "loss");
      return;
    }
    if (repeated > 0 && random.chance(repeated, 1000)) {
      const copy = this.#ledger.repeated(id);
      connection.send(new Parcel(copy, bytes.slice(), 0, connection));
    }
    connection.send(new Parcel(id, bytes, drawLateness(this.#weather, random, bytes), connection));
  }

  /** An old packet comes again, to whoever has that id by now. */
  #replay({ id, link, lane, bytes, heals }: Replayed): void {
    const target = this.#ports[link.to];
    if (heals !== this.#heals) {
      this.#ledger.lost(id, "loss");
    } else if (target === undefined || !target.isOpen) {
      this.#ledger.lost(id, "down");
    } else if (link.isCut) {
      this.#ledger.lost(id, "cut");
    } else {
      target.later(() => {
        this.#ledger.delivered(id);
        target.received(link.from, lane, bytes);
      });
    }
  }

  /** It still joins this sender with whom is to be reached. */
  #holds(connection: Connection, source: Port): boolean {
    const { isBroken, isSilent, target } = connection;
    if (isBroken || isSilent || connection.source !== source) return false;
    return target.isOpen && this.#ports[target.id] === target;
  }

  /** A connection in the place of one that is gone or was never there, or why there is none. */
  #connect(link: LinkState, lane: Lane, source: Port): Connection | Loss {
    const number = laneNumber(lane);
    const target = this.#ports[link.to];
    this.#leave(link.connections[number], target);
    link.connections[number] = undefined;
    if (this.#isOrdered) {
      const { now } = this.#scheduler;
      if (now < link.dialAt(number)) return "break";
      // A paused process accepts no connection.
      const isThere = target?.isOpen === true && !target.isHolding;
      if (!isThere || link.isCut) {
        link.dialled(number, now, DIAL_MS, DIAL_MS_MAX);
        this.#report(link);
        return isThere ? "cut" : "down";
      }
      link.connected(number);
    }
    if (target === undefined || !target.isOpen) {
      this.#report(link);
      return "down";
    }
    const connection = new Connection(this.#medium, link, lane, source, target);
    link.connections[number] = connection;
    return connection;
  }

  /** What a dead sender has sent still arrives; what its peer's last life was to get doesn't. */
  #leave(connection: Connection | undefined, target: Port | undefined): void {
    if (connection === undefined || connection.isBroken) return;
    if (connection.target === target && target.isOpen) connection.leave();
    else connection.break("down");
  }

  /** As a connection that is dialled again with a pause: one report per pause. */
  #report(link: LinkState): void {
    const { now } = this.#scheduler;
    if (link.reportedAt + REPORT_MS > now) return;
    const port = this.#ports[link.from];
    if (port === undefined || !port.isOpen) return;
    link.reportedAt = now;
    const delayMs = drawDelay(this.#weather, link.random);
    this.#scheduler.after(delayMs, () => port.unreachable(link.to));
  }

  /** The sender learns it soon, and dials again later. */
  #broke(connection: Connection): void {
    const { link, lane } = connection;
    if (link.connections[laneNumber(lane)] !== connection) return; // of an earlier life
    link.dialled(laneNumber(lane), this.#scheduler.now, DIAL_MS, DIAL_MS_MAX);
    this.#report(link);
  }

  /** The oldest connection of a process that doesn't read breaks when its sockets are full. */
  #filled(port: Port): void {
    while (port.heldBytes > this.#socketBytesMax) {
      const oldest = this.#links.oldestUnread(port.id);
      if (oldest === undefined) return;
      oldest.break("overflow");
      this.#broke(oldest);
    }
  }
}
