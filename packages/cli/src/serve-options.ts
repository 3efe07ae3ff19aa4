/**
 * The settings of one server: flags, config file, defaults, and the checks that need more than one
 * of them.
 */

import { createHash } from "node:crypto";
import { DEFAULTS } from "@holdfast/raft";
import { type Address, formatAddress } from "./address.ts";
import { UsageError } from "./cli-error.ts";
import { withConfigFile } from "./config-file.ts";
import { address, type Flag, missing, needAddress, type Settings, wholeNumber } from "./flags.ts";

export interface Timing {
  readonly electionTimeoutMs: number;
  readonly electionTimeoutMaxMs: number;
  readonly heartbeatMs: number;
}

export interface ServeOptions {
  readonly id: number;
  readonly dir: string;
  /** Where peers reach this node. */
  readonly listen: Address;
  /** Where clients reach this node. */
  readonly client: Address;
  /** All voters with their peer addresses, this node among them; in order of id. */
  readonly peers: ReadonlyMap<number, Address>;
  readonly clusterId: number;
  readonly timing: Timing;
  /** A snapshot after so many applied entries; 0 = never by itself. */
  readonly snapshotEntries: number;
  readonly requestTimeoutMs: number;
  /** Record all that the node does into this file. */
  readonly trace?: string;
}

export const SERVE_FLAGS: readonly Flag[] = [
  { name: "id", value: "NUMBER", help: "This node's id: a positive whole number, never reused" },
  { name: "dir", value: "DIR", help: "Where its data is kept; made when it does not exist" },
  { name: "peers", value: "1=HOST:PORT,...", help: "All nodes with their peer addresses" },
  { name: "listen", value: "HOST:PORT", help: "Listen for peers here (default: as in --peers)" },
  { name: "client", value: "HOST:PORT", help: "Listen for clients here (HTTP)" },
  {
    name: "cluster-id",
    value: "NUMBER|NAME",
    help: "Same on all nodes; data of another cluster is refused (default 1)",
  },
  {
    name: "election-timeout-ms",
    value: "MS",
    help: `A follower waits at least this long for a leader (default ${DEFAULTS.electionTimeoutMs})`,
  },
  {
    name: "election-timeout-max-ms",
    value: "MS",
    help: "... and at most this long (default: twice that)",
  },
  {
    name: "heartbeat-ms",
    value: "MS",
    help: "A leader says that it lives this often (default: a tenth of the election timeout)",
  },
  {
    name: "snapshot-entries",
    value: "COUNT",
    help: "Take a snapshot after so many entries; 0 = never (default 10000)",
  },
  {
    name: "request-timeout-ms",
    value: "MS",
    help: "Answer a client after this long at the latest (default 5000)",
  },
  { name: "trace", value: "FILE", help: "Record all that the node does, as lines of JSON" },
  { name: "config", value: "FILE", help: "JSON file with the same names; flags win" },
];

const HOUR_MS = 3_600_000;

/** Throws `UsageError` that names the setting and the value. */
export function serveOptions(flags: Settings): ServeOptions {
  const settings = withConfigFile(flags, SERVE_FLAGS);
  const id = wholeNumber(settings, "id", { min: 1, max: Number.MAX_SAFE_INTEGER });
  const peers = parsePeers(settings.get("peers"));
  const own = peers.get(id);
  if (own === undefined) {
    throw new UsageError(`--peers does not name this node: --id is ${id}`);
  }
  const dir = settings.get("dir");
  if (dir === undefined) throw missing("dir");
  const trace = settings.get("trace");
  return {
    id,
    dir,
    listen: address(settings, "listen", own),
    client: address(settings, "client"),
    peers,
    clusterId: parseClusterId(settings.get("cluster-id") ?? "1"),
    timing: parseTiming(settings),
    snapshotEntries: wholeNumber(settings, "snapshot-entries", {
      fallback: 10_000,
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    }),
    requestTimeoutMs: wholeNumber(settings, "request-timeout-ms", {
      fallback: 5000,
      min: 1,
      max: HOUR_MS,
    }),
    ...(trace === undefined ? {} : { trace }),
  };
}

function parsePeers(text: string | undefined): ReadonlyMap<number, Address> {
  if (text === undefined) throw missing("peers");
  const peers: [number, Address][] = [];
  for (const part of text.split(",")) {
    const [, id, where] = /^\s*(\d{1,15})=(\S+)\s*$/.exec(part) ?? [];
    if (id === undefined || where === undefined || Number(id) === 0) {
      throw new UsageError(`--peers must be like 1=host:port,2=host:port, got ${part}`);
    }
    if (peers.some(([known]) => known === Number(id))) {
      throw new UsageError(`--peers names node ${Number(id)} twice`);
    }
    const peer = needAddress("peers", where);
    const twin = peers.find(([, known]) => formatAddress(known) === formatAddress(peer));
    if (twin !== undefined) {
      throw new UsageError(`--peers gives nodes ${twin[0]} and ${Number(id)} the same address`);
    }
    peers.push([Number(id), peer]);
  }
  return new Map(peers.sort(([a], [b]) => a - b));
}

/** A number stays as it is; a name becomes the first 48 bits of its SHA-256. */
export function parseClusterId(text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  if (/^\d+$/.test(text)) {
    throw new UsageError(`--cluster-id must be a positive number or a name, got ${text}`);
  }
  return createHash("sha256").update(text).digest().readUIntBE(0, 6);
}

function parseTiming(settings: Settings): Timing {
  const electionTimeoutMs = wholeNumber(settings, "election-timeout-ms", {
    fallback: DEFAULTS.electionTimeoutMs,
    min: 10,
    max: HOUR_MS,
  });
  const electionTimeoutMaxMs = wholeNumber(settings, "election-timeout-max-ms", {
    fallback: 2 * electionTimeoutMs,
    min: electionTimeoutMs + 1,
    max: 2 * HOUR_MS,
  });
  const heartbeatMs = wholeNumber(settings, "heartbeat-ms", {
    fallback: Math.max(1, Math.floor(electionTimeoutMs / 10)),
    min: 1,
    max: electionTimeoutMs - 1,
  });
  return { electionTimeoutMs, electionTimeoutMaxMs, heartbeatMs };
}
