/** What a node knows of one other: lanes to it, connections from it, and the figures of both. */

import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";
import { type Address, formatAddress } from "./network-address.ts";
import type { Incoming } from "./network-incoming.ts";
import type { LaneStats, OutgoingLane } from "./network-lane.ts";

export interface PeerStats {
  readonly peer: NodeId;
  readonly address: string;
  readonly sending: Readonly<Record<Lane, LaneStats>>;
  readonly receivedPackets: number;
  readonly receivedBytes: number;
}

const LANES: readonly Lane[] = ["vote", "append", "snapshot"];

/** Of a lane that was never dialed. */
const NOT_STARTED: LaneStats = {
  connected: false,
  connects: 0,
  sentPackets: 0,
  sentBytes: 0,
  droppedPackets: 0,
  queuedBytes: 0,
};

export class Peer {
  readonly id: NodeId;
  address: Address;
  /** The receiver has been told that this peer is unreachable, and no lane has come up since. */
  isReported = false;
  private lanes = new Map<Lane, OutgoingLane>();
  private readonly incoming = new Map<Lane, Incoming>();
  /** Of connections that have ended. */
  private receivedPackets = 0;
  private receivedBytes = 0;

  constructor(id: NodeId, address: Address) {
    this.id = id;
    this.address = address;
  }

  /** Connects with the lanes that `open` gives, or after a change of address connects anew. */
  dial(open: (lane: Lane) => OutgoingLane): void {
    this.closeLanes();
    for (const lane of LANES) this.lanes.set(lane, open(lane));
  }

  send(lane: Lane, packet: Uint8Array): void {
    this.lanes.get(lane)?.send(packet);
  }

  /** Called each time `passedMs` have gone by. */
  tick(passedMs: number): void {
    for (const lane of this.lanes.values()) lane.tick(passedMs);
  }

  closeLanes(): void {
    for (const lane of this.lanes.values()) lane.close();
    this.lanes = new Map();
  }

  closeIncoming(): void {
    for (const connection of this.incoming.values()) connection.close();
  }

  /** It dialed for `lane`; an older connection it has given up, even if nobody told this end. */
  welcome(lane: Lane, connection: Incoming): void {
    this.incoming.get(lane)?.close();
    this.incoming.set(lane, connection);
  }

  /** A connection from it for `lane` is closed. */
  ended(lane: Lane, connection: Incoming): void {
    this.receivedPackets += connection.receivedPackets;
    this.receivedBytes += connection.receivedBytes;
    if (this.incoming.get(lane) === connection) this.incoming.delete(lane);
  }

  stats(): PeerStats {
    let receivedPackets = this.receivedPackets;
    let receivedBytes = this.receivedBytes;
    for (const connection of this.incoming.values()) {
      receivedPackets += connection.receivedPackets;
      receivedBytes += connection.receivedBytes;
    }
    return {
      peer: this.id,
      address: formatAddress(this.address),
      sending: {
        vote: this.laneStats("vote"),
        append: this.laneStats("append"),
        snapshot: this.laneStats("snapshot"),
      },
      receivedPackets,
      receivedBytes,
    };
  }

  private laneStats(lane: Lane): LaneStats {
    return this.lanes.get(lane)?.stats() ?? NOT_STARTED;
  }
}
