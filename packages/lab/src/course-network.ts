/**
 * The simulated network of the course: one-way ends, lost, late and reordered calls, and the
 * counters of the table.
 */

import type { NodeId } from "@holdfast/raft";
import type { Random, SleepingClock, TraceHash } from "@holdfast/sim";

/** One direction between two servers, for one life of the caller. */
export interface End {
  readonly from: NodeId;
  readonly to: NodeId;
  /** An end that is not enabled reaches nobody. It begins so. */
  enabled: boolean;
}

/** What answers calls: one life of one server. */
export interface CallTarget {
  /**
   * Takes one call. `reply` may be called once, at any time, or never. The function that comes back
   * is called when nobody waits for the reply any more.
   */
  handle(from: NodeId, request: Uint8Array, reply: (bytes: Uint8Array) => void): () => void;
}

/** What a caller learns: the reply, or nothing (lost, dead, cut off: it can't tell which). */
export type CallDone = (reply: Uint8Array | undefined) => void;

interface Call {
  readonly end: End;
  readonly target: CallTarget;
  // The switches as they stood when the network took the call.
  readonly isReliable: boolean;
  readonly isReordering: boolean;
  readonly done: CallDone;
}

/** How often a call that waits looks whether its server is still there, in ms. */
const LOOK_MS = 100;

export class CourseNetwork {
  isReliable = true;
  /** Calls to nobody fail only after up to 7 s. */
  hasLongDelays = false;
  /** Most replies are held back for up to 2.4 s. */
  hasLongReordering = false;
  /** Calls issued, whatever became of them. */
  callCount = 0;
  /** Payload of all requests issued and all replies delivered. */
  byteCount = 0;
  readonly #clock: SleepingClock;
  readonly #random: Random;
  readonly #trace: TraceHash;
  readonly #servers = new Map<NodeId, { target: CallTarget; calls: number }>();
  #isOpen = true;

  constructor(options: {
    readonly clock: SleepingClock;
    readonly random: Random;
    readonly trace: TraceHash;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#trace = options.trace;
  }

  end(from: NodeId, to: NodeId): End {
    return { from, to, enabled: false };
  }

  /** Puts this life of a server on the network; its count of calls begins at 0. */
  register(id: NodeId, target: CallTarget): void {
    this.#servers.set(id, { target, calls: 0 });
  }

  /** Takes a server off: whoever calls it waits in vain. */
  remove(id: NodeId): void {
    this.#servers.delete(id);
  }

  /** Calls that reached the present life of a server. */
  callsTo(id: NodeId): number {
    return this.#servers.get(id)?.calls ?? 0;
  }

  /** From now on every new call fails at once and counts nothing. */
  shutDown(): void {
    this.#isOpen = false;
  }

  call(end: End, request: Uint8Array, done: CallDone): void {
    if (!this.#isOpen) {
      this.#clock.soon(() => done(undefined));
      return;
    }
    this.callCount++;
    this.byteCount += request.length;
    this.#trace.note(end.from * 256 + end.to);
    this.#trace.noteBytes(request);
    this.#clock.soon(() => this.#take(end, request, done));
  }

  #take(end: End, request: Uint8Array, done: CallDone): void {
    const target = this.#servers.get(end.to)?.target;
    if (!end.enabled || target === undefined) {
      const delayMs = this.#random.below(this.hasLongDelays ? 7000 : 100);
      this.#clock.setTimer(delayMs, () => done(undefined));
      return;
    }
    const call: Call = {
      end,
      target,
      isReliable: this.isReliable,
      isReordering: this.hasLongReordering,
      done,
    };
    if (call.isReliable) {
      this.#deliver(call, request);
      return;
    }
    this.#clock.setTimer(this.#random.below(27), () => {
      if (this.#random.chance(100, 1000)) done(undefined);
      else this.#deliver(call, request);
    });
  }

  /**
   * The request reaches the server that was there when the call was taken, even if it has been
   * replaced since.
   */
  #deliver(call: Call, request: Uint8Array): void {
    const server = this.#servers.get(call.end.to);
    if (server?.target === call.target) server.calls++;
    let isWaiting = true;
    const look = (): void => {
      if (!this.#isGone(call)) {
        timer = this.#clock.setTimer(LOOK_MS, look);
        return;
      }
      isWaiting = false;
      forget();
      call.done(undefined);
    };
    let timer = this.#clock.setTimer(LOOK_MS, look);
    const forget = call.target.handle(call.end.from, request, (reply) => {
      if (!isWaiting) return;
      isWaiting = false;
      timer.cancel();
      this.#answer(call, reply);
    });
  }

  #answer(call: Call, reply: Uint8Array): void {
    // A reply of a server that is gone must not count: what it promises was perhaps not kept.
    const isLost = this.#isGone(call) || (!call.isReliable && this.#random.chance(100, 1000));
    if (isLost) {
      this.#clock.soon(() => call.done(undefined));
      return;
    }
    if (call.isReordering && this.#random.chance(600, 900)) {
      const delayMs = 200 + this.#random.below(1 + this.#random.below(2000));
      this.#clock.setTimer(delayMs, () => this.#arrive(call, reply));
      return;
    }
    this.#clock.soon(() => this.#arrive(call, reply));
  }

  #arrive(call: Call, reply: Uint8Array): void {
    this.byteCount += reply.length;
    this.#trace.note(call.end.to * 256 + call.end.from);
    this.#trace.noteBytes(reply);
    call.done(reply);
  }

  #isGone(call: Call): boolean {
    return !call.end.enabled || this.#servers.get(call.end.to)?.target !== call.target;
  }
}
