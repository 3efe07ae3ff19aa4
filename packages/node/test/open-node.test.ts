/**
 * openNode on real directories and loopback TCP: the sample of the README, crashes, restarts,
 * closing, wrong options.
 */

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  defineMachine,
  type HoldfastNode,
  type NodeOptions,
  openNode,
  type TypedMachine,
} from "holdfast";

const journal = defineMachine({
  initial: (): string[] => [],
  apply: (lines: string[], line: string) => ({ state: lines, result: lines.push(line) }),
});
type Journal = HoldfastNode<string, number, string[]>;
type JournalOptions = NodeOptions<TypedMachine<string, number, string[]>>;

const TIMING = { electionTimeoutMs: 150, electionTimeoutMaxMs: 300, heartbeatMs: 40 };

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => new Promise((done) => server.once("listening", done))));
  const ports = servers.map((server) => {
    const address = server.address();
    assert(address !== null && typeof address === "object");
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

async function tempDir(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "holdfast-node-"));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Options of a cluster of `count` nodes that nobody else uses. */
async function clusterOptions(
  context: TestContext,
  count: number,
): Promise<readonly JournalOptions[]> {
  const dir = await tempDir(context);
  const ports = await freePorts(count);
  const peers = Object.fromEntries(ports.map((port, i) => [i + 1, `127.0.0.1:${port}`]));
  return ports.map((port, i) => ({
    id: i + 1,
    dir: join(dir, `${i + 1}`),
    listen: `127.0.0.1:${port}`,
    peers,
    machine: journal,
    clusterId: 42,
    timing: TIMING,
  }));
}

async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; ; ) {
    if (await look()) return;
    assert(Date.now() < end, `not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function leaderOf(nodes: readonly Journal[]): Promise<Journal> {
  let leader: Journal | undefined;
  await until("a leader that most follow", () => {
    leader = nodes.find((node) => {
      const { id } = node.status();
      const followers = nodes.filter((one) => one.status().leader === id);
      return node.status().role === "leader" && followers.length > nodes.length / 2;
    });
    return leader !== undefined;
  });
  assert(leader !== undefined);
  return leader;
}

test("the sample of the README, with one node", async (context) => {
  const dir = await tempDir(context);
  const [port] = await freePorts(1);

  const counter = defineMachine({
    initial: () => 0,
    apply: (total: number, add: number) => ({ state: total + add, result: total + add }),
  });
  {
    await using node = await openNode({
      id: 1,
      dir,
      listen: `127.0.0.1:${port}`,
      peers: { 1: `127.0.0.1:${port}` },
      machine: counter,
      timing: TIMING,
    });
    assert.equal((await node.propose(5)).result, 5);
    const { result } = await node.propose(7, { signal: AbortSignal.timeout(5000) });
    assert.equal(result, 12);
    assert.equal(await node.read((total) => total), 12);
  }
  // The directory and the port are free again, and the total is there.
  await using again = await openNode({
    id: 1,
    dir,
    listen: `127.0.0.1:${port}`,
    peers: { 1: `127.0.0.1:${port}` },
    machine: counter,
    timing: TIMING,
  });
  assert.equal((await again.propose(1)).result, 13);
});

test("three nodes: any takes commands; one goes, the others go on; it comes back", async (context) => {
  const options = await clusterOptions(context, 3);
  const nodes = await Promise.all(options.map((one) => openNode(one)));
  context.after(() => Promise.all(nodes.map((node) => node.close())));
  await leaderOf(nodes);

  const results = await Promise.all(nodes.map((node, i) => node.propose(`from ${i + 1}`)));
  assert.deepEqual(results.map(({ result }) => result).sort(), [1, 2, 3]);

  const leader = await leaderOf(nodes);
  const gone = leader.status().id;
  await leader.close();
  const rest = nodes.filter((node) => node !== leader);
  const next = await leaderOf(rest);
  assert.equal((await next.propose("without it")).result, 4);

  const mine = options[gone - 1];
  assert(mine !== undefined);
  const back = await openNode(mine);
  nodes.push(back);
  assert.equal((await back.propose("back again", { timeoutMs: 10_000 })).result, 5);
  const lines = await back.read((all) => [...all]);
  assert.equal(lines.length, 5);
  assert.deepEqual(lines.slice(3), ["without it", "back again"]);
  for (const node of rest) {
    await until("all have the same", async () => (await node.read((all) => all.length)) === 5);
    assert.deepEqual(await node.read((all) => [...all]), lines);
  }
});

test("three nodes: one that was away for long is brought up by a snapshot over TCP", async (context) => {
  const snapshot = { everyEntries: 50, trailingEntries: 0 };
  const options = (await clusterOptions(context, 3)).map((one) => ({ ...one, snapshot }));
  const nodes = await Promise.all(options.map((one) => openNode(one)));
  context.after(() => Promise.all(nodes.map((node) => node.close())));
  const leader = await leaderOf(nodes);
  const away = nodes.find((node) => node !== leader);
  assert(away !== undefined);
  await away.close();
  let lines = 0;
  // A leader keeps its log for a peer that it takes to be on the way, so this may need more than
  // one snapshot.
  await until("the log is cut", async () => {
    const batch = Array.from({ length: 50 }, () => leader.propose("x".repeat(5000)));
    lines += (await Promise.all(batch)).length;
    return leader.status().logStart > 100;
  });

  const mine = options[away.status().id - 1];
  assert(mine !== undefined);
  const back = await openNode(mine);
  nodes.push(back);
  await until("it has all", async () => (await back.read((all) => all.length)) === lines);
  assert.equal(back.status().snapshotIndex > 100, true);
});

test("close() settles what waits, and afterwards the directory is free", async (context) => {
  const options = await clusterOptions(context, 3);
  const [first] = options;
  assert(first !== undefined);
  const node = await openNode(first);
  const waiting = node.propose("nobody leads");
  const rejected = assert.rejects(waiting, { code: "RAFT_NOT_COMMITTED", reason: "closed" });
  await assert.rejects(openNode(first), { code: "DIR_IN_USE" });
  assert.equal(node.close(), node.close());
  await node.close();
  await rejected;
  assert.equal(node.status().state, "closed");
  await (await openNode(first)).close();
});

test("P8: a second node is refused while the first one is still closing, and opens afterwards", async (context) => {
  const [first] = await clusterOptions(context, 1);
  assert(first !== undefined);
  const node = await openNode(first);
  await node.propose("it leads");
  // Their write to the disk is under way for longer than a second node takes to ask for the lock.
  const waiting = Promise.allSettled(
    Array.from({ length: 8 }, () => node.propose("x".repeat(500_000))),
  );
  let isClosed = false;
  const closing = node.close().then(() => {
    isClosed = true;
  });
  await assert.rejects(openNode(first), { code: "DIR_IN_USE" });
  assert.equal(isClosed, false, "the first one was not through yet");
  await closing;
  await waiting;
  const second = await openNode(first);
  assert.ok((await second.propose("after it")).result > 1);
  await second.close();
});

test("signal: one that has fired opens nothing, one that fires later closes the node", async (context) => {
  const [first] = await clusterOptions(context, 1);
  assert(first !== undefined);
  await assert.rejects(openNode({ ...first, signal: AbortSignal.abort() }), { name: "AbortError" });
  const controller = new AbortController();
  const node = await openNode({ ...first, signal: controller.signal });
  controller.abort();
  await until("it is closed", () => node.status().state === "closed");
  await node.close();
});

test("a taken port or another cluster's directory is refused by name, and nothing stays open", async (context) => {
  const [first] = await clusterOptions(context, 1);
  assert(first !== undefined);
  const { port } = new URL(`tcp://${first.listen}`);
  const squatter = createServer().listen(Number(port), "127.0.0.1");
  await new Promise((resolve) => squatter.once("listening", resolve));
  await assert.rejects(openNode(first), { code: "ADDRESS_IN_USE" });
  await new Promise((resolve) => squatter.close(resolve));
  await (await openNode(first)).close();
  await assert.rejects(openNode({ ...first, clusterId: 43 }), { code: "STORE_IDENTITY" });
  await (await openNode(first)).close();
});

test("a machine that throws stops the node; onFailure tells, close() frees the directory", async (context) => {
  const [first] = await clusterOptions(context, 1);
  assert(first !== undefined);
  const failures: Error[] = [];
  const touchy = defineMachine({
    initial: (): string[] => [],
    apply: (lines: string[], line: string) => {
      assert.notEqual(line, "poison");
      return { state: lines, result: lines.push(line) };
    },
  });
  const node = await openNode({
    ...first,
    machine: touchy,
    onFailure: (error) => failures.push(error),
  });
  await node.propose("fine");
  await assert.rejects(node.propose("poison"), { code: "RAFT_OUTCOME_UNKNOWN" });
  assert.equal(node.status().state, "failed");
  assert.deepEqual(
    failures.map((error) => "code" in error && error.code),
    ["MACHINE_FAILED"],
  );
  await node.close();
  const mended = await openNode(first);
  await until(
    "the entry is applied",
    async () => (await mended.read((lines) => lines.length)) === 2,
  );
  await mended.close();
});

test("a machine at byte level works as it is", async (context) => {
  const [first] = await clusterOptions(context, 1);
  assert(first !== undefined);
  const seen: string[] = [];
  const machine = {
    apply: (command: Uint8Array) => seen.push(Buffer.from(command).toString()),
    snapshot: () => [Buffer.from(seen.join("\n"))],
    restore: () => {},
  };
  const node = await openNode<number>({ ...first, machine });
  assert.equal((await node.propose(Buffer.from("raw"))).result, 1);
  assert.equal(await node.read((own) => own === machine), true);
  await node.close();
});

const GOOD: JournalOptions = {
  id: 1,
  dir: "/nonexistent/holdfast",
  listen: "127.0.0.1:7001",
  peers: { 1: "127.0.0.1:7001", 2: "127.0.0.1:7002" },
  machine: journal,
};

const WRONG: readonly [field: string, options: Partial<Record<keyof JournalOptions, unknown>>][] = [
  ["id", { id: 0 }],
  ["id", { id: "1" }],
  ["dir", { dir: "" }],
  ["listen", { listen: "7001" }],
  ["peers", { peers: { 2: "127.0.0.1:7002" } }],
  ["peers", { peers: { ...GOOD.peers, x: "127.0.0.1:7003" } }],
  ["peers.2", { peers: { ...GOOD.peers, 2: "nowhere" } }],
  ["peers.2", { peers: { ...GOOD.peers, 2: "127.0.0.1:7001" } }],
  ["clusterId", { clusterId: 1.5 }],
  ["machine", { machine: {} }],
  ["machine", { machine: { apply: () => 0 } }],
  ["machine", { machine: { ...journal, snapshot: () => [] } }],
  ["snapshot.everyEntries", { snapshot: { everyEntries: -1 } }],
  ["limits.proposalsMax", { limits: { proposalsMax: 0 } }],
  ["limits.commandBytesMax", { limits: { commandBytesMax: 0.5 } }],
  ["timing.heartbeatMs", { timing: { heartbeatMs: 5000 } }],
];

for (const [field, wrong] of WRONG) {
  test(`openNode: a wrong ${field} is refused by name: ${JSON.stringify(wrong)}`, async () => {
    const options = { ...GOOD, ...wrong } as JournalOptions;
    await assert.rejects(openNode(options), (error: Error & { code?: string; field?: string }) => {
      assert.equal(error.code, "HOLDFAST_CONFIG");
      assert.equal(error.field, field);
      assert.match(error.message, new RegExp(`^${field}: `));
      return true;
    });
  });
}
