/** The Network port over TCP: one connection out per peer and lane; incoming ones only receive. */

import { createServer, type Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import type { NodeId } from "@holdfast/raft";
import type { Lane, Network, Receiver } from "@holdfast/replica";
import { type Address, formatAddress, formatRemote, parseAddress } from "./network-address.ts";
import { Incoming } from "./network-incoming.ts";
import { type LaneLimits, OutgoingLane } from "./network-lane.ts";
import { addressOf, listen } from "./network-listen.ts";
import { Peer, type PeerStats } from "./network-peer.ts";
import { type NetworkReport, Reporter } from "./network-report.ts";

export interface TcpNetworkOptions extends Partial<LaneLimits> {
  readonly id: NodeId;
  /** Nodes of other clusters are turned away. */
  readonly clusterId: number;
  /** `host:port` to listen on; port 0 lets the system choose. */
  readonly listen: string;
  /** Where the others listen. An entry for the own id is ignored. */
  readonly peers: Readonly<Record<NodeId, string>>;
  /** Connections that may be between connect and handshake at one time; more are closed at once. */
  readonly handshakesMax?: number;
  /** Told of what happens to connections. Must not throw. */
  readonly report?: (report: NetworkReport) => void;
}

export interface TcpNetwork extends Network {
  /** Where this node listens, with the port that was chosen. */
  readonly address: string;
  /** Adds a peer, moves it to another address, or with `undefined` forgets it. */
  setPeer(id: NodeId, address: string | undefined): void;
  stats(): readonly PeerStats[];
}

const DEFAULT_LIMITS: LaneLimits = {
  packetBytesMax: 16 << 20,
  queueBytesMax: 16 << 20,
  handshakeMs: 3000,
  peerTimeoutMs: 2000,
  keepAliveMs: 2000,
  backoffMs: 50,
  backoffMaxMs: 1000,
};
const HANDSHAKES_MAX = 64;
/** After this long `close` no longer waits for what was sent last to leave. */
const CLOSE_MS_MAX = 250;

/**
 * Listens at once, so that a taken address is known early; dials with `start`. Rejects with
 * `AddressInUseError` or `AddressError`.
 */
export async function openTcpNetwork(options: TcpNetworkOptions): Promise<TcpNetwork> {
  const address = parseAddress(options.listen);
  const peers = new Map<NodeId, Address>();
  for (const [id, peerAddress] of Object.entries(options.peers)) {
    if (Number(id) !== options.id) peers.set(Number(id), parseAddress(peerAddress));
  }
  const server = createServer();
  await listen(server, options.listen, address);
  return new RealNetwork(options, server, peers);
}

class RealNetwork implements TcpNetwork {
  readonly address: string;
  private readonly options: TcpNetworkOptions;
  private readonly limits: LaneLimits;
  private readonly server: Server;
  private readonly reporter: Reporter;
  private readonly peers = new Map<NodeId, Peer>();
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Set<Incoming>();
  private handshakes = 0;
  private receiver: Receiver | undefined;
  private ticker: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;

  constructor(options: TcpNetworkOptions, server: Server, peers: Map<NodeId, Address>) {
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options };
    this.server = server;
    this.address = addressOf(server);
    this.reporter = new Reporter(options.report ?? (() => {}), () => performance.now());
    for (const [id, address] of peers) this.peers.set(id, new Peer(id, address));
    server.on("connection", (socket) => this.onConnection(socket));
    // A server that could listen can still fail to accept (EMFILE): the dialers try again.
    server.on("error", () => {});
  }

  start(receiver: Receiver): void {
    if (this.receiver !== undefined || this.closing !== undefined) return;
    this.receiver = receiver;
    for (const peer of this.peers.values()) this.dial(peer);
    const { keepAliveMs, peerTimeoutMs } = this.limits;
    const tickMs = Math.max(10, Math.min(peerTimeoutMs, keepAliveMs) / 4);
    this.ticker = setInterval(() => this.tick(tickMs), tickMs);
  }

  send(to: NodeId, lane: Lane, packet: Uint8Array): void {
    this.peers.get(to)?.send(lane, packet);
  }

  setPeer(id: NodeId, address: string | undefined): void {
    const parsed = address === undefined ? undefined : parseAddress(address);
    if (id === this.options.id || this.closing !== undefined) return;
    const peer = this.peers.get(id);
    if (parsed === undefined) {
      if (peer !== undefined) this.forget(peer);
    } else if (peer === undefined) {
      const added = new Peer(id, parsed);
      this.peers.set(id, added);
      if (this.receiver !== undefined) this.dial(added);
    } else if (formatAddress(peer.address) !== formatAddress(parsed)) {
      peer.address = parsed;
      if (this.receiver !== undefined) this.dial(peer);
    }
  }

  stats(): readonly PeerStats[] {
    return Array.from(this.peers.values(), (peer) => peer.stats());
  }

  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    clearInterval(this.ticker);
    for (const peer of this.peers.values()) peer.closeLanes();
    for (const connection of this.connections) connection.close();
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    const hurry = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, CLOSE_MS_MAX);
    await Promise.all([closed, ...Array.from(this.sockets, gone)]);
    clearTimeout(hurry);
  }

  private dial(peer: Peer): void {
    const { clusterId, id } = this.options;
    peer.dial(
      (lane) =>
        new OutgoingLane({
          clusterId,
          id,
          peer: peer.id,
          lane,
          address: peer.address,
          limits: this.limits,
          reporter: this.reporter,
          now: () => performance.now(),
          track: (socket) => this.track(socket),
          onConnected: () => {
            peer.isReported = false;
          },
          onUnconnected: () => this.onUnconnected(peer),
        }),
    );
  }

  private forget(peer: Peer): void {
    peer.closeLanes();
    peer.closeIncoming();
    this.peers.delete(peer.id);
  }

  /** Told once, however many lanes go down with the peer and however often dialing fails. */
  private onUnconnected(peer: Peer): void {
    if (peer.isReported || this.closing !== undefined) return;
    peer.isReported = true;
    this.receiver?.unreachable(peer.id);
  }

  private tick(passedMs: number): void {
    for (const peer of this.peers.values()) peer.tick(passedMs);
    for (const connection of this.connections) connection.tick(passedMs);
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
  }

  private onConnection(socket: Socket): void {
    this.track(socket);
    const { clusterId, handshakesMax = HANDSHAKES_MAX, id } = this.options;
    if (this.receiver === undefined || this.closing !== undefined) {
      socket.destroy();
      return;
    }
    if (this.handshakes >= handshakesMax) {
      const remote = formatRemote(socket);
      this.reporter.tell({ kind: "turned-away", remote, why: "too-many" });
      socket.destroy();
      return;
    }
    this.handshakes++;
    const { handshakeMs, keepAliveMs, packetBytesMax, peerTimeoutMs } = this.limits;
    const connection = new Incoming(socket, {
      clusterId,
      id,
      packetBytesMax,
      handshakeMs,
      silenceMsMax: 3 * (keepAliveMs + peerTimeoutMs),
      ackMs: peerTimeoutMs / 20,
      reporter: this.reporter,
      isPeer: (from) => this.peers.has(from),
      onWelcome: (welcome) => this.onWelcome(welcome),
      onPacket: (from, packet) => this.onPacket(from, packet),
      onClose: (ended) => this.onClose(ended),
    });
    this.connections.add(connection);
  }

  private onWelcome(connection: Incoming): void {
    this.handshakes--;
    const { hello } = connection;
    if (hello !== undefined) this.peers.get(hello.from)?.welcome(hello.lane, connection);
  }

  private onPacket(connection: Incoming, packet: Uint8Array): void {
    const { hello } = connection;
    if (hello === undefined || this.closing !== undefined) return;
    this.receiver?.received(hello.from, hello.lane, packet);
  }

  private onClose(connection: Incoming): void {
    this.connections.delete(connection);
    const { hello } = connection;
    if (hello === undefined) this.handshakes--;
    else this.peers.get(hello.from)?.ended(hello.lane, connection);
  }
}

function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
}
