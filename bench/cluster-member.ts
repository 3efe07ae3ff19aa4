/**
 * One server of the cluster that is measured, in a process of its own: a replica with a counter for
 * a state machine, and the clients that load it. Ends with the process that started it.
 */

import { randomInt } from "node:crypto";
import { makeConfig, type NodeId } from "@holdfast/raft";
import { type Machine, openReplica, type Replica } from "@holdfast/replica";
import { openDirectoryDisk, openTcpNetwork, systemClock } from "holdfast";
import { BareLog } from "./bare-log.ts";
import { type Answer, COMMAND_BYTES, type LoadAnswer, type Request } from "./cluster-talk.ts";
import { probe } from "./probe.ts";

const BARE_BYTES = 1 << 20;
const CLUSTER_ID = 1;

/** Counts what it is given. */
class Counter implements Machine<number> {
  private count = 0;

  apply(): number {
    this.count++;
    return this.count;
  }

  snapshot(): Iterable<Uint8Array> {
    return [new TextEncoder().encode(String(this.count))];
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
    this.count = Number(text);
  }
}

function answer(message: Answer): void {
  if (process.connected) process.send?.(message);
}

/** Closed loops: each client proposes when its last proposal has been applied here. */
async function load(
  replica: Replica<number>,
  { clients, durationMs }: { readonly clients: number; readonly durationMs: number },
): Promise<LoadAnswer> {
  const command = new Uint8Array(COMMAND_BYTES).fill(0xa5);
  const latenciesMs: number[] = [];
  let failures = 0;
  let isOver = false;
  setTimeout(() => {
    isOver = true;
  }, durationMs);
  const begun = performance.now();
  const loops = Array.from({ length: clients }, async () => {
    while (!isOver) {
      const sentAt = performance.now();
      try {
        await replica.propose(command);
        latenciesMs.push(performance.now() - sentAt);
      } catch {
        // A replica that is closed refuses at once: asking again would never let go of this thread.
        failures++;
        return;
      }
    }
  });
  await Promise.all(loops);
  return { kind: "loaded", latenciesMs, tookMs: performance.now() - begun, failures };
}

async function main(id: NodeId, dir: string): Promise<void> {
  const disk = await openDirectoryDisk(dir);
  const network = await openTcpNetwork({
    id,
    clusterId: CLUSTER_ID,
    listen: "127.0.0.1:0",
    peers: {},
  });
  let replica: Replica<number> | undefined;
  let bare: BareLog | undefined;

  async function join(addresses: Readonly<Record<NodeId, string>>): Promise<Answer> {
    const voters = Object.keys(addresses).map(Number);
    for (const voter of voters) network.setPeer(voter, addresses[voter]);
    replica = await openReplica({
      config: makeConfig({ id, members: { voters } }),
      clusterId: CLUSTER_ID,
      disk,
      network,
      clock: systemClock(),
      machine: new Counter(),
      random: randomInt(2 ** 32),
      onFailure: (error) => answer({ kind: "failed", message: error.message }),
    });
    return { kind: "joined" };
  }

  async function handle(request: Request): Promise<Answer> {
    if (request.kind === "join") return join(request.addresses);
    if (replica === undefined) return { kind: "failed", message: "The server has not joined yet" };
    if (request.kind === "whoLeads") return { kind: "leads", leader: replica.status().leader };
    if (request.kind === "cpu") {
      const { user, system } = process.cpuUsage();
      return { kind: "used", cpuUs: user + system };
    }
    if (request.kind === "sync") {
      bare ??= new BareLog(dir, BARE_BYTES);
      const log = bare;
      const command = new Uint8Array(COMMAND_BYTES).fill(0xa5);
      return { kind: "synced", tookMs: await probe(request.durationMs, () => log.append(command)) };
    }
    return load(replica, request);
  }

  process.on("message", (request: Request) => {
    handle(request).then(answer, (error: unknown) => {
      answer({ kind: "failed", message: String(error) });
    });
  });
  process.on("disconnect", () => {
    const closed = replica?.close() ?? network.close();
    void closed.then(() => disk.close()).finally(() => process.exit(0));
  });
  answer({ kind: "listening", address: network.address });
}

await main(Number(process.argv[2]), String(process.argv[3]));
