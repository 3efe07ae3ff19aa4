/** Carries what ports send: finds or makes the connection, and tells senders what broke. */

import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";
import type { Climate } from "./network-climate.ts";
import { Connection, type Medium, Parcel } from "./network-connection.ts";
import { type LinkState, laneNumber } from "./network-link.ts";
import type { LinkTable } from "./network-links.ts";
import type { Ledger, Loss } from "./network-observer.ts";
import type { NetworkOptions, PacketFilter } from "./network-options.ts";
import type { Port } from "./network-port.ts";
import { StrayPackets } from "./network-stray.ts";
import { drawDelay, drawLateness } from "./network-weather.ts";
import type { Scheduler } from "./scheduler.ts";

/** Without connections an unreachable peer is reported once in this time, in ms. */
const REPORT_MS = 50;
/** A connection that could not be made is tried again after about this long; twice it next time. */
const DIAL_MS = 50;
const DIAL_MS_MAX = 1000;
/** TCP sends what was lost again after this long, in ms. */
const RETRY_MS = 200;

/** What a carrier shares with its network. */
export interface Grid {
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  readonly climate: Climate;
  readonly links: LinkTable;
  /** By id. */
  readonly ports: (Port | undefined)[];
}

export class Carrier {
  filter: PacketFilter | undefined;
  readonly #grid: Grid;
  readonly #isOrdered: boolean;
  readonly #socketBytesMax: number;
  readonly #medium: Medium;
  readonly #stray: StrayPackets;

  constructor(grid: Grid, options: NetworkOptions) {
    const { climate, ledger, ports, scheduler } = grid;
    this.#grid = grid;
    this.#isOrdered = options.carrying === "connections";
    this.#socketBytesMax = options.socketBytesMax ?? 1 << 20;
    this.#stray = new StrayPackets(scheduler, ledger, climate, (id) => ports[id]);
    this.#medium = {
      scheduler,
      ledger,
      isOrdered: this.#isOrdered,
      queueBytesMax: options.queueBytesMax ?? 1 << 20,
      peerTimeoutMs: options.peerTimeoutMs ?? 2000,
      delay: (link) => drawDelay(climate.now, link.random),
      broke: (connection) => this.broke(connection),
      distrusted: (connection) => this.#distrusted(connection),
      filled: (port) => this.#filled(port),
    };
  }

  carry(port: Port, to: NodeId, lane: Lane, bytes: Uint8Array): void {
    const { ledger, links } = this.#grid;
    const { id: from } = port;
    if (to === from || to < 1 || to >= links.ids) return; // nobody there, ever
    const id = ledger.sent(from, to, lane, bytes);
    const link = links.get(from, to);
    if (this.filter?.(from, to, lane, bytes) === false || link.drops(lane, bytes)) {
      ledger.lost(id, "filter");
      return;
    }
    let connection = link.connections[laneNumber(lane)];
    if (connection === undefined || !this.#holds(connection, port)) {
      const made = this.#connect(link, lane, port);
      if (!(made instanceof Connection)) {
        ledger.lost(id, made);
        return;
      }
      connection = made;
    }
    if (this.#isOrdered) this.#sendInOrder(connection, id, bytes);
    else this.#sendAlone(connection, id, bytes);
  }

  /** As a connection that is dialled again with a pause: one report per pause. */
  report(link: LinkState): void {
    const { climate, ports, scheduler } = this.#grid;
    const { now } = scheduler;
    if (link.reportedAt + REPORT_MS > now) return;
    const port = ports[link.from];
    if (port === undefined || !port.isOpen) return;
    link.reportedAt = now;
    const delayMs = drawDelay(climate.now, link.random);
    scheduler.after(delayMs, () => port.unreachable(link.to));
  }

  /** The sender learns it soon, and dials again later. */
  broke(connection: Connection): void {
    const { link, lane } = connection;
    if (link.connections[laneNumber(lane)] !== connection) return; // of an earlier life
    link.dialled(laneNumber(lane), this.#grid.scheduler.now, DIAL_MS, DIAL_MS_MAX);
    this.report(link);
  }

  #distrusted(connection: Connection): void {
    const { from, to } = connection.link;
    this.broke(connection);
    this.report(this.#grid.links.get(to, from));
  }

  #sendInOrder(connection: Connection, id: number, bytes: Uint8Array): void {
    const { random } = connection.link;
    const weather = this.#grid.climate.now;
    const isRetried = weather.lost > 0 && random.chance(weather.lost, 1000);
    const extraMs = drawLateness(weather, random, bytes) + (isRetried ? RETRY_MS : 0);
    const damage = connection.link.drawDamage();
    connection.send(new Parcel(id, bytes, extraMs, connection, damage));
  }

  #sendAlone(connection: Connection, id: number, bytes: Uint8Array): void {
    const { link, lane } = connection;
    if (link.lane(laneNumber(lane)).isCut) {
      this.#grid.ledger.lost(id, "cut");
      this.report(link);
    } else if (link.drawDamage() !== undefined) {
      // A datagram has a checksum of its own.
      this.#grid.ledger.lost(id, "damage");
    } else {
      this.#stray.send(connection, id, bytes);
    }
  }

  /** It still joins this sender with whom is to be reached. */
  #holds(connection: Connection, source: Port): boolean {
    const { isBroken, isSilent, target } = connection;
    if (isBroken || isSilent || connection.source !== source) return false;
    return target.isOpen && this.#grid.ports[target.id] === target;
  }

  /** A connection in the place of one that is gone or was never there, or why there is none. */
  #connect(link: LinkState, lane: Lane, source: Port): Connection | Loss {
    const number = laneNumber(lane);
    const target = this.#grid.ports[link.to];
    leave(link.connections[number], target);
    link.connections[number] = undefined;
    if (this.#isOrdered) {
      const { now } = this.#grid.scheduler;
      if (now < link.dialAt(number)) return "break";
      // A paused process accepts no connection.
      const isThere = target?.isOpen === true && !target.isHolding;
      if (!isThere || link.lane(number).isCut) {
        link.dialled(number, now, DIAL_MS, DIAL_MS_MAX);
        this.report(link);
        return isThere ? "cut" : "down";
      }
      link.connected(number);
    }
    if (target === undefined || !target.isOpen) {
      this.report(link);
      return "down";
    }
    const connection = new Connection(this.#medium, link, lane, source, target);
    link.connections[number] = connection;
    return connection;
  }

  /** The oldest connection of a process that doesn't read breaks when its sockets are full. */
  #filled(port: Port): void {
    while (port.heldBytes > this.#socketBytesMax) {
      const oldest = this.#grid.links.oldestUnread(port.id);
      if (oldest === undefined) return;
      oldest.break("overflow");
      this.broke(oldest);
    }
  }
}

/** What a dead sender has sent still arrives; what its peer's last life was to get doesn't. */
function leave(connection: Connection | undefined, target: Port | undefined): void {
  if (connection === undefined || connection.isBroken) return;
  if (connection.target === target && target.isOpen) connection.leave();
  else connection.break("down");
}
