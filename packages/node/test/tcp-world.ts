/** TCP networks on loopback for tests: ports chosen by the system, kept over restarts. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeId } from "@holdfast/raft";
import type { Lane } from "@holdfast/replica";
import {
  type NetworkReport,
  openTcpNetwork,
  type TcpNetwork,
  type TcpNetworkOptions,
} from "holdfast";

export const CLUSTER = 42;

type Limits = Partial<Omit<TcpNetworkOptions, "id" | "listen" | "peers">>;

export interface TcpWorld {
  open(id: NodeId, limits?: Limits): Promise<TcpNetwork>;
  addressOf(id: NodeId): string;
  close(): Promise<void>;
}

/** Fast time limits, so that tests of what happens when time is up are short. */
export const QUICK: Limits = {
  handshakeMs: 400,
  peerTimeoutMs: 200,
  keepAliveMs: 100,
  backoffMs: 10,
  backoffMaxMs: 50,
};

export async function tcpWorld(ids: readonly NodeId[], shared: Limits = QUICK): Promise<TcpWorld> {
  const addresses: Record<NodeId, string> = {};
  // Each port is known before the first network opens: all are held at once, so that no two are the
  // same.
  const holders: TcpNetwork[] = [];
  for (const id of ids) {
    const holder = await openTcpNetwork({ id, clusterId: 1, listen: "127.0.0.1:0", peers: {} });
    addresses[id] = holder.address;
    holders.push(holder);
  }
  for (const holder of holders) await holder.close();

  const opened: TcpNetwork[] = [];
  const addressOf = (id: NodeId): string => {
    const address = addresses[id];
    assert.ok(address !== undefined);
    return address;
  };
  return {
    addressOf,
    open: async (id, limits = {}) => {
      const network = await openTcpNetwork({
        clusterId: CLUSTER,
        ...shared,
        ...limits,
        id,
        listen: addressOf(id),
        peers: addresses,
      });
      opened.push(network);
      return network;
    },
    close: async () => {
      for (const network of opened) await network.close();
    },
  };
}

/** What one node was told. */
export interface Station {
  readonly network: TcpNetwork;
  readonly arrivals: { from: NodeId; lane: Lane; text: string }[];
  readonly unreachable: NodeId[];
  readonly reports: NetworkReport[];
}

export async function station(world: TcpWorld, id: NodeId, limits: Limits = {}): Promise<Station> {
  const reports: NetworkReport[] = [];
  const report = (one: NetworkReport): unknown => reports.push(one);
  const network = await world.open(id, { ...limits, report });
  const made: Station = { network, arrivals: [], unreachable: [], reports };
  network.start({
    received: (from, lane, packet) => {
      made.arrivals.push({ from, lane, text: Buffer.from(packet).toString("latin1") });
    },
    unreachable: (peer) => made.unreachable.push(peer),
  });
  return made;
}

/** Waits until `done`, for a few seconds at most. */
export async function until(done: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (done()) return;
    await sleep(5);
  }
  assert.fail(`waited in vain: ${what}`);
}

/** True once `from` has a connection to `to` on every lane. */
export function isConnected(from: Station, to: NodeId): boolean {
  const stats = from.network.stats().find(({ peer }) => peer === to);
  return stats !== undefined && Object.values(stats.sending).every(({ connected }) => connected);
}

/** Sends `text` to `to` until it has arrived at `receiver`. */
export async function deliver(
  from: Station,
  receiver: Station,
  to: NodeId,
  text: string,
): Promise<void> {
  await until(() => {
    if (receiver.arrivals.some((one) => one.text === text)) return true;
    from.network.send(to, "append", Uint8Array.from(Buffer.from(text, "latin1")));
    return false;
  }, `packet ${text}`);
}
