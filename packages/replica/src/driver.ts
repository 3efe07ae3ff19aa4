/**
 * The loop around the core: inputs are stepped as they come, effects are carried out once per turn
 * (ARCHITECTURE §3).
 */

import {
  type Effects,
  type Input,
  type NodeId,
  type Raft,
  type RaftEvent,
  type SnapshotMeta,
  type StepResult,
  sometimes,
  step,
  takeEffects,
  type Write,
} from "@holdfast/raft";
import { CodecError } from "./codec/errors.ts";
import {
  decodePacket,
  encodePacket,
  type ForwardRequest,
  type ForwardResponse,
  laneOf,
  type Packet,
} from "./codec/packet.ts";
import { RecentInputs } from "./driver-inputs.ts";
import { DeadlineTimer } from "./driver-timer.ts";
import { BrokenInvariantError } from "./errors.ts";
import { maybe } from "./maybe.ts";
import type { Clock, Lane, Network } from "./ports.ts";
import type { Probe } from "./probe.ts";

/** Who carries out what the driver doesn't do itself. */
export interface DriverParts {
  write(write: Write): void;
  restore(meta: SnapshotMeta): void;
  apply(entries: Effects["apply"]): void;
  load(load: Effects["load"][number]): void;
  /**
   * Whether a piece of a snapshot can be taken; else it counts as lost, and its sender repeats it.
   */
  takesPieces(): boolean;
  store(piece: Effects["store"][number]): void;
  forwarded(packet: ForwardRequest | ForwardResponse): void;
  /** What was sent to this peer and not answered is probably lost. */
  unreachable(peer: NodeId): void;
  /** All effects of a turn are under way. */
  turned(): void;
  /** The core broke a rule. The driver has stopped. */
  broken(error: BrokenInvariantError): void;
}

export interface DriverOptions {
  readonly raft: Raft;
  readonly network: Network;
  readonly clock: Clock;
  readonly observe: ((event: RaftEvent) => void) | undefined;
  readonly probe: Probe | undefined;
}

const STOPPED: StepResult = { ok: false, reason: "not-leader", detail: "the replica has stopped" };

export class Driver {
  readonly raft: Raft;
  /** Packets that could not be read. */
  refusedPackets = 0;
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #observe: ((event: RaftEvent) => void) | undefined;
  readonly #probe: Probe | undefined;
  readonly #parts: DriverParts;
  readonly #timer: DeadlineTimer;
  readonly #recent = new RecentInputs();
  #now: number;
  #isTurnDue = false;
  #isRunning = false;
  /** Handed out again and again: a closure of its own for each turn would cost. */
  readonly #runTurn = (): void => this.#turn();
  /** Writes that are durable, oldest first, while word of them is held back for a turn. */
  readonly #held: Write[] = [];
  /** Peers that the network gave up and that have not been heard since. */
  readonly #silent = new Set<NodeId>();

  constructor(options: DriverOptions, parts: DriverParts) {
    this.raft = options.raft;
    this.#network = options.network;
    this.#clock = options.clock;
    this.#observe = options.observe;
    this.#probe = options.probe;
    this.#parts = parts;
    this.#now = options.raft.now;
    this.#timer = new DeadlineTimer(this.#clock, this.raft.config.heartbeatMs / 2, (now) => {
      this.#now = Math.max(this.#now, now);
      this.step({ kind: "tick" });
    });
  }

  /** Opens the network and starts the timer. */
  start(): void {
    this.#isRunning = true;
    this.#network.start({
      received: (from, lane, packet) => this.#received(from, lane, packet),
      unreachable: (peer) => {
        this.#silent.add(peer);
        this.step({ kind: "unreachable", peer });
        if (this.#isRunning) this.#parts.unreachable(peer);
      },
    });
    this.#timer.arm(this.raft.deadline);
  }

  /** True while what is sent to this peer is probably lost: don't wait for its answer. */
  isSilent(peer: NodeId): boolean {
    return this.#silent.has(peer);
  }

  /** Nothing is stepped, sent or reported from here on. */
  stop(): void {
    this.#isRunning = false;
    this.#timer.stop();
  }

  /** Time as the core sees it: never goes back. */
  now(): number {
    this.#now = Math.max(this.#now, this.#clock.now());
    return this.#now;
  }

  /** Tells the core at once; what follows from it is done at the end of the turn. */
  step(input: Input): StepResult {
    if (!this.#isRunning) return STOPPED;
    const now = this.now();
    this.#recent.note(input, now);
    this.#probe?.stepping?.(input, now);
    let result: StepResult;
    try {
      result = step(this.raft, input, now);
    } catch (error) {
      this.broken(error);
      return STOPPED;
    }
    this.#probe?.stepped?.(input, now);
    this.#requestTurn();
    return result;
  }

  /** This write is on disk: tell the core, then let the promises out that waited for it (I-8). */
  durable(write: Write): void {
    if (this.#held.length > 0) {
      this.#held.push(write);
    } else if (maybe("driver: tell of a durable write a turn later")) {
      this.#held.push(write);
      this.#clock.soon(() => this.#tellHeld());
    } else {
      if (this.#isRunning) this.#probe?.durable?.(write);
      this.step({ kind: "persisted", seq: write.seq });
      for (const message of write.thenSend) this.send(message);
      this.#turnEarly();
    }
  }

  /** Encodes at the last moment, when all that a message shares with the log is still there. */
  send(packet: Packet): void {
    if (!this.#isRunning || maybe("driver: lose a packet")) return;
    this.#transmit(packet);
    if (maybe("driver: send a packet twice")) this.#transmit(packet);
  }

  /** Stops for good, with the last inputs for the report. */
  broken(error: unknown): void {
    if (!this.#isRunning) return;
    this.stop();
    this.#parts.broken(new BrokenInvariantError(error, this.#recent.lines()));
  }

  #received(from: NodeId, lane: Lane, bytes: Uint8Array): void {
    if (!this.#isRunning) return;
    this.#silent.delete(from);
    let packet: Packet;
    try {
      packet = decodePacket(bytes, from, this.raft.config.id);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.refusedPackets++;
      sometimes("driver: a packet can't be read");
      this.#observe?.({ kind: "refused-message", from, why: `${lane} lane: ${error.message}` });
      return;
    }
    if (packet.kind === "snapshot-request" && !this.#parts.takesPieces()) {
      sometimes("driver: a piece of a snapshot is turned away by a slow disk");
      return;
    }
    this.#probe?.received?.(packet);
    if (packet.kind === "forward-request" || packet.kind === "forward-response") {
      this.#parts.forwarded(packet);
    } else {
      this.step({ kind: "received", message: packet });
    }
    this.#turnEarly();
  }

  #transmit(packet: Packet): void {
    this.#probe?.sending?.(packet);
    this.#network.send(packet.to, laneOf(packet), encodePacket(packet));
  }

  /** All that was held back, in one report, as from a disk that is a little slower. */
  #tellHeld(): void {
    const writes = this.#held.splice(0);
    const last = writes.at(-1);
    if (last === undefined || !this.#isRunning) return;
    for (const write of writes) this.#probe?.durable?.(write);
    this.step({ kind: "persisted", seq: last.seq });
    for (const { thenSend } of writes) for (const message of thenSend) this.send(message);
    this.#turnEarly();
  }

  /**
   * Only where the driver itself was called from outside: within a turn, or before the caller of
   * `step` has its result, effects must wait.
   */
  #turnEarly(): void {
    if (maybe("driver: carry out effects after a single input")) this.#turn();
  }

  /**
   * All that arrives before the clock calls shares one batch of effects: one write, one message per
   * peer.
   */
  #requestTurn(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#clock.soon(this.#runTurn);
  }

  #turn(): void {
    if (maybe("driver: tick before the deadline")) {
      this.#isTurnDue = true;
      this.step({ kind: "tick" });
    }
    this.#isTurnDue = false;
    if (!this.#isRunning) return;
    try {
      this.#carryOut(takeEffects(this.raft));
      this.#parts.turned();
    } catch (error) {
      this.broken(error);
      return;
    }
    if (this.#isRunning) this.#timer.arm(this.raft.deadline);
  }

  #carryOut(effects: Effects): void {
    const parts = this.#parts;
    if (this.#observe !== undefined) for (const event of effects.events) this.#observe(event);
    for (const message of effects.send) this.send(message);
    if (effects.write !== undefined) parts.write(effects.write);
    for (const load of effects.load) parts.load(load);
    for (const piece of effects.store) parts.store(piece);
    if (effects.restore !== undefined) parts.restore(effects.restore);
    if (effects.apply.length > 0) parts.apply(effects.apply);
  }
}
