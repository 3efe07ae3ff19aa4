/** `holdfast serve`: one node with its HTTP server, until it is told to stop or its disk fails. */

import { formatAddress } from "../address.ts";
import { CliError, EXIT_FAILED, lineOf } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { HttpApi } from "../http-api.ts";
import { KvMachine } from "../kv-machine.ts";
import { KvService } from "../kv-service.ts";

import { openKvNode } from "../node-adapter.ts";
import { printError, printLine } from "../output.ts";
import { SERVE_FLAGS, type ServeOptions, serveOptions } from "../serve-options.ts";
import { watchForStop } from "../stop-signal.ts";
import { isSupervised, tellParent } from "../supervision.ts";

/** Running requests get this long to finish once the node is told to stop. */
const CLOSE_GRACE_MS = 1000;

export const serve: Command = {
  name: "serve",
  summary: "Run one node of a cluster",
  flags: SERVE_FLAGS,
  examples: [
    "holdfast serve --id 1 --dir data/1 --client 127.0.0.1:7001 \\",
    "    --peers 1=127.0.0.1:7101,2=127.0.0.1:7102,3=127.0.0.1:7103",
    "holdfast serve --config node-1.json",
  ],
  async run(settings) {
    const options = serveOptions(settings);
    try {
      return await serveUntilStopped(options);
    } catch (error) {
      const failure = new CliError(lineOf(error), { cause: error });
      if (!isSupervised()) throw failure;
      tellParent({ kind: "failed", message: failure.message });
      return failure.exitCode;
    }
  },
};

async function serveUntilStopped(options: ServeOptions): Promise<number> {
  const stop = watchForStop();
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  const machine = new KvMachine();
  const node = await openKvNode({
    ...options,
    machine,
    onFailure: fail,
    onLine: printLine,
    onLeader: (known) => tellParent({ kind: "leader", ...known }),
  });
  const { clusterId, id, requestTimeoutMs } = options;
  const service = new KvService({ node, machine, clusterId, id, requestTimeoutMs });
  const api = await HttpApi.open({ service, address: options.client }).catch(async (error) => {
    await node.close();
    throw error;
  });
  printLine(
    `listens for clients on http://${formatAddress(api.address)}, ` +
      `for peers on ${formatAddress(options.listen)}; data in ${options.dir}`,
  );
  tellParent({ kind: "listening" });
  const end = await Promise.race([stop.requested, failed]);
  if (typeof end === "string") printLine(`stopping: ${end}`);
  await api.close(CLOSE_GRACE_MS);
  await node.close();
  stop.dispose();
  if (typeof end === "string") return 0;
  reportFailure(`node ${options.id} has stopped: ${lineOf(end)}`);
  return EXIT_FAILED;
}

function reportFailure(message: string): void {
  if (isSupervised()) tellParent({ kind: "failed", message });
  else printError(`holdfast serve: ${message}`);
}
