/**
 * One node as `openNode` makes it, in a process of its own, with or without a trace, and the
 * clients that load it. Ends with the process that started it.
 */

import type { NodeId } from "@holdfast/raft";
import { openNode } from "holdfast";
import { runLoops } from "./closed-loops.ts";
import type { Answer, Request } from "./cluster-talk.ts";
import { Counter } from "./counter.ts";

/** What its only argument says, as JSON. */
export interface TraceMember {
  readonly id: NodeId;
  readonly dir: string;
  readonly peers: Readonly<Record<NodeId, string>>;
  readonly trace?: string;
}

function answer(message: Answer): void {
  if (process.connected) process.send?.(message);
}

async function main({ id, dir, peers, trace }: TraceMember): Promise<void> {
  const node = await openNode({
    id,
    dir,
    listen: peers[id] ?? "",
    peers,
    machine: new Counter(),
    ...(trace === undefined ? {} : { trace }),
    onFailure: (error) => answer({ kind: "failed", message: error.message }),
  });

  async function handle(request: Request): Promise<Answer> {
    if (request.kind === "whoLeads") return { kind: "leads", leader: node.status().leader };
    if (request.kind === "load") return runLoops((command) => node.propose(command), request);
    if (request.kind === "cpu") {
      const { user, system } = process.cpuUsage();
      return { kind: "used", cpuUs: user + system };
    }
    if (request.kind === "dropped") {
      return { kind: "missing", events: node.status().trace?.dropped ?? 0 };
    }
    return { kind: "failed", message: `Not for this server: ${request.kind}` };
  }

  process.on("message", (request: Request) => {
    handle(request).then(answer, (error: unknown) => {
      answer({ kind: "failed", message: String(error) });
    });
  });
  process.on("disconnect", () => void node.close().finally(() => process.exit(0)));
  answer({ kind: "listening", address: node.status().address });
}

await main(JSON.parse(String(process.argv[2])) as TraceMember);
