/**
 * `holdfast serve` and `holdfast status` as real processes: start, stop, and each way to fail with
 * one line.
 */

import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readTrace } from "@holdfast/replica";
import { put, range } from "./kv-client.ts";
import { eventually, freeBasePort, Program, runToEnd } from "./program.ts";
import { Servers } from "./servers.ts";
import { tmpDir } from "./tmp-dir.ts";

/** A cluster of one: enough for what concerns one process. */
function single(dir: string, base: number, ...more: string[]): string[] {
  return [
    "serve",
    "--id=1",
    `--dir=${dir}`,
    `--client=127.0.0.1:${base}`,
    `--peers=1=127.0.0.1:${base + 100}`,
    ...more,
  ];
}

function textOf(path: string): string {
  return readFileSync(path, "utf8");
}

async function occupy(t: TestContext, port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  t.after(() => server.close());
  return server;
}

/** One line on stderr that says it all, and exit code 1. */
async function failsWith(t: TestContext, args: string[], line: RegExp): Promise<void> {
  const { code, stderr } = await runToEnd(t, args);
  assert.match(stderr, line);
  assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
  assert.equal(code, 1);
}

test("a server ends in order on SIGTERM and finds its data again", async (t) => {
  const dir = join(tmpDir(t), "node");
  const base = await freeBasePort(1);
  const url = `http://127.0.0.1:${base}`;
  const first = new Program(t, single(dir, base));
  await first.prints(/leader of term/);
  const outcome = await put(url, "foo", "bar");
  assert.deepEqual(outcome, { kind: "acknowledged", revision: 2 });
  assert.deepEqual(await first.kill("SIGTERM"), { code: 0, signal: null });
  assert.match(first.stdout, /stopping: SIGTERM/);
  assert.equal(first.stderr, "");

  const second = new Program(t, single(dir, base));
  await second.prints(/leader of term/);
  const found = await range(url, { key: "foo" });
  assert.deepEqual(found?.pairs, [{ key: "foo", value: "bar", modRevision: 2, version: 1 }]);
  assert.deepEqual(await second.kill("SIGINT"), { code: 0, signal: null });
});

test("serve --trace: the file tells both lives of a server, the one that was killed too", async (t) => {
  const dir = join(tmpDir(t), "node");
  const trace = join(tmpDir(t), "trace.ndjson");
  const base = await freeBasePort(1);
  const url = `http://127.0.0.1:${base}`;
  const first = new Program(t, single(dir, base, `--trace=${trace}`));
  await first.prints(/leader of term/);
  await put(url, "foo", "a secret");
  await eventually("the write is in the file", () => /"entry":"command"/.test(textOf(trace)));
  await first.kill("SIGKILL");
  const second = new Program(t, single(dir, base, `--trace=${trace}`));
  await second.prints(/leader of term/);
  await second.kill("SIGTERM");

  const recordings = readTrace(textOf(trace).split("\n"));

  assert.equal(recordings.length, 2);
  const [killed, stopped] = recordings.map(({ events }) => events.map(({ kind }) => kind));
  assert.ok(killed !== undefined);
  assert.ok(killed.includes("became-leader") && killed.includes("applied"));
  assert.equal(killed.includes("closed"), false);
  assert.equal(stopped?.at(-1), "closed");
  assert.doesNotMatch(textOf(trace), /secret|c2VjcmV0/);
});

test("serve --trace: a file that can't be written is one line", async (t) => {
  const dir = tmpDir(t);
  const args = single(join(dir, "node"), await freeBasePort(1), `--trace=${join(dir, "no", "x")}`);
  await failsWith(t, args, /^holdfast serve: .*trace.*ENOENT/);
});

test("data comes back from a snapshot and the log behind it", async (t) => {
  const servers = await Servers.start(t, {
    dir: tmpDir(t),
    count: 1,
    flags: ["--snapshot-entries=20", "--election-timeout-ms=200"],
  });
  for (let i = 0; i < 50; i++) {
    assert.equal((await put(servers.url(1), `k${i}`, `v${i}`)).kind, "acknowledged");
  }
  const before = await servers.status(1);
  assert.ok((before?.snapshot?.index ?? 0) >= 20, `no snapshot: ${JSON.stringify(before)}`);

  await servers.crash(1);
  servers.start(1);
  await servers.leader();
  const found = await range(servers.url(1), { key: "\0", rangeEnd: "\0" });
  assert.equal(found?.pairs.length, 50);
  assert.equal(found?.revision, 51);
});

test("a client port in use is one line, exit code 1, and the directory is free again", async (t) => {
  const dir = tmpDir(t);
  const base = await freeBasePort(1);
  const taken = await occupy(t, base);
  const line = new RegExp(
    `^holdfast serve: Client address 127.0.0.1:${base} is already in use$`,
    "m",
  );
  await failsWith(t, single(dir, base), line);
  await new Promise((resolve) => taken.close(resolve));
  await new Program(t, single(dir, base)).prints(/listens for clients/);
});

test("a peer port in use is one line and exit code 1", async (t) => {
  const base = await freeBasePort(1);
  await occupy(t, base + 100);
  await failsWith(t, single(tmpDir(t), base), new RegExp(`127.0.0.1:${base + 100}.* in use`));
});

test("a directory in use by another process is one line that names it", async (t) => {
  const dir = tmpDir(t);
  const holder = new Program(t, single(dir, await freeBasePort(1)));
  await holder.prints(/listens for clients/);
  const line = new RegExp(`^holdfast serve: .*${dir}.* in use`, "m");
  await failsWith(t, single(dir, await freeBasePort(1)), line);
});

test("data of another cluster or another node is refused with one line", async (t) => {
  const dir = tmpDir(t);
  const base = await freeBasePort(1);
  const first = new Program(t, single(dir, base, "--cluster-id=orders"));
  await first.prints(/leader of term/);
  await first.kill("SIGTERM");
  await failsWith(t, single(dir, base, "--cluster-id=invoices"), /^holdfast serve: .*cluster/m);
  const other = ["--id=2", `--peers=2=127.0.0.1:${base + 100}`, "--cluster-id=orders"];
  const args = ["serve", `--dir=${dir}`, `--client=127.0.0.1:${base}`, ...other];
  await failsWith(t, args, /^holdfast serve: .*node/m);
});

test("nodes of different clusters turn each other away and say so", async (t) => {
  const base = await freeBasePort(2);
  const peers = `--peers=1=127.0.0.1:${base + 100},2=127.0.0.1:${base + 101}`;
  const node = (id: number, cluster: string): Program =>
    new Program(t, [
      "serve",
      `--id=${id}`,
      `--dir=${tmpDir(t)}`,
      `--client=127.0.0.1:${base + id - 1}`,
      peers,
      `--cluster-id=${cluster}`,
    ]);
  const [one, two] = [node(1, "orders"), node(2, "invoices")];
  await one.prints(/turned 127\.0\.0\.1 port \d+ away: other-cluster/);
  await two.prints(/can't connect to node 1: refused as other-cluster/);
});

test("a node whose disk fails ends with one line and exit code 1", async (t) => {
  const dir = join(tmpDir(t), "node");
  const base = await freeBasePort(1);
  const program = new Program(t, single(dir, base));
  await program.prints(/leader of term/);
  // The next log files can't be made any more, though the open one still takes bytes.
  rmSync(dir, { recursive: true });
  const value = "x".repeat(1 << 20);
  const ended = program.exited.then((exit) => exit.code);
  let code: number | null | undefined;
  for (let i = 0; i < 64 && code === undefined; i++) {
    const outcome = await put(`http://127.0.0.1:${base}`, `big/${i}`, value);
    if (outcome.kind !== "acknowledged") code = await ended;
  }
  assert.equal(code, 1);
  assert.match(program.stderr, /^holdfast serve: node 1 has stopped: The disk failed at .*\n$/);
});

test("what is wrong on the command line is one line and exit code 2", async (t) => {
  const cases: [string[], RegExp][] = [
    [[], /^holdfast: A command is missing; see holdfast help\n$/],
    [["severs"], /^holdfast: Unknown command severs; see holdfast help\n$/],
    [["serve", "--di=x"], /^holdfast serve: Unknown flag --di; see holdfast serve --help\n$/],
    [["cluster", "--nodes=x"], /^holdfast cluster: --nodes must be .*, got x\n$/],
    [["status", "--endpoints=x"], /^holdfast status: --endpoints must be .*, got x\n$/],
  ];
  for (const [args, line] of cases) {
    const { code, stdout, stderr } = await runToEnd(t, args);
    assert.match(stderr, line);
    assert.equal(stdout, "");
    assert.equal(code, 2);
  }
});

test("help lists the commands and describes each", async (t) => {
  const overview = await runToEnd(t, ["help"]);
  assert.equal(overview.code, 0);
  for (const name of ["cluster", "serve", "status", "lab"]) {
    assert.match(overview.stdout, new RegExp(`^  ${name} `, "m"));
  }
  const serve = await runToEnd(t, ["serve", "--help"]);
  assert.equal(serve.code, 0);
  assert.match(serve.stdout, /--election-timeout-ms MS/);
  assert.equal((await runToEnd(t, ["help", "serve"])).stdout, serve.stdout);
});

test("lab passes its flags on and its exit code back", async (t) => {
  const help = await runToEnd(t, ["lab", "--help"]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /--only/);
  const wrong = await runToEnd(t, ["lab", "--no-such-flag"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--no-such-flag/);
});

test("status shows every node, and fails when nobody leads", async (t) => {
  const servers = await Servers.start(t, { dir: tmpDir(t), count: 3, flags: [] });
  const leader = await servers.leader();
  const endpoints = servers.ids.map((id) => servers.url(id).replace("http://", "")).join(",");

  const up = await runToEnd(t, ["status", `--endpoints=${endpoints}`]);
  assert.equal(up.code, 0);
  const [header, ...rows] = up.stdout.trimEnd().split("\n");
  assert.match(header ?? "", /^endpoint +id +role +term +leader +commit +applied +log +snapshot$/);
  assert.equal(rows.length, 3);
  assert.match(
    rows[leader - 1] ?? "",
    new RegExp(`^127.0.0.1:\\d+ +${leader} +leader +\\d+ +${leader} `),
  );

  for (const id of servers.ids.filter((id) => id !== leader)) await servers.crash(id);
  await servers.crash(leader);
  const down = await runToEnd(t, ["status", "--json", `--endpoints=${endpoints}`]);
  assert.equal(down.code, 1);
  const page = JSON.parse(down.stdout) as { leader: unknown; endpoints: { error?: string }[] };
  assert.equal(page.leader, null);
  assert.deepEqual(
    page.endpoints.map((each) => each.error),
    Array(3).fill("ECONNREFUSED"),
  );
});

test("a minority node answers serializable reads only, and says so of its health", async (t) => {
  const servers = await Servers.start(t, {
    dir: tmpDir(t),
    count: 3,
    flags: ["--election-timeout-ms=300", "--request-timeout-ms=1000"],
  });
  assert.equal((await put(servers.url(1), "k", "v")).kind, "acknowledged");
  const [left, ...gone] = servers.ids;
  assert.ok(left !== undefined);
  await servers.caughtUp(left);
  for (const id of gone) await servers.crash(id);

  const stale = await range(servers.url(left), { key: "k", serializable: true });
  assert.equal(stale?.pairs[0]?.value, "v");
  assert.equal(await range(servers.url(left), { key: "k" }), undefined);
  assert.notEqual((await put(servers.url(left), "k", "w")).kind, "acknowledged");
  const health = await fetch(`${servers.url(left)}/health`);
  assert.equal(health.status, 503);
  assert.equal(await servers.stop(left), 0);
});
