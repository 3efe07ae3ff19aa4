/**
 * `holdfast cluster` as a real process: the ready lines, the commands to try, restarts, the end in
 * order.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { range } from "./kv-client.ts";
import { eventually, freeBasePort, isAlive, Program, runToEnd } from "./program.ts";
import { tmpDir } from "./tmp-dir.ts";

/** Ids of the server processes by node, from the ready lines. */
async function serverPids(program: Program): Promise<number[]> {
  await program.prints(/Ctrl-C stops all/);
  const lines = program.stdout.matchAll(/cluster \| +node \d +http:\S+ +process (\d+)/g);
  return [...lines].map(([, pid]) => Number(pid));
}

test("a cluster starts, its three commands work, a killed node comes back, Ctrl-C ends all in order", async (t) => {
  const dir = tmpDir(t);
  const base = await freeBasePort(3);
  const first = new Program(t, ["cluster", `--port=${base}`], dir);
  const [, leader] = await first.prints(/cluster \| node (\d) leads in term \d+/);
  const pids = await serverPids(first);
  assert.equal(pids.length, 3);
  assert.ok(pids.every(isAlive));
  assert.ok(!first.stdout.includes("\x1b"), "no colours without a terminal");

  const commands = [...first.stdout.matchAll(/cluster \| +(curl .*)$/gm)].map(
    ([, line]) => line ?? "",
  );
  assert.equal(commands.length, 3);
  const [written, read, status] = commands.map((line) => {
    return JSON.parse(execFileSync("sh", ["-c", line], { encoding: "utf8" })) as object;
  });
  assert.ok(written !== undefined && "header" in written);
  assert.ok(read !== undefined && "kvs" in read && Array.isArray(read.kvs));
  assert.equal((read.kvs[0] as { value: string }).value, "YmFy");
  assert.ok(status !== undefined && "role" in status);

  const victim = Number(leader) === 1 ? 2 : 1;
  process.kill(pids[victim - 1] ?? 0, "SIGKILL");
  await first.prints(new RegExp(`node ${victim} was killed by SIGKILL; it starts again in 1 s`));
  await first.prints(new RegExp(`killed by SIGKILL[^]*node ${victim} +\\| listens for clients`));

  assert.deepEqual(await first.kill("SIGINT"), { code: 0, signal: null });
  const stopped = [...first.stdout.matchAll(/cluster \| node (\d) has stopped/g)].map(
    ([, id]) => id,
  );
  assert.equal(stopped.length, 3);
  const leaders = [...first.stdout.matchAll(/cluster \| node (\d) leads in term/g)];
  assert.equal(stopped.at(-1), leaders.at(-1)?.[1], "the leader stops last");
  assert.ok(!pids.some(isAlive));
  assert.equal(first.stderr, "");

  const second = new Program(t, ["cluster", `--port=${base}`], dir);
  const again = await serverPids(second);
  const found = await range(`http://127.0.0.1:${base + 2}`, { key: "foo" });
  assert.equal(found?.pairs[0]?.value, "bar");
  assert.deepEqual(await second.kill("SIGTERM"), { code: 0, signal: null });
  assert.ok(!again.some(isAlive));
});

test("a port in use is one line, exit code 1, and nothing was started or written", async (t) => {
  const dir = tmpDir(t);
  const base = await freeBasePort(3);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(base + 101, "127.0.0.1", resolve));
  t.after(() => taken.close());

  const { code, stdout, stderr } = await runToEnd(t, ["cluster", `--port=${base}`], dir);
  assert.equal(
    stderr,
    `holdfast cluster: Peer address 127.0.0.1:${base + 101} of node 2 is already in use; ` +
      "--port chooses others\n",
  );
  assert.equal(stdout, "");
  assert.equal(code, 1);
  assert.equal(existsSync(join(dir, "data")), false);
});

test("a server that can't start ends the cluster with its one line", async (t) => {
  const dir = tmpDir(t);
  const holder = new Program(t, ["cluster", `--port=${await freeBasePort(3)}`], dir);
  const pids = await serverPids(holder);

  const second = await runToEnd(t, ["cluster", `--port=${await freeBasePort(3)}`], dir);
  assert.match(second.stderr, /^holdfast cluster: node \d: .*data.node-\d.* in use.*\n$/);
  assert.equal(second.code, 1);
  assert.ok(pids.every(isAlive), "the first cluster goes on");
});

test("when the supervisor is killed its servers stop by themselves", async (t) => {
  const program = new Program(t, ["cluster", `--port=${await freeBasePort(3)}`], tmpDir(t));
  const pids = await serverPids(program);
  await program.kill("SIGKILL");
  await eventually("all servers have gone", () => !pids.some(isAlive));
});

test("a second signal ends everything at once", async (t) => {
  const program = new Program(t, ["cluster", `--port=${await freeBasePort(3)}`], tmpDir(t));
  const pids = await serverPids(program);
  // Two different ones: equal signals that are pending together count once.
  process.kill(program.pid, "SIGINT");
  process.kill(program.pid, "SIGTERM");
  assert.deepEqual(await program.exited, { code: 130, signal: null });
  await eventually("all servers have gone", () => !pids.some(isAlive));
});
