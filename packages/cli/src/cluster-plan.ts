/** Settings of `holdfast cluster`, and what follows from them for each server. */

import { join } from "node:path";
import { type Address, formatAddress } from "./address.ts";
import { UsageError } from "./cli-error.ts";
import { type Flag, type Settings, wholeNumber } from "./flags.ts";
import { SERVE_FLAGS } from "./serve-options.ts";

const HOST = "127.0.0.1";

/** Peer ports lie this far above client ports. */
const PEER_PORT_OFFSET = 100;

/** Faster than the defaults of one server: on one machine messages take no time. */
const TIMING = { "election-timeout-ms": "500", "heartbeat-ms": "50" };

/** Settings that every server gets as they are. */
const PASSED_ON = [
  "election-timeout-ms",
  "election-timeout-max-ms",
  "heartbeat-ms",
  "snapshot-entries",
  "request-timeout-ms",
];

export const CLUSTER_FLAGS: readonly Flag[] = [
  { name: "nodes", value: "COUNT", help: "How many servers, 1 to 9 (default 3)" },
  { name: "dir", value: "DIR", help: "Where the data is kept (default ./data)" },
  {
    name: "port",
    value: "PORT",
    help: "Client port of node 1, the others follow; peer ports lie 100 higher (default 7001)",
  },
  ...SERVE_FLAGS.filter((flag) => PASSED_ON.includes(flag.name)).map((flag) =>
    flag.name in TIMING
      ? { ...flag, help: flag.help.replace(/\(.*\)/, `(default ${timingOf(flag.name)})`) }
      : flag,
  ),
  { name: "trace", value: "DIR", help: "Record what each server does, in DIR/node-1.ndjson, ..." },
];

export interface ClusterOptions {
  readonly nodes: number;
  readonly dir: string;
  /** Flags for every server. */
  readonly passedOn: ReadonlyMap<string, string>;
  readonly servers: readonly ServerPlan[];
  /** Where the traces of the servers go. */
  readonly traceDir?: string;
}

export interface ServerPlan {
  readonly id: number;
  readonly dir: string;
  readonly client: Address;
  readonly peer: Address;
}

/** Throws `UsageError`. */
export function clusterOptions(settings: Settings): ClusterOptions {
  const nodes = wholeNumber(settings, "nodes", { fallback: 3, min: 1, max: 9 });
  const dir = settings.get("dir") ?? "./data";
  const port = wholeNumber(settings, "port", { fallback: 7001, min: 1, max: 65_535 });
  if (port + PEER_PORT_OFFSET + nodes - 1 > 65_535) {
    throw new UsageError(`--port is too high for ${nodes} nodes, got ${port}`);
  }
  const passedOn = new Map<string, string>(Object.entries(TIMING));
  for (const name of PASSED_ON) {
    const value = settings.get(name);
    if (value !== undefined) passedOn.set(name, value);
  }
  const servers = Array.from({ length: nodes }, (_, i) => ({
    id: i + 1,
    dir: join(dir, `node-${i + 1}`),
    client: { host: HOST, port: port + i },
    peer: { host: HOST, port: port + PEER_PORT_OFFSET + i },
  }));
  const traceDir = settings.get("trace");
  return { nodes, dir, passedOn, servers, ...(traceDir === undefined ? {} : { traceDir }) };
}

/** The command line of one server, after the name of the program. */
export function serveArguments(options: ClusterOptions, id: number, clusterId: number): string[] {
  const server = options.servers.find((candidate) => candidate.id === id);
  if (server === undefined) throw new UsageError(`There is no node ${id}`);
  const peers = options.servers.map(({ id: peer, peer: at }) => `${peer}=${formatAddress(at)}`);
  return [
    "serve",
    `--id=${id}`,
    `--dir=${server.dir}`,
    `--client=${formatAddress(server.client)}`,
    `--peers=${peers.join(",")}`,
    `--cluster-id=${clusterId}`,
    ...[...options.passedOn].map(([name, value]) => `--${name}=${value}`),
    ...(options.traceDir === undefined
      ? []
      : [`--trace=${join(options.traceDir, `node-${id}.ndjson`)}`]),
  ];
}

function timingOf(name: string): string {
  return name in TIMING ? TIMING[name as keyof typeof TIMING] : "";
}
