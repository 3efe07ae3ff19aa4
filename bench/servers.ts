/** What a benchmark asks of the servers of a cluster. */

import { setTimeout as sleep } from "node:timers/promises";
import type { NodeId } from "@holdfast/raft";
import type { Child } from "./child.ts";
import type { Answer, LoadAnswer, Request } from "./cluster-talk.ts";

const LEADER_WAIT_MS = 10_000;

export type Server = Child<Request, Answer>;

export interface Cluster {
  readonly servers: readonly Server[];
  readonly leader: Server;
  readonly follower: Server;
}

/** Waits until all servers know the same leader. */
export async function electedAmong(servers: ReadonlyMap<NodeId, Server>): Promise<Cluster> {
  const until = performance.now() + LEADER_WAIT_MS;
  while (performance.now() < until) {
    const known = new Set<NodeId>();
    for (const server of servers.values()) {
      known.add(expect(await server.ask({ kind: "whoLeads" }), "leads").leader);
    }
    const [first = 0] = known;
    const leader = servers.get(first);
    if (known.size === 1 && leader !== undefined) {
      const follower = [...servers.values()].find((server) => server !== leader);
      if (follower !== undefined) return { servers: [...servers.values()], leader, follower };
    }
    await sleep(50);
  }
  throw new Error(`No leader after ${LEADER_WAIT_MS} ms`);
}

export function expect<K extends Answer["kind"]>(
  reply: Answer,
  kind: K,
): Extract<Answer, { kind: K }> {
  if (reply.kind === "failed") throw new Error(`A server has failed: ${reply.message}`);
  if (reply.kind !== kind) throw new Error(`Expected ${kind}, a server said ${reply.kind}`);
  return reply as Extract<Answer, { kind: K }>;
}

export async function load(
  server: Server,
  clients: number,
  durationMs: number,
): Promise<LoadAnswer> {
  const loaded = expect(await server.ask({ kind: "load", clients, durationMs }), "loaded");
  if (loaded.failures > 0) throw new Error(`${loaded.failures} proposals have failed`);
  return loaded;
}

/** Of all servers together, so far. */
export async function cpuUs({ servers }: Cluster): Promise<number> {
  let sum = 0;
  for (const server of servers) sum += expect(await server.ask({ kind: "cpu" }), "used").cpuUs;
  return sum;
}
