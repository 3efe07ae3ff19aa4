/** One incoming connection: first the right hello, in time; then a stream, cut into packets. */

import type { Socket } from "node:net";
import { crc32 } from "node:zlib";
import type { NodeId } from "@holdfast/raft";
import { FrameError, FrameReader } from "@holdfast/replica";
import {
  decodeHello,
  encodeAnswer,
  HandshakeError,
  HandshakeReader,
  type Hello,
  type Verdict,
} from "./handshake.ts";
import { formatRemote } from "./network-address.ts";
import { ACK, TCP_KEEP_ALIVE_MS } from "./network-lane.ts";
import type { Reporter, TurnedAway } from "./network-report.ts";

export interface IncomingOptions {
  readonly clusterId: number;
  readonly id: NodeId;
  readonly packetBytesMax: number;
  readonly handshakeMs: number;
  /**
   * A dialer sends at least an empty frame now and then; after this long without any it is gone.
   */
  readonly silenceMsMax: number;
  /** While packets arrive the dialer gets a sign of life this often. */
  readonly ackMs: number;
  readonly reporter: Reporter;
  readonly isPeer: (id: NodeId) => boolean;
  readonly onWelcome: (connection: Incoming) => void;
  readonly onPacket: (connection: Incoming, packet: Uint8Array) => void;
  readonly onClose: (connection: Incoming) => void;
}

export class Incoming {
  /** Who dialed and for what, once that is known. */
  hello: Hello | undefined;
  receivedPackets = 0;
  receivedBytes = 0;
  private readonly socket: Socket;
  private readonly options: IncomingOptions;
  private readonly handshake = new HandshakeReader();
  private readonly frames: FrameReader;
  private deadline: NodeJS.Timeout | undefined;
  private ack: NodeJS.Timeout | undefined;
  private silentMs = 0;
  private closed = false;

  constructor(socket: Socket, options: IncomingOptions) {
    this.socket = socket;
    this.options = options;
    this.frames = new FrameReader(
      options.packetBytesMax,
      (payload) => this.onPayload(payload),
      crc32,
    );
    this.deadline = setTimeout(() => this.turnAway("too-slow"), options.handshakeMs);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    socket.on("data", (piece: Buffer) => this.onData(piece));
    // Whatever ends it, "close" follows.
    socket.on("error", () => {});
    socket.on("close", () => this.close());
  }

  /** Called each time `passedMs` have gone by. */
  tick(passedMs: number): void {
    this.silentMs += passedMs;
    if (this.hello !== undefined && this.silentMs > this.options.silenceMsMax) this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.deadline);
    clearTimeout(this.ack);
    this.socket.destroySoon();
    this.options.onClose(this);
  }

  private onData(piece: Buffer): void {
    if (this.closed) return;
    this.silentMs = 0;
    try {
      if (this.hello === undefined) this.onFirstBytes(piece);
      else this.onStream(piece);
    } catch (error) {
      if (error instanceof HandshakeError) this.onBadHandshake(error);
      else if (error instanceof FrameError) this.onBadFrame(error);
      else throw error;
    }
  }

  private onFirstBytes(piece: Buffer): void {
    const read = this.handshake.push(piece);
    if (read === undefined) return;
    const hello = decodeHello(read.handshake);
    const verdict = this.judge(hello);
    this.answer(verdict, hello.from);
    if (verdict !== "welcome") {
      this.turnAway(verdict);
      return;
    }
    clearTimeout(this.deadline);
    this.hello = hello;
    this.options.onWelcome(this);
    if (read.rest.length > 0) this.onStream(read.rest);
  }

  private judge(hello: Hello): Verdict {
    const { clusterId, id, isPeer } = this.options;
    if (hello.clusterId !== clusterId) return "other-cluster";
    if (hello.to !== id) return "other-node";
    return isPeer(hello.from) ? "welcome" : "stranger";
  }

  private answer(verdict: Verdict, to: NodeId): void {
    const { clusterId, id } = this.options;
    this.socket.write(encodeAnswer({ verdict, clusterId, from: id, to }));
  }

  private onStream(piece: Buffer): void {
    this.receivedBytes += piece.length;
    this.frames.push(piece);
    if (this.ack !== undefined || this.closed) return;
    this.ack = setTimeout(() => {
      this.ack = undefined;
      this.socket.write(Uint8Array.of(ACK));
    }, this.options.ackMs);
  }

  private onPayload(payload: Uint8Array): void {
    if (this.closed || payload.length === 0) return;
    this.receivedPackets++;
    this.options.onPacket(this, payload);
  }

  private onBadHandshake(error: HandshakeError): void {
    // A peer of another version deserves an answer that it can read; who else knocks gets none.
    if (error.why === "other-version") this.answer("other-version", 0);
    this.turnAway(error.why);
  }

  private turnAway(why: TurnedAway): void {
    this.options.reporter.tell({ kind: "turned-away", remote: formatRemote(this.socket), why });
    this.close();
  }

  private onBadFrame(error: FrameError): void {
    if (this.hello !== undefined) {
      const { from, lane } = this.hello;
      this.options.reporter.tell({ kind: "bad-frame", peer: from, lane, why: error.why });
    }
    this.close();
  }
}
