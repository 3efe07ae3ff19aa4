/** The pages of the HTTP API: what each takes and gives. */

import type { PeerStatus } from "@holdfast/replica";
import { Fields, headerJson, keyValueJson } from "./gateway-json.ts";
import type { KvService } from "./kv-service.ts";
import { RpcError } from "./rpc-error.ts";

export interface Reply {
  readonly status: number;
  readonly body: object;
  readonly allow?: string | undefined;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** `signal` is aborted when the client has gone. */
  readonly handle: (body: string, signal: AbortSignal) => Promise<Reply> | Reply;
}

/** Fields of etcd that would change the answer and are not supported: refused, never ignored. */
const UNSUPPORTED = {
  put: ["lease", "ignore_value", "ignore_lease"],
  range: [
    "revision",
    "sort_order",
    "sort_target",
    "min_mod_revision",
    "max_mod_revision",
    "min_create_revision",
    "max_create_revision",
  ],
};

export function kvRoutes(service: KvService): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    ["/v3/kv/put", post((fields, signal) => put(service, fields, signal))],
    ["/v3/kv/range", post((fields) => range(service, fields))],
    ["/v3/kv/deleterange", post((fields, signal) => deleteRange(service, fields, signal))],
    ["/health", { method: "GET", handle: () => health(service) }],
    ["/status", { method: "GET", handle: () => ({ status: 200, body: statusOf(service) }) }],
  ]);
}

function post(handle: (fields: Fields, signal: AbortSignal) => Promise<object>): Route {
  return {
    method: "POST",
    handle: async (body, signal) => ({
      status: 200,
      body: await handle(Fields.parse(body), signal),
    }),
  };
}

async function put(service: KvService, fields: Fields, signal: AbortSignal): Promise<object> {
  fields.refuse(UNSUPPORTED.put);
  const wantsBefore = fields.flag("prev_kv");
  const pair = { key: fields.bytes("key"), value: fields.bytes("value") };
  const { header, before } = await service.put(pair, signal);
  return {
    header: headerJson(header),
    ...(wantsBefore && before && { prev_kv: keyValueJson(before) }),
  };
}

async function range(service: KvService, fields: Fields): Promise<object> {
  fields.refuse(UNSUPPORTED.range);
  const request = {
    key: fields.bytes("key"),
    rangeEnd: fields.bytes("range_end"),
    limit: Math.max(0, fields.integer("limit")),
    keysOnly: fields.flag("keys_only"),
    countOnly: fields.flag("count_only"),
  };
  const { header, pairs, count, more } = await service.range(request, {
    serializable: fields.flag("serializable"),
  });
  return {
    header: headerJson(header),
    ...(pairs.length > 0 && { kvs: pairs.map(keyValueJson) }),
    ...(more && { more }),
    ...(count > 0 && { count: String(count) }),
  };
}

async function deleteRange(
  service: KvService,
  fields: Fields,
  signal: AbortSignal,
): Promise<object> {
  const wantsBefore = fields.flag("prev_kv");
  const keys = { key: fields.bytes("key"), rangeEnd: fields.bytes("range_end") };
  const { header, deleted } = await service.deleteRange(keys, signal);
  return {
    header: headerJson(header),
    ...(deleted.length > 0 && { deleted: String(deleted.length) }),
    ...(wantsBefore && deleted.length > 0 && { prev_kvs: deleted.map(keyValueJson) }),
  };
}

function health(service: KvService): Reply {
  const reason = service.ailment();
  if (reason === undefined) return { status: 200, body: { health: "true" } };
  return { status: 503, body: { health: "false", reason } };
}

/** What `GET /status` answers: plain numbers, made for people and scripts. */
export interface StatusPage {
  readonly id: number;
  readonly clusterId: number;
  readonly state: string;
  readonly failure?: string;
  readonly role: string;
  readonly term: number;
  /** 0 when this node knows no leader. */
  readonly leader: number;
  readonly commit: number;
  readonly applied: number;
  /** Indexes that the log holds: `first` is above `last` when it is empty. */
  readonly log: { readonly first: number; readonly last: number; readonly bytes: number };
  /** Null when there is none. */
  readonly snapshot: { readonly index: number; readonly bytes: number } | null;
  readonly store: { readonly revision: number; readonly keys: number };
  /** How far each peer is; only the leader knows. */
  readonly peers: readonly PeerStatus[];
}

function statusOf(service: KvService): StatusPage {
  const status = service.status();
  const { revision, keys, clusterId } = service.store();
  return {
    id: status.id,
    clusterId,
    state: status.state,
    ...(status.failure !== undefined && { failure: status.failure }),
    role: status.role,
    term: status.term,
    leader: status.leader,
    commit: status.commit,
    applied: status.applied,
    log: { first: status.logStart + 1, last: status.lastIndex, bytes: status.walBytes },
    snapshot:
      status.snapshotIndex === 0
        ? null
        : { index: status.snapshotIndex, bytes: status.snapshotBytes },
    store: { revision, keys },
    peers: status.peers.map((peer) => ({ ...peer, heardMsAgo: Math.round(peer.heardMsAgo) })),
  };
}

/**
 * The route for a request. Throws `RpcError`: 404 for an unknown path, 405 for the wrong method.
 */
export function routeFor(routes: ReadonlyMap<string, Route>, method: string, url: string): Route {
  const path = url.split("?", 1)[0] ?? "";
  const route = routes.get(path);
  if (route === undefined) throw new RpcError("not-found", `no such path: ${path}`);
  if (route.method !== method) {
    throw new RpcError("unimplemented", `${path} takes ${route.method}, not ${method}`, {
      httpStatus: 405,
      allow: route.method,
    });
  }
  return route;
}
