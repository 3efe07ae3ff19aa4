/** One outgoing connection: dials, says hello, sends a turn's packets in one write, dials again. */

import { connect, type Socket } from "node:net";
import { crc32 } from "node:zlib";
import { EMPTY, type NodeId } from "@holdfast/raft";
import { FRAME_HEADER_BYTES, type Lane, writeFrame } from "@holdfast/replica";
import { decodeAnswer, encodeHello, HandshakeError, HandshakeReader } from "./handshake.ts";
import type { Address } from "./network-address.ts";
import type { Reporter } from "./network-report.ts";

/** Sent back by the receiving end now and then while packets arrive: the sign that it lives. */
export const ACK = 0x06;

/** The system's own probing: finds peers that vanished even while nothing is sent. */
export const TCP_KEEP_ALIVE_MS = 10_000;

export interface LaneLimits {
  /** Largest packet, in bytes. */
  readonly packetBytesMax: number;
  /**
   * Bytes that may wait to be sent; what comes on top is dropped. A single larger packet may wait
   * alone.
   */
  readonly queueBytesMax: number;
  /** Time to connect and say hello. */
  readonly handshakeMs: number;
  /** A connection is lost when something was sent and no sign of life came for this long. */
  readonly peerTimeoutMs: number;
  /**
   * When nothing was sent for this long an empty frame is, so that a dead connection is found
   * before it is needed.
   */
  readonly keepAliveMs: number;
  /** The first wait before dialing again; doubles with each failure. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
}

export interface LaneOptions {
  readonly clusterId: number;
  readonly id: NodeId;
  readonly peer: NodeId;
  readonly lane: Lane;
  readonly address: Address;
  readonly limits: LaneLimits;
  readonly reporter: Reporter;
  readonly now: () => number;
  /** Told of each socket that is made, so that the network can wait until all are gone. */
  readonly track: (socket: Socket) => void;
  readonly onConnected: () => void;
  /** A connection was lost, or could not be made. */
  readonly onUnconnected: () => void;
}

export interface LaneStats {
  readonly connected: boolean;
  /** Connections made so far: one more than reconnects. */
  readonly connects: number;
  readonly sentPackets: number;
  /** Handed to the system, frames and all. */
  readonly sentBytes: number;
  /** Not sent: no connection, a full queue, too large. */
  readonly droppedPackets: number;
  readonly queuedBytes: number;
}

type State = "waiting" | "dialing" | "connected" | "closed";

export class OutgoingLane {
  private readonly options: LaneOptions;
  private state: State = "waiting";
  private socket: Socket | undefined;
  private queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private flushScheduled = false;
  /** The system has taken as much as it wants: wait for `drain`. */
  private blocked = false;
  private backoffMs: number;
  /** Ends the dialing, or the wait before it. */
  private timer: NodeJS.Timeout | undefined;
  private connectedAt = 0;
  /** Something was sent that no sign of life has followed yet. */
  private unanswered = false;
  /**
   * How long that has been so, and how long nothing was sent: counted in ticks, so that a stall of
   * this process counts once.
   */
  private silentMs = 0;
  private idleMs = 0;
  private connects = 0;
  private sentPackets = 0;
  private sentBytes = 0;
  private droppedPackets = 0;

  constructor(options: LaneOptions) {
    this.options = options;
    this.backoffMs = options.limits.backoffMs;
    this.dial();
  }

  send(packet: Uint8Array): void {
    const { packetBytesMax, queueBytesMax } = this.options.limits;
    const bytes = FRAME_HEADER_BYTES + packet.length;
    const waiting = this.queuedBytes + (this.socket?.writableLength ?? 0);
    // An empty frame is a sign of life, so there is no empty packet.
    if (this.state !== "connected" || packet.length === 0) {
      this.droppedPackets++;
    } else if (packet.length > packetBytesMax) {
      this.drop("too-large");
    } else if (waiting > 0 && waiting + bytes > queueBytesMax) {
      // The newest goes: what waits is older and its receiver may be waiting for just that.
      this.drop("queue-full");
    } else {
      this.queue.push(packet);
      this.queuedBytes += bytes;
      this.scheduleFlush();
    }
  }

  /** Watches over the connection; called each time `passedMs` have gone by. */
  tick(passedMs: number): void {
    if (this.state !== "connected") return;
    const { keepAliveMs, peerTimeoutMs } = this.options.limits;
    this.silentMs += passedMs;
    this.idleMs += passedMs;
    if (this.unanswered && this.silentMs > peerTimeoutMs) {
      this.lose("no sign of life");
    } else if (this.idleMs >= keepAliveMs && !this.blocked) {
      this.write([EMPTY], FRAME_HEADER_BYTES);
    }
  }

  /** Sends what waits, if the system takes it, and lets go. */
  close(): void {
    const wasConnected = this.state === "connected";
    if (wasConnected) this.flush();
    this.state = "closed";
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = undefined;
    if (wasConnected) socket?.destroySoon();
    else socket?.destroy();
  }

  stats(): LaneStats {
    return {
      connected: this.state === "connected",
      connects: this.connects,
      sentPackets: this.sentPackets,
      sentBytes: this.sentBytes,
      droppedPackets: this.droppedPackets,
      queuedBytes: this.queuedBytes + (this.socket?.writableLength ?? 0),
    };
  }

  private dial(): void {
    const { address, clusterId, id, lane, limits, peer } = this.options;
    this.state = "dialing";
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    this.socket = socket;
    this.options.track(socket);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    this.timer = setTimeout(() => this.fail(socket, "no answer in time"), limits.handshakeMs);
    const reader = new HandshakeReader();
    socket.on("connect", () => socket.write(encodeHello({ clusterId, from: id, to: peer, lane })));
    socket.on("data", (piece: Buffer) => this.onData(socket, reader, piece));
    socket.on("drain", () => this.onDrain(socket));
    socket.on("error", (error) => this.fail(socket, reasonOf(error)));
    socket.on("close", () => this.fail(socket, "closed by the peer"));
  }

  private onData(socket: Socket, reader: HandshakeReader, piece: Buffer): void {
    if (socket !== this.socket) return;
    if (this.state === "dialing") {
      try {
        this.onAnswer(socket, reader, piece);
      } catch (error) {
        if (!(error instanceof HandshakeError)) throw error;
        this.fail(socket, error.message);
      }
    } else if (piece.every((byte) => byte === ACK)) {
      this.silentMs = 0;
      // While more waits in the system's buffer the peer still owes a sign.
      this.unanswered = socket.writableLength > 0;
    } else {
      this.fail(socket, "unexpected bytes");
    }
  }

  private onAnswer(socket: Socket, reader: HandshakeReader, piece: Buffer): void {
    const read = reader.push(piece);
    if (read === undefined) return;
    const { clusterId, id, peer } = this.options;
    const answer = decodeAnswer(read.handshake);
    const who = `node ${answer.from} of cluster ${answer.clusterId}`;
    if (answer.verdict !== "welcome") {
      this.fail(socket, `refused as ${answer.verdict} by ${who}`);
    } else if (answer.clusterId !== clusterId || answer.from !== peer || answer.to !== id) {
      this.fail(socket, `${who} answers in its place`);
    } else {
      this.begin();
    }
  }

  private begin(): void {
    const { lane, now, onConnected, peer, reporter } = this.options;
    clearTimeout(this.timer);
    this.state = "connected";
    this.connects++;
    this.connectedAt = now();
    this.unanswered = false;
    this.silentMs = 0;
    this.idleMs = 0;
    this.blocked = false;
    reporter.tell({ kind: "connected", peer, lane });
    onConnected();
  }

  private onDrain(socket: Socket): void {
    if (socket !== this.socket) return;
    this.blocked = false;
    this.flush();
  }

  /** Everything that this turn sends leaves together: one write costs as much as ten packets do. */
  private scheduleFlush(): void {
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    process.nextTick(() => {
      this.flushScheduled = false;
      if (this.state === "connected") this.flush();
    });
  }

  private flush(): void {
    if (this.blocked || this.queue.length === 0) return;
    const packets = this.queue;
    const bytes = this.queuedBytes;
    this.queue = [];
    this.queuedBytes = 0;
    this.sentPackets += packets.length;
    this.write(packets, bytes);
  }

  private write(packets: readonly Uint8Array[], bytes: number): void {
    const { socket } = this;
    if (socket === undefined) return;
    const out = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const packet of packets) at = writeFrame(out, at, packet, crc32);
    this.sentBytes += bytes;
    this.idleMs = 0;
    if (!this.unanswered) this.silentMs = 0;
    this.unanswered = true;
    this.blocked = !socket.write(out);
  }

  private drop(why: "queue-full" | "too-large"): void {
    const { lane, peer, reporter } = this.options;
    this.droppedPackets++;
    reporter.tell({ kind: "dropped", peer, lane, why });
  }

  private lose(why: string): void {
    if (this.socket !== undefined) this.fail(this.socket, why);
  }

  /** The connection `socket` is over: forgets what waited and dials again later. */
  private fail(socket: Socket, why: string): void {
    if (socket !== this.socket || this.state === "closed") return;
    const { lane, limits, now, onUnconnected, peer, reporter } = this.options;
    const wasConnected = this.state === "connected";
    if (wasConnected && now() - this.connectedAt > limits.backoffMaxMs) {
      this.backoffMs = limits.backoffMs;
    }
    this.socket = undefined;
    this.state = "waiting";
    socket.destroy();
    this.droppedPackets += this.queue.length;
    this.queue = [];
    this.queuedBytes = 0;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.dial(), this.backoffMs * (0.5 + Math.random()));
    this.backoffMs = Math.min(limits.backoffMaxMs, this.backoffMs * 2);
    reporter.tell({ kind: wasConnected ? "lost" : "unconnected", peer, lane, why });
    onUnconnected();
  }
}

/**
 * An attempt at several addresses of one name fails without a message of its own, but with a code.
 */
function reasonOf(error: NodeJS.ErrnoException): string {
  return error.message === "" ? (error.code ?? error.name) : error.message;
}
