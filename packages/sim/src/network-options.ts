/** How a simulated network carries packets, and what it has room for. */

import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";

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
