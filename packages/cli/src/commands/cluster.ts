/**
 * `holdfast cluster`, which `npm start` runs: several servers on this machine under one supervisor.
 */

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { canListen, formatAddress } from "../address.ts";
import { CliError, lineOf } from "../cli-error.ts";
import { openClusterData } from "../cluster-data.ts";
import {
  CLUSTER_FLAGS,
  type ClusterOptions,
  clusterOptions,
  serveArguments,
} from "../cluster-plan.ts";
import type { Command } from "../command.ts";
import { type Color, paint, printLine, wantsColor } from "../output.ts";
import { watchForStop } from "../stop-signal.ts";
import { Supervisor } from "../supervisor.ts";

export const cluster: Command = {
  name: "cluster",
  summary: "Run a whole cluster on this machine, for trying and for tests",
  flags: CLUSTER_FLAGS,
  examples: ["holdfast cluster", "holdfast cluster --nodes 5 --dir /tmp/five --port 8001"],
  async run(settings) {
    const options = clusterOptions(settings);
    await checkPorts(options);
    const { clusterId } = openClusterData(options.dir, options.nodes);
    makeTraceDir(options.traceDir);
    const main = fileURLToPath(new URL("../main.js", import.meta.url));
    const supervisor = new Supervisor({
      print: linePrinter(options.nodes),
      servers: options.servers.map(({ id, client }) => ({
        id,
        client,
        command: [process.execPath, main, ...serveArguments(options, id, clusterId)],
      })),
    });
    const stop = watchForStop(() => supervisor.kill());
    supervisor.start();
    const failure = await Promise.race([stop.requested.then(() => undefined), supervisor.failed]);
    await supervisor.stop();
    if (failure !== undefined) throw new CliError(failure);
    return 0;
  },
};

function makeTraceDir(dir: string | undefined): void {
  if (dir === undefined) return;
  try {
    mkdirSync(dir, { recursive: true });
  } catch (cause) {
    throw new CliError(`Cannot make the directory for traces ${dir}: ${lineOf(cause)}`, { cause });
  }
}

/**
 * Before anything is started or written: a port in use should end in one line, not in three
 * half-started servers.
 */
async function checkPorts({ servers }: ClusterOptions): Promise<void> {
  for (const { id, client, peer } of servers) {
    for (const [what, address] of [
      ["Client", client],
      ["Peer", peer],
    ] as const) {
      if (await canListen(address)) continue;
      throw new CliError(
        `${what} address ${formatAddress(address)} of node ${id} is already in use; --port chooses others`,
      );
    }
  }
}

/** `node 1  | line`, the name in the node's colour. */
function linePrinter(nodes: number): (who: string, color: Color, line: string) => void {
  const width = Math.max("cluster".length, `node ${nodes}`.length);
  const colored = wantsColor(process.env, process.stdout);
  return (who, color, line) => {
    const name = `${who.padEnd(width)} |`;
    printLine(`${colored ? paint(color, name) : name} ${line}`);
  };
}
