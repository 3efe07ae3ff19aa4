/** One supervised process: lines, messages, restart after a death, stop and kill. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerProcess, type ServerProcessOptions } from "../src/server-process.ts";
import type { ChildMessage } from "../src/supervision.ts";

/** Waits until `done()` holds. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Seen {
  readonly lines: string[];
  readonly messages: ChildMessage[];
  readonly deaths: string[];
}

function scene(script: string): { child: ServerProcess; seen: Seen } {
  const seen: Seen = { lines: [], messages: [], deaths: [] };
  const options: ServerProcessOptions = {
    command: [process.execPath, "-e", script],
    onLine: (line) => seen.lines.push(line),
    onMessage: (message) => seen.messages.push(message),
    onDeath: (how, restartMs) => seen.deaths.push(`${how}, ${restartMs}`),
  };
  return { child: new ServerProcess(options), seen };
}

const STAY = "setInterval(() => {}, 1000);";

test("lines of both streams and known messages come through, unknown ones don't", async (t) => {
  const { child, seen } = scene(`
    process.send({ kind: "strange" });
    process.send({ kind: "leader", term: 2, leader: 1 });
    console.log("out"); console.error("err"); ${STAY}`);
  t.after(() => child.kill());
  child.start();
  await until(() => seen.lines.length === 2 && seen.messages.length === 1);
  assert.deepEqual(seen.lines.toSorted(), ["err", "out"]);
  assert.deepEqual(seen.messages, [{ kind: "leader", term: 2, leader: 1 }]);
  await child.stop();
  assert.deepEqual(seen.deaths, []);
  assert.equal(child.pid, undefined);
});

test("a process that is killed starts again after a second, as another process", async (t) => {
  const { child, seen } = scene(`console.log("up"); ${STAY}`);
  t.after(() => child.kill());
  child.start();
  await until(() => seen.lines.length === 1);
  const first = child.pid;
  assert.ok(first !== undefined);

  process.kill(first, "SIGKILL");
  await until(() => seen.lines.length === 2);
  assert.deepEqual(seen.deaths, ["was killed by SIGKILL, 1000"]);
  assert.notEqual(child.pid, first);
  await child.stop();
});

test("one that keeps dying is started again ever later, and not at all once held", async (t) => {
  const { child, seen } = scene("process.exit(3)");
  t.after(() => child.kill());
  child.start();
  await until(() => seen.deaths.length === 2);
  child.hold();
  assert.deepEqual(seen.deaths, ["ended with exit code 3, 1000", "ended with exit code 3, 2000"]);
  assert.equal(child.pid, undefined);
});

test("a program that does not exist counts as a death with its reason", async () => {
  const deaths: string[] = [];
  const child = new ServerProcess({
    command: ["/nonexistent/program"],
    onLine: () => {},
    onMessage: () => {},
    onDeath: (how) => deaths.push(how),
  });
  child.start();
  await until(() => deaths.length === 1);
  child.hold();
  assert.match(deaths[0] ?? "", /^could not be started: .*ENOENT/);
});
