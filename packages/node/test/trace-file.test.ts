/**
 * Traces of real nodes: what is in the file, what happens when it can't keep up or can't be
 * written.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { readTrace, type TraceEvent, type TraceHeader } from "@holdfast/replica";
import { defineMachine, NodeConfigError, type NodeOptions, openNode } from "holdfast";
import { TraceFile } from "../src/trace-file.ts";

const counter = defineMachine({
  initial: () => 0,
  apply: (total: number, add: number) => ({ state: total + add, result: total + add }),
});

const HEADER: TraceHeader = {
  format: "holdfast-trace",
  version: 1,
  kind: "node",
  nodes: [1],
  unit: "ms",
};

async function tempDir(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "holdfast-trace-"));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A node of a cluster of one. */
function single(dir: string, trace: string): NodeOptions<typeof counter> {
  return {
    id: 1,
    dir: join(dir, "data"),
    listen: "127.0.0.1:0",
    peers: { 1: "127.0.0.1:1" },
    machine: counter,
    timing: { electionTimeoutMs: 30, electionTimeoutMaxMs: 60, heartbeatMs: 10 },
    trace,
  };
}

async function recordingsIn(path: string): Promise<ReturnType<typeof readTrace>> {
  return readTrace((await readFile(path, "utf8")).split("\n"));
}

function note(no: number): TraceEvent {
  return { at: no, no, node: 1, life: 1, kind: "note", text: `event ${no}` };
}

function tellNote(file: TraceFile, no: number): void {
  file.tell({ at: no, no, node: 1, life: 1 }, undefined, { kind: "note", text: `event ${no}` });
}

test("openNode({ trace }): the file tells each life of the node, one recording behind the other", async (context) => {
  const dir = await tempDir(context);
  const path = join(dir, "node.ndjson");
  const begun = Date.now();
  for (const add of [2, 3]) {
    const node = await openNode(single(dir, path));
    await node.propose(add);
    assert.deepEqual(node.status().trace, { path, dropped: 0 });
    await node.close();
  }

  const recordings = await recordingsIn(path);

  assert.equal(recordings.length, 2);
  const lives: number[] = [];
  for (const { header, events, isCut } of recordings) {
    assert.equal(isCut, false);
    assert.equal(header.kind, "node");
    assert.deepEqual(header.nodes, [1]);
    assert(Math.abs((header.wallMs ?? 0) + (events[0]?.at ?? 0) - begun) < 60_000);
    assert.equal(events[0]?.kind, "opened");
    assert.equal(events.at(-1)?.kind, "closed");
    assert(events.some(({ kind }) => kind === "became-leader"));
    assert(events.some((event) => event.kind === "applied" && event.entry === "command"));
    lives.push(events[0]?.life ?? 0);
  }
  assert((lives[1] ?? 0) > (lives[0] ?? 0), "a later life has a greater number");
});

test("openNode({ trace }): a file that can't be opened is told by name, and nothing stays open", async (context) => {
  const dir = await tempDir(context);

  await assert.rejects(openNode(single(dir, join(dir, "none", "x"))), (error: unknown) => {
    assert(error instanceof NodeConfigError);
    assert.equal(error.field, "trace");
    assert.match(error.message, /^trace: can't be written: ENOENT/);
    return true;
  });
  await assert.rejects(openNode(single(dir, "")), { code: "HOLDFAST_CONFIG", field: "trace" });

  const node = await openNode(single(dir, join(dir, "trace")));
  await node.close();
});

test("TraceFile: what finds no room is dropped and counted, and the next that does tells so", async (context) => {
  const path = join(await tempDir(context), "trace");
  const file = await TraceFile.open({ path, header: HEADER, waitingMax: 2000 });
  for (let no = 1; no <= 100; no++) tellNote(file, no);
  const { dropped } = file.stats;
  assert(dropped > 0 && dropped < 100, `${dropped} of 100`);
  await file.flush();
  for (let no = 101; no <= 103; no++) tellNote(file, no);
  await file.close();

  const events = (await recordingsIn(path))[0]?.events ?? [];

  const gap = events.filter((event) => event.kind === "dropped");
  assert.deepEqual(gap, [
    { at: 101 - dropped, no: 101 - dropped, node: 1, life: 1, kind: "dropped", count: dropped },
  ]);
  const kept = events.filter(({ kind }) => kind === "note").map(({ no }) => no);
  assert.equal(kept.length, 103 - dropped);
  assert.deepEqual(kept.slice(-3), [101, 102, 103]);
  assert.equal(file.stats.dropped, dropped, "nothing more");
});

test("TraceFile: what is dropped last is told at the end", async (context) => {
  const path = join(await tempDir(context), "trace");
  const file = await TraceFile.open({ path, header: HEADER, waitingMax: 500 });
  for (let no = 1; no <= 50; no++) tellNote(file, no);
  await file.close();
  tellNote(file, 51);

  const events = (await recordingsIn(path))[0]?.events ?? [];

  const last = events.at(-1);
  assert(last?.kind === "dropped");
  assert.equal(last.count + events.length - 1, 50);
});

test("TraceFile: many events keep their order over many pieces", async (context) => {
  const path = join(await tempDir(context), "trace");
  const file = await TraceFile.open({ path, header: HEADER });
  for (let no = 1; no <= 20_000; no++) {
    tellNote(file, no);
    if (no % 4000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await file.close();

  const events = (await recordingsIn(path))[0]?.events ?? [];

  assert.equal(file.stats.dropped, 0);
  assert.deepEqual(
    events.map(({ no }) => no),
    Array.from({ length: 20_000 }, (_, i) => i + 1),
  );
});

test("TraceFile: goes on after a pause in which nothing was left to write", async (context) => {
  const path = join(await tempDir(context), "trace");
  const file = await TraceFile.open({ path, header: HEADER });
  tellNote(file, 1);
  await file.flush();
  await new Promise((resolve) => setTimeout(resolve, 150));
  tellNote(file, 2);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const written = (await recordingsIn(path))[0]?.events.length;
  tellNote(file, 3);
  await file.close();

  assert.equal(written, 2, "without a flush, too");
  assert.equal((await recordingsIn(path))[0]?.events.length, 3);
});

const hasFullDevice = existsSync("/dev/full");

test("TraceFile: a full disk ends the trace and nothing else", {
  skip: !hasFullDevice,
}, async () => {
  const file = await TraceFile.open({ path: "/dev/full", header: HEADER });
  for (let no = 1; no <= 3; no++) tellNote(file, no);
  const flushed = file.flush();
  for (let no = 4; no <= 5; no++) tellNote(file, no);
  assert.equal(file.stats.dropped, 0, "nothing has failed yet");
  await flushed;

  assert.match(file.stats.failure ?? "", /ENOSPC/);
  assert.equal(file.stats.dropped, 5, "the piece that failed, and what waited behind it");
  tellNote(file, 6);
  assert.equal(file.stats.dropped, 6);
  await file.close();
  assert.equal(file.stats.dropped, 6);
});

test("TraceFile: an event that found no room is counted once, also when the gap can't be told", {
  skip: !hasFullDevice,
}, async () => {
  const file = await TraceFile.open({ path: "/dev/full", header: HEADER, waitingMax: 500 });
  for (let no = 1; no <= 50; no++) tellNote(file, no);
  assert(file.stats.dropped > 0 && file.stats.dropped < 50, `${file.stats.dropped} of 50`);
  await file.close();

  assert.match(file.stats.failure ?? "", /ENOSPC/);
  assert.equal(file.stats.dropped, 50);
});

/** Runs `body` in a process of its own, with `file` open at `path` and `tell(no)`; its status. */
function inProcess(path: string, waitingMax: number, body: string): number | null {
  const module = new URL("../src/trace-file.js", import.meta.url).href;
  const options = JSON.stringify({ path, header: HEADER, waitingMax });
  const script = `
    import { TraceFile } from ${JSON.stringify(module)};
    const file = await TraceFile.open(${options});
    const tell = (no) => {
      const stamp = { at: no, no, node: 1, life: 1 };
      file.tell(stamp, undefined, { kind: "note", text: "event " + no });
    };
    ${body}
  `;
  return spawnSync(process.execPath, ["--input-type=module", "-e", script]).status;
}

test("TraceFile: a process that ends without closing it leaves what was told so far", async (context) => {
  const path = join(await tempDir(context), "trace");

  assert.equal(inProcess(path, 1000, "tell(1); process.exit(3);"), 3);

  assert.deepEqual((await recordingsIn(path))[0]?.events, [note(1)]);
});

test("TraceFile: a process that ends without closing it tells what found no room last", async (context) => {
  const path = join(await tempDir(context), "trace");

  assert.equal(inProcess(path, 1, "tell(1); tell(2); process.exit(3);"), 3);

  const gap = { at: 1, no: 1, node: 1, life: 1, kind: "dropped", count: 2 };
  assert.deepEqual((await recordingsIn(path))[0]?.events, [gap]);
});

test("TraceFile: a process that ends while a piece is written leaves nothing behind it", async (context) => {
  const path = join(await tempDir(context), "trace");

  const body = "tell(1); void file.flush(); tell(2); process.exit(3);";
  assert.equal(inProcess(path, 1000, body), 3);

  // What is left of the piece is the system's affair.
  const events = (await recordingsIn(path))[0]?.events ?? [];
  assert.deepEqual(events, [note(1)].slice(0, events.length));
});
