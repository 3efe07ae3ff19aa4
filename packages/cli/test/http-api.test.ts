/** The HTTP API over a node that always agrees, or fails as told: forms, errors, limits, close. */

import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { NotCommittedError, OutcomeUnknownError } from "@holdfast/replica";
import { HttpApi } from "../src/http-api.ts";
import { KvMachine } from "../src/kv-machine.ts";
import { KvService } from "../src/kv-service.ts";
import { FakeNode } from "./fake-node.ts";
import { base64 } from "./text.ts";

interface Scene {
  readonly node: FakeNode;
  readonly api: HttpApi;
  readonly url: string;
  /** Posts an object, or text as it is. */
  readonly post: (path: string, body: unknown) => Promise<{ status: number; body: unknown }>;
}

/** Runs `story` against a fresh server, which is closed afterwards. */
async function withApi(
  story: (scene: Scene) => Promise<void>,
  bodyBytesMax?: number,
): Promise<void> {
  const machine = new KvMachine();
  const node = new FakeNode(machine);
  const service = new KvService({ node, machine, clusterId: 77, id: 2, requestTimeoutMs: 1000 });
  const api = await HttpApi.open({
    service,
    address: { host: "127.0.0.1", port: 0 },
    ...(bodyBytesMax !== undefined && { bodyBytesMax }),
  });
  const url = `http://127.0.0.1:${api.address.port}`;
  const post = async (path: string, body: unknown): Promise<{ status: number; body: unknown }> => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(url + path, { method: "POST", body: text });
    return { status: response.status, body: await response.json() };
  };
  try {
    await story({ node, api, url, post });
  } finally {
    await api.close(0);
  }
}

function header(revision: number): object {
  return { cluster_id: "77", member_id: "2", revision: String(revision), raft_term: "4" };
}

test("put, range and deleterange speak etcd's JSON: base64, numbers as strings, zero values absent", async () => {
  await withApi(async ({ post }) => {
    const put = await post("/v3/kv/put", { key: base64("foo"), value: base64("bar") });
    assert.deepEqual(put, { status: 200, body: { header: header(2) } });

    const range = await post("/v3/kv/range", { key: base64("foo") });
    const foo = {
      key: base64("foo"),
      create_revision: "2",
      mod_revision: "2",
      version: "1",
      value: base64("bar"),
    };
    assert.deepEqual(range.body, { header: header(2), kvs: [foo], count: "1" });

    const again = await post("/v3/kv/put", { key: base64("foo"), value: "", prev_kv: true });
    assert.deepEqual(again.body, { header: header(3), prev_kv: foo });

    const gone = await post("/v3/kv/deleterange", { key: base64("foo"), prevKv: true });
    const { value: _value, ...empty } = { ...foo, mod_revision: "3", version: "2" };
    assert.deepEqual(gone.body, { header: header(4), deleted: "1", prev_kvs: [empty] });

    const nothing = await post("/v3/kv/deleterange", { key: base64("foo") });
    assert.deepEqual(nothing.body, { header: header(4) });
    assert.deepEqual((await post("/v3/kv/range", { key: base64("foo") })).body, {
      header: header(4),
    });
  });
});

test("range takes camel case, strings as numbers, unknown fields, and pages by limit", async () => {
  await withApi(async ({ post }) => {
    for (const key of ["a", "b", "c"]) await post("/v3/kv/put", { key: base64(key) });
    const page = await post("/v3/kv/range", {
      key: base64("\0"),
      rangeEnd: base64("\0"),
      limit: "2",
      keys_only: true,
      something_new: { x: 1 },
      sort_order: "NONE",
      revision: 0,
      lease: null,
    });
    const kvs = ["a", "b"].map((key, i) => ({
      key: base64(key),
      create_revision: String(i + 2),
      mod_revision: String(i + 2),
      version: "1",
    }));
    assert.deepEqual(page.body, { header: header(4), kvs, more: true, count: "3" });

    const count = await post("/v3/kv/range", {
      key: base64("a"),
      range_end: base64("c"),
      count_only: true,
    });
    assert.deepEqual(count.body, { header: header(4), count: "2" });
  });
});

test("what the client got wrong is named: status, gRPC code and message", async () => {
  await withApi(async ({ post, url }) => {
    const key = base64("k");
    const cases: [string, unknown, number, number, RegExp][] = [
      ["/v3/kv/put", { key: "%%%" }, 400, 3, /^field key must be base64 text$/],
      ["/v3/kv/put", { key: "Zm9vYg" }, 200, 0, /./],
      ["/v3/kv/put", { key: "Zm9vY" }, 400, 3, /^field key must be base64 text$/],
      ["/v3/kv/put", { key: 5 }, 400, 3, /^field key must be base64 text$/],
      ["/v3/kv/put", {}, 400, 3, /^etcdserver: key is not provided$/],
      ["/v3/kv/put", "", 400, 3, /^etcdserver: key is not provided$/],
      ["/v3/kv/put", "{", 400, 3, /^request body is not JSON$/],
      ["/v3/kv/put", "[1]", 400, 3, /^request body is not a JSON object$/],
      ["/v3/kv/range", { key, limit: "many" }, 400, 3, /^field limit must be a whole number$/],
      [
        "/v3/kv/range",
        { key, keys_only: "yes" },
        400,
        3,
        /^field keys_only must be true or false$/,
      ],
      ["/v3/kv/range", { key, revision: 5 }, 501, 12, /^field revision is not supported$/],
      ["/v3/kv/put", { key, lease: "1" }, 501, 12, /^field lease is not supported$/],
      ["/v3/kv/nothing", {}, 404, 5, /^no such path: \/v3\/kv\/nothing$/],
      ["/health", {}, 405, 12, /^\/health takes GET, not POST$/],
    ];
    for (const [path, body, status, code, message] of cases) {
      const answer = await post(path, body);
      const name = `${path} ${JSON.stringify(body)}`;
      assert.equal(answer.status, status, name);
      if (status === 200) continue;
      const error = answer.body as { error: string; code: number; message: string };
      assert.equal(error.code, code, name);
      assert.match(error.message, message, name);
      assert.equal(error.error, error.message, name);
    }
    const wrongMethod = await fetch(`${url}/v3/kv/put`);
    assert.equal(wrongMethod.status, 405);
    assert.equal(wrongMethod.headers.get("allow"), "POST");
    assert.equal(wrongMethod.headers.get("access-control-allow-origin"), null);
  });
});

test("a write that certainly failed is told apart from one whose outcome is unknown", async () => {
  await withApi(async ({ node, post }) => {
    const cases: [Error, number, number, RegExp][] = [
      [new NotCommittedError("no-leader", "?"), 503, 14, /^etcdserver: no leader$/],
      [new NotCommittedError("overloaded", "?"), 429, 8, /^etcdserver: too many requests$/],
      [new NotCommittedError("too-large", "?"), 413, 3, /^etcdserver: request is too large$/],
      [new NotCommittedError("superseded", "?"), 503, 14, /^etcdserver: not applied: superseded$/],
      [new NotCommittedError("closed", "?"), 503, 14, /^etcdserver: server stopped$/],
      [new OutcomeUnknownError("?", 0, 0), 504, 4, /outcome is unknown/],
      [new Error("boom"), 500, 13, /^internal error: boom$/],
    ];
    for (const [failure, status, code, message] of cases) {
      node.failure = failure;
      const answer = await post("/v3/kv/put", { key: base64("k") });
      const error = answer.body as { code: number; message: string };
      assert.deepEqual([answer.status, error.code], [status, code], failure.message);
      assert.match(error.message, message);
    }
    assert.equal(node.machine.revision, 1);
  });
});

test("a read with an unknown outcome is merely unavailable: asking again is safe", async () => {
  await withApi(async ({ node, post }) => {
    node.failure = new OutcomeUnknownError("?", 0, 0);
    const answer = await post("/v3/kv/range", { key: base64("k") });
    assert.deepEqual(answer, {
      status: 503,
      body: {
        error: "etcdserver: request timed out",
        code: 14,
        message: "etcdserver: request timed out",
      },
    });
  });
});

test("range goes through the log unless serializable, which answers without a leader", async () => {
  await withApi(async ({ node, post }) => {
    await post("/v3/kv/put", { key: base64("k") });
    assert.equal(node.proposals, 1);
    await post("/v3/kv/range", { key: base64("k") });
    assert.equal(node.proposals, 2);

    node.failure = new NotCommittedError("no-leader", "?");
    assert.equal((await post("/v3/kv/range", { key: base64("k") })).status, 503);
    const stale = await post("/v3/kv/range", { key: base64("k"), serializable: true });
    assert.equal(stale.status, 200);
    assert.equal(node.proposals, 3);
  });
});

test("a body over the limit is answered with 413 and the connection goes on", async () => {
  await withApi(async ({ post, node }) => {
    const answer = await post("/v3/kv/put", { key: base64("k"), value: "A".repeat(2000) });
    assert.equal(answer.status, 413);
    assert.equal((answer.body as { code: number }).code, 3);
    assert.equal(node.proposals, 0);
    assert.equal((await post("/v3/kv/put", { key: base64("k") })).status, 200);
  }, 1000);
});

test("health is 200 while the node runs and knows a leader, else 503 with the reason", async () => {
  await withApi(async ({ node, url }) => {
    const health = async (): Promise<[number, unknown]> => {
      const response = await fetch(`${url}/health`);
      return [response.status, await response.json()];
    };
    assert.deepEqual(await health(), [200, { health: "true" }]);
    node.seen = { leader: 0, role: "candidate" };
    assert.deepEqual(await health(), [503, { health: "false", reason: "no leader" }]);
    node.seen = { state: "failed", failure: "disk full" };
    assert.deepEqual(await health(), [503, { health: "false", reason: "disk full" }]);
  });
});

test("status tells role, term, leader, indexes, log, snapshot, store and peers", async () => {
  await withApi(async ({ node, url }) => {
    const peer = { id: 1, match: 7, next: 8, flow: "stream", heardMsAgo: 12 } as const;
    node.seen = { peers: [peer] };
    const status: unknown = await (await fetch(`${url}/status?x=1`)).json();
    assert.deepEqual(status, {
      id: 2,
      clusterId: 77,
      state: "running",
      role: "leader",
      term: 4,
      leader: 2,
      commit: 7,
      applied: 7,
      log: { first: 4, last: 9, bytes: 100 },
      snapshot: { index: 3, bytes: 50 },
      store: { revision: 1, keys: 0 },
      peers: [peer],
    });
    node.seen = { snapshotIndex: 0 };
    const fresh = (await (await fetch(`${url}/status`)).json()) as { snapshot: unknown };
    assert.equal(fresh.snapshot, null);
  });
});

test("a page of another site can't write here, one of our own can", async () => {
  await withApi(async ({ url, node }) => {
    const body = JSON.stringify({ key: base64("k") });
    const post = async (origin: string): Promise<number> => {
      const { status } = await fetch(`${url}/v3/kv/put`, {
        method: "POST",
        body,
        headers: { origin },
      });
      return status;
    };
    assert.equal(await post("http://evil.example"), 403);
    assert.equal(await post("null"), 403);
    assert.equal(node.proposals, 0);
    assert.equal(await post(url), 200);
  });
});

test("a client that goes away aborts its proposal", async () => {
  await withApi(async ({ node, url }) => {
    let open = (): void => {};
    node.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = request(`${url}/v3/kv/put`, { method: "POST" });
    client.on("error", () => {});
    client.end(JSON.stringify({ key: base64("k") }));
    while (node.signals.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const signal = node.signals[0];
    assert.ok(signal !== undefined);
    assert.equal(signal.aborted, false);

    client.destroy();
    await new Promise<void>((resolve) => signal.addEventListener("abort", resolve));
    assert.equal(signal.aborted, true);
    open();
  });
});

test("close lets a running request finish and takes no new ones", async () => {
  await withApi(async ({ node, api, url, post }) => {
    let open = (): void => {};
    node.gate = new Promise((resolve) => {
      open = resolve;
    });
    const running = post("/v3/kv/put", { key: base64("k") });
    while (node.proposals === 0) await new Promise((resolve) => setImmediate(resolve));

    const closed = api.close(10_000);
    await assert.rejects(fetch(`${url}/status`));
    open();
    assert.equal((await running).status, 200);
    await closed;
  });
});

test("close cuts off a request that outlasts the grace", async () => {
  await withApi(async ({ node, api, post }) => {
    node.gate = new Promise(() => {});
    const running = post("/v3/kv/put", { key: base64("k") });
    while (node.proposals === 0) await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([assert.rejects(running), api.close(50)]);
  });
});

test("a client address in use is one line that names it", async () => {
  await withApi(async ({ api }) => {
    const machine = new KvMachine();
    const node = new FakeNode(machine);
    const service = new KvService({ node, machine, clusterId: 1, id: 1, requestTimeoutMs: 1 });
    const { port } = api.address;
    await assert.rejects(HttpApi.open({ service, address: { host: "127.0.0.1", port } }), {
      code: "CLI_FAILED",
      message: `Client address 127.0.0.1:${port} is already in use`,
    });
  });
});
