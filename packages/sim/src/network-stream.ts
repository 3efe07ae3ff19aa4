/**
 * A connection from its first damage on: bytes in any pieces through the framing that ships, until
 * that notices (N14). Before that a connection carries packets whole, which is the same and
 * cheaper.
 */

import { assert, EMPTY } from "@holdfast/raft";
import { FRAME_HEADER_BYTES, FrameError, FrameReader, writeFrame } from "@holdfast/replica";
import { type DamageKind, damagedFrame, joined } from "./network-damage.ts";
import type { Ledger, Loss } from "./network-observer.ts";
import type { Random } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";

/** As in production unless told: the largest packet, and how long nothing is sent at most. */
const PACKET_BYTES_MAX = 16 << 20;
const KEEP_ALIVE_MS = 2000;
/** Pieces of one frame come so far apart, in ms. */
const PIECE_MS_MAX = 3;
const CRUMB_BYTES_MAX = 16;

/** A packet of which not all is read yet. */
interface Unread {
  readonly id: number;
  /** Where in the stream its bytes end. */
  readonly end: number;
  isDelivered: boolean;
}

/** What the stream asks of its connection. */
export interface StreamEnds {
  /** The receiving process doesn't read now. */
  readonly isHolding: boolean;
  /** The sender's empty frame that is due now: on its way, held up, or nobody is there to send. */
  readonly keepAlive: "sent" | "held" | "gone";
  /** Runs `read` when the receiving process looks at its sockets. */
  later(read: () => void): void;
  received(id: number, packet: Uint8Array): void;
  /** No byte can be trusted any more, or none will come. */
  broke(): void;
}

export class DamagedStream {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #ends: StreamEnds;
  readonly #reader: FrameReader;
  readonly #unread: Unread[] = [];
  /** What has arrived and is not read yet. */
  #waiting: Uint8Array = EMPTY;
  #arrivedBytes = 0;
  #readBytes = 0;
  #isFlowing = false;
  #isOver = false;
  /** Bytes came since the keep-alive timer was set. */
  #isBusy = false;
  #isWatched = false;

  constructor(scheduler: Scheduler, random: Random, ledger: Ledger, ends: StreamEnds) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#ledger = ledger;
    this.#ends = ends;
    this.#reader = new FrameReader(PACKET_BYTES_MAX, (payload) => this.#onPayload(payload));
  }

  /** The next packet comes to the end of its way, in what shape ever. */
  take(id: number, packet: Uint8Array, damage: DamageKind | undefined): void {
    assert(!this.#isOver, "stream: packet behind the end");
    const frame = framed(packet);
    const bytes = damage === undefined ? frame : damagedFrame(frame, damage, this.#random);
    if (bytes.length === 0) {
      this.#ledger.lost(id, "damage");
      return;
    }
    this.#unread.push({ id, end: this.#arrivedBytes + bytes.length, isDelivered: false });
    this.#arrive(bytes);
  }

  /** The connection is gone, and what was not read with it. */
  end(why: Loss): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = EMPTY;
    for (const one of this.#unread.splice(0)) this.#settle(one, why);
  }

  #arrive(bytes: Uint8Array): void {
    this.#arrivedBytes += bytes.length;
    this.#waiting = joined(this.#waiting, bytes);
    this.#isBusy = true;
    this.#watch();
    if (this.#isFlowing) return;
    // Now and then the next packets come in one piece with it.
    if (this.#random.chance(1, 3)) this.#flowSoon();
    else this.#flow();
  }

  #flowSoon(): void {
    this.#isFlowing = true;
    this.#scheduler.after(this.#random.below(PIECE_MS_MAX), () => {
      if (this.#ends.isHolding) this.#ends.later(() => this.#flow());
      else this.#flow();
    });
  }

  /** Reads a piece of what waits. */
  #flow(): void {
    this.#isFlowing = false;
    const waiting = this.#waiting;
    if (this.#isOver || waiting.length === 0) return;
    const count = this.#drawCount(waiting.length);
    this.#waiting = waiting.subarray(count);
    if (count < waiting.length) this.#flowSoon();
    this.#push(waiting.subarray(0, count));
  }

  #drawCount(bytes: number): number {
    const random = this.#random;
    if (random.chance(1, 3)) return bytes;
    return 1 + random.below(random.chance(1, 2) ? bytes : Math.min(bytes, CRUMB_BYTES_MAX));
  }

  #push(piece: Uint8Array): void {
    try {
      this.#reader.push(piece);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.end("damage");
      this.#ends.broke();
    }
  }

  #onPayload(payload: Uint8Array): void {
    this.#readBytes += FRAME_HEADER_BYTES + payload.length;
    if (this.#isOver || payload.length === 0) return;
    this.#ends.received(this.#idOf(), payload);
  }

  /** Whose bytes these are. What was left out before is lost; what comes again is a copy. */
  #idOf(): number {
    let one: Unread | undefined;
    while ((this.#unread[0]?.end ?? Number.POSITIVE_INFINITY) <= this.#readBytes) {
      if (one !== undefined) this.#settle(one, "damage");
      one = this.#unread.shift();
    }
    one ??= this.#unread[0];
    assert(one !== undefined, "stream: packet from nowhere");
    if (one.isDelivered) return this.#ledger.repeated(one.id);
    one.isDelivered = true;
    return one.id;
  }

  #settle({ id, isDelivered }: Unread, why: Loss): void {
    if (!isDelivered) this.#ledger.lost(id, why);
  }

  /** A reader that waits for bytes gets those of keep-alives when nothing else is sent. */
  #watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    this.#scheduler.after(KEEP_ALIVE_MS, () => {
      this.#isWatched = false;
      const wasBusy = this.#isBusy;
      this.#isBusy = false;
      if (this.#isOver || this.#unread.length === 0) return;
      if (wasBusy || this.#ends.keepAlive === "held") this.#watch();
      else if (this.#ends.keepAlive === "sent") this.#arrive(framed(EMPTY));
      else this.#ends.broke();
    });
  }
}

function framed(packet: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + packet.length);
  writeFrame(frame, 0, packet);
  return frame;
}
