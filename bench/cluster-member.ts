/**
 * One server of the cluster that is measured, in a process of its own: a replica with a counter for
 * a state machine, and the clients that load it. Ends with the process that started it.
 */

import { randomInt } from "node:crypto";
import { makeConfig, type NodeId } from "@holdfast/raft";
import { openReplica, type Replica } from "@holdfast/replica";
import { openDirectoryDisk, openTcpNetwork, systemClock } from "holdfast";
import { BareLog } from "./bare-log.ts";
import { runLoops } from "./closed-loops.ts";
import { type Answer, COMMAND_BYTES, type Request } from "./cluster-talk.ts";
import { Counter } from "./counter.ts";
import { probe } from "./probe.ts";

const BARE_BYTES = 1 << 20;
const CLUSTER_ID = 1;

function answer(message: Answer): void {
  if (process.connected) process.send?.(message);
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
    if (request.kind === "dropped") return { kind: "missing", events: 0 };
    const server = replica;
    return runLoops((command) => server.propose(command), request);
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
