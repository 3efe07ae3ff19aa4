/** Ways to meddle with a cluster: disks that break on demand, packets seen and made up. */

import {
  type DiskErrorCode,
  decodePacket,
  encodePacket,
  laneOf,
  type Packet,
} from "@holdfast/replica";
import type { DiskOperation } from "@holdfast/sim";
import type { Cluster } from "./cluster.ts";

export interface Lever {
  /** From now on this operation fails; undefined lets all work again. */
  broken: DiskOperation | undefined;
  code: DiskErrorCode;
}

/** The lever of this member's disk. To be asked for before the member starts. */
export function breakable(cluster: Cluster, id: number): Lever {
  const lever: Lever = { broken: undefined, code: "io" };
  cluster.member(id).disk = cluster.newDisk(id, (_count, operation) =>
    operation === lever.broken ? lever.code : undefined,
  );
  return lever;
}

/** Calls `look` with every packet that a node sends; false holds it back. */
export function tap(cluster: Cluster, look: (packet: Packet, raw: Uint8Array) => boolean): void {
  cluster.network.filter = (from, to, _lane, raw) => look(decodePacket(raw, from, to), raw);
}

/** Hands over a packet as if its sender had sent it. */
export function inject(cluster: Cluster, packet: Packet): void {
  cluster.network.deliver(packet.from, packet.to, laneOf(packet), encodePacket(packet));
}

/** Plugs a member in that says nothing; what is sent to it can be tapped. */
export function mute(cluster: Cluster, id: number): void {
  cluster.network.plug(id).start({ received: () => {}, unreachable: () => {} });
}
