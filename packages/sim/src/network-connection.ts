/**
 * What is under way from one node to another on one lane. An ordered connection delivers without
 * gaps until it breaks as a whole, as TCP does; without order every packet is on its own.
 */

import { FRAME_HEADER_BYTES, type Lane, type Timer } from "@holdfast/replica";
import type { DamageKind } from "./network-damage.ts";
import { type LaneState, type LinkState, laneNumber } from "./network-link.ts";
import type { Ledger, Loss } from "./network-observer.ts";
import type { Port } from "./network-port.ts";
import { DamagedStream, type StreamEnds } from "./network-stream.ts";
import { type Scheduler, TimedEvent } from "./scheduler.ts";

/** What connections need of the network. */
export interface Medium {
  readonly scheduler: Scheduler;
  readonly ledger: Ledger;
  readonly isOrdered: boolean;
  /** Bytes that may wait on a link that is clogged, slow or cut. */
  readonly queueBytesMax: number;
  /** An ordered connection over a cut link lives so much longer. */
  readonly peerTimeoutMs: number;
  /** How long a packet on this link takes. */
  delay(link: LinkState): number;
  /** The connection broke by itself: the sender should know. */
  broke(connection: Connection): void;
  /** Its receiver got bytes that can't be trusted, and has closed it. */
  distrusted(connection: Connection): void;
  /** The process behind this port is paused and its sockets may be full. */
  filled(port: Port): void;
}

/** A packet under way: the event of its arrival. */
export class Parcel extends TimedEvent {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Takes so much longer than others now, in ms. */
  readonly extraMs: number;
  /** What happens to its bytes on the way. */
  readonly damage: DamageKind | undefined;
  readonly #connection: Connection;

  constructor(
    id: number,
    bytes: Uint8Array,
    extraMs: number,
    connection: Connection,
    damage?: DamageKind,
  ) {
    super();
    this.id = id;
    this.bytes = bytes;
    this.extraMs = extraMs;
    this.damage = damage;
    this.#connection = connection;
  }

  override run(): void {
    this.#connection.arrive(this);
  }
}

export class Connection {
  readonly link: LinkState;
  readonly lane: Lane;
  readonly source: Port;
  readonly target: Port;
  isBroken = false;
  readonly #medium: Medium;
  readonly #number: number;
  /** On their way in order, if there is one; those that wait in the socket come first. */
  #queue: Parcel[] = [];
  /** So many of the queue wait in the socket. */
  #arrived = 0;
  /** The first of those has waited since. */
  #unreadSince = 0;
  /** So many of the queue would have arrived, but for a cut. */
  #stalled = 0;
  #lastArrival = 0;
  /** Not on their way yet: the link is clogged, slow or cut. */
  #held: Parcel[] = [];
  #heldBytes = 0;
  /** The first that is held gets through a slow link. */
  #passing: Timer | undefined;
  /** Ends the wait for a cut to be lifted. */
  #patience: Timer | undefined;
  /** From the first damage on. */
  #stream: DamagedStream | undefined;
  readonly #read = (): void => this.#take();

  constructor(medium: Medium, link: LinkState, lane: Lane, source: Port, target: Port) {
    this.#medium = medium;
    this.link = link;
    this.lane = lane;
    this.#number = laneNumber(lane);
    this.source = source;
    this.target = target;
  }

  /** Number of the packet that waits longest in the socket; Infinity when none does. */
  get oldestUnread(): number {
    return this.#arrived === 0
      ? Number.POSITIVE_INFINITY
      : (this.#queue[0]?.id ?? Number.POSITIVE_INFINITY);
  }

  /** The process at the other end gives no sign of life. */
  get isSilent(): boolean {
    const { isOrdered, peerTimeoutMs, scheduler } = this.#medium;
    return isOrdered && this.#arrived > 0 && scheduler.now - this.#unreadSince > peerTimeoutMs;
  }

  send(parcel: Parcel): void {
    if (this.#isFree() && this.#held.length === 0) {
      this.#dispatch(parcel, this.#medium.delay(this.link) + parcel.extraMs);
    } else {
      this.#hold(parcel);
    }
  }

  /** Faults on its lane came or went. */
  laneChanged(): void {
    this.#passing?.cancel();
    this.#passing = undefined;
    if (!this.#way.isCut) this.#resume();
    if (this.#isFree()) this.#release();
    else this.#pass();
    this.#wait();
  }

  /** One packet has come to the end of its way: this one, or in order the next. */
  arrive(parcel: Parcel): void {
    const { ledger, isOrdered } = this.#medium;
    if (isOrdered) {
      this.#arriveNext();
    } else if (this.isBroken) {
      ledger.lost(parcel.id, "break");
    } else if (this.#way.isCut) {
      ledger.lost(parcel.id, "cut");
    } else if (!this.target.isOpen) {
      ledger.lost(parcel.id, "down");
    } else if (this.target.isHolding) {
      this.#queue.push(parcel);
      this.#keep(parcel);
    } else {
      this.#hand(parcel);
    }
  }

  /** The sender is gone or has given up: what has not set out is lost, the rest still arrives. */
  leave(): void {
    this.#passing?.cancel();
    const { ledger } = this.#medium;
    const late = this.#queue.splice(this.#arrived, this.#stalled);
    for (const parcel of [...late, ...this.#held]) ledger.lost(parcel.id, "break");
    this.#stalled = 0;
    this.#held = [];
  }

  /** All that is under way is lost, and nothing is taken any more. */
  break(why: Loss): void {
    if (this.isBroken) return;
    this.isBroken = true;
    this.#passing?.cancel();
    this.#patience?.cancel();
    for (const { bytes } of this.#queue.slice(0, this.#arrived)) {
      this.target.heldBytes -= bytes.length;
    }
    for (const parcel of [...this.#queue, ...this.#held]) {
      parcel.cancel();
      this.#medium.ledger.lost(parcel.id, why);
    }
    this.#stream?.end(why);
    this.#arrived = 0;
    this.#queue = [];
    this.#held = [];
  }

  /** What holds it up now. */
  get #way(): LaneState {
    return this.link.lane(this.#number);
  }

  /** What is sent now is on its way at once. */
  #isFree(): boolean {
    const { isClogged, isCut, bytesPerSecond } = this.#way;
    if (isClogged || bytesPerSecond !== Number.POSITIVE_INFINITY) return false;
    return !(isCut && this.#medium.isOrdered);
  }

  #dispatch(parcel: Parcel, delayMs: number): void {
    const { scheduler, isOrdered } = this.#medium;
    if (!isOrdered) {
      scheduler.schedule(parcel, delayMs);
      return;
    }
    scheduler.schedule(parcel, Math.max(delayMs, this.#lastArrival - scheduler.now));
    this.#lastArrival = parcel.time;
    this.#queue.push(parcel);
  }

  #hold(parcel: Parcel): void {
    const { ledger, queueBytesMax } = this.#medium;
    const bytes = parcel.bytes.length + FRAME_HEADER_BYTES;
    if (this.#heldBytes > 0 && this.#heldBytes + bytes > queueBytesMax) {
      // The newest goes: what waits is older and its receiver may be waiting for just that.
      ledger.lost(parcel.id, "overflow");
      return;
    }
    this.#held.push(parcel);
    this.#heldBytes += bytes;
    this.#pass();
    this.#wait();
  }

  /** One burst. */
  #release(): void {
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    const delayMs = this.#medium.delay(this.link);
    for (const parcel of held) this.#dispatch(parcel, delayMs);
  }

  /** Starts to send the first that is held through a slow link, if that is all that holds it. */
  #pass(): void {
    const { isClogged, isCut, bytesPerSecond } = this.#way;
    const first = this.#held[0];
    if (first === undefined || this.#passing !== undefined || isClogged) return;
    if (bytesPerSecond === Number.POSITIVE_INFINITY || (isCut && this.#medium.isOrdered)) return;
    const passMs = ((first.bytes.length + FRAME_HEADER_BYTES) * 1000) / bytesPerSecond;
    this.#passing = this.#medium.scheduler.after(passMs, () => {
      this.#passing = undefined;
      this.#held.shift();
      this.#heldBytes -= first.bytes.length + FRAME_HEADER_BYTES;
      this.#dispatch(first, this.#medium.delay(this.link) + first.extraMs);
      this.#pass();
    });
  }

  /** Gives up when a cut lasts too long while something is to be sent. */
  #wait(): void {
    const { isOrdered, peerTimeoutMs, scheduler } = this.#medium;
    if (!isOrdered || !this.#way.isCut) {
      this.#patience?.cancel();
      this.#patience = undefined;
      return;
    }
    if (this.#patience !== undefined || this.#held.length + this.#stalled === 0) return;
    this.#patience = scheduler.after(peerTimeoutMs, () => {
      this.break("cut");
      this.#medium.broke(this);
    });
  }

  /** What a cut kept from arriving arrives now: the sender tries it again. */
  #resume(): void {
    if (this.#stalled === 0) return;
    const { scheduler } = this.#medium;
    const delayMs = this.#medium.delay(this.link);
    for (; this.#stalled > 0; this.#stalled--) scheduler.after(delayMs, () => this.#arriveNext());
  }

  #arriveNext(): void {
    const next = this.#queue[this.#arrived];
    if (this.isBroken || next === undefined) return;
    if (this.#way.isCut) {
      this.#stalled++;
      this.#wait();
    } else if (!this.target.isOpen) {
      this.break("down");
      this.#medium.broke(this);
    } else if (this.target.isHolding || this.#arrived > 0) {
      this.#keep(next);
    } else {
      this.#queue.shift();
      this.#hand(next);
    }
  }

  /** It waits in the socket of a process that doesn't look now. */
  #keep(parcel: Parcel): void {
    if (this.#arrived++ === 0) this.#unreadSince = this.#medium.scheduler.now;
    this.target.heldBytes += parcel.bytes.length;
    this.target.later(this.#read);
    this.#medium.filled(this.target);
  }

  /** Reads one packet from the socket. */
  #take(): void {
    if (this.#arrived === 0) return; // broken meanwhile
    const parcel = this.#queue.shift();
    if (parcel === undefined) return;
    this.#arrived--;
    this.target.heldBytes -= parcel.bytes.length;
    this.#hand(parcel);
  }

  #hand({ id, bytes, damage }: Parcel): void {
    if (damage !== undefined) this.#stream ??= this.#damagedStream();
    if (this.#stream === undefined) this.#deliver(id, bytes);
    else this.#stream.take(id, bytes, damage);
  }

  #deliver(id: number, packet: Uint8Array): void {
    if (!this.target.isOpen) {
      this.#medium.ledger.lost(id, "down");
      return;
    }
    this.#medium.ledger.delivered(id);
    this.target.received(this.link.from, this.lane, packet);
  }

  #damagedStream(): DamagedStream {
    const { scheduler, ledger } = this.#medium;
    const { link, source, target } = this;
    const number = this.#number;
    const ends: StreamEnds = {
      get isHolding(): boolean {
        return target.isHolding;
      },
      get keepAlive(): "sent" | "held" | "gone" {
        if (!source.isHeard) return "gone";
        const { isCut, isClogged } = link.lane(number);
        return source.isHolding || isCut || isClogged ? "held" : "sent";
      },
      later: (read) => target.later(read),
      received: (id, packet) => this.#deliver(id, packet),
      broke: () => {
        this.break("break");
        this.#medium.distrusted(this);
      },
    };
    return new DamagedStream(scheduler, link.random, ledger, ends);
  }
}
