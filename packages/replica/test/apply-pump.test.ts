/** The apply pump: order, slices, promises, snapshots in between, and a machine that throws. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY, type Entry, type SnapshotMeta } from "@holdfast/raft";
import { ApplyPump, type PumpHooks } from "../src/apply-pump.ts";
import { bytes, Journal } from "./journal.ts";

function entry(index: number, line?: string): Entry {
  return line === undefined
    ? { index, term: 1, kind: "noop", data: EMPTY }
    : { index, term: 1, kind: "command", data: bytes(line) };
}

function entries(from: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, i) => entry(from + i, `line ${from + i}`));
}

const META: SnapshotMeta = { index: 3, term: 1, members: { voters: [1] } };

function scene(hooks: Partial<PumpHooks<number>> = {}) {
  const machine = new Journal();
  const log: string[] = [];
  const soons: (() => void)[] = [];
  let time = 0;
  const clock = {
    now: () => time,
    soon: (run: () => void) => void soons.push(run),
    setTimer: () => assert.fail("the pump needs no timer"),
  };
  const open = async (meta: SnapshotMeta) => snapshotBytes(meta);
  const pump = new ApplyPump<number>(
    { machine, clock, sliceMs: 5, open, start: { index: 0, term: 0 } },
    {
      applied: ({ index }, result) => log.push(`applied ${index} -> ${result}`),
      passed: ({ index }) => log.push(`passed ${index}`),
      restored: ({ index }) => log.push(`restored ${index}`),
      progress: (index) => log.push(`progress ${index}`),
      between: () => undefined,
      failed: (error) => log.push(`failed: ${error.message}`),
      broken: (error) => log.push(`broken: ${String(error)}`),
      ...hooks,
    },
  );
  return {
    machine,
    log,
    pump,
    /** Lets time pass within the machine. */
    takes: (ms: number) => {
      machine.before = () => {
        time += ms;
      };
    },
    /** Keeps the machine from applying until what it returns is called. */
    hold: () => {
      let end = (): void => {};
      machine.before = () =>
        new Promise((resolve) => {
          end = resolve;
        });
      return () => end();
    },
    /** Ends what waits for its turn, and the promises behind it. */
    turn: async () => {
      for (const run of soons.splice(0)) run();
      await new Promise((resolve) => setImmediate(resolve));
    },
    waiting: () => soons.length,
  };
}

async function* snapshotBytes(meta: SnapshotMeta): AsyncGenerator<Uint8Array> {
  for (let i = 1; i <= meta.index; i++) yield bytes(`line ${i}\n`);
}

test("ApplyPump: a quick machine has applied all by the time apply() returns", () => {
  const { pump, log, machine } = scene();
  pump.apply([entry(1), entry(2, "a"), entry(3, "b")]);
  assert.deepEqual(log, ["passed 1", "applied 2 -> 1", "applied 3 -> 2", "progress 3"]);
  assert.deepEqual(machine.lines, ["a", "b"]);
  assert.deepEqual(
    machine.given.map((at) => at.index),
    [2, 3],
  );
});

test("ApplyPump: a slow machine gives way after a slice and reports how far it is", async () => {
  const { pump, log, takes, turn, waiting } = scene();
  takes(2);
  pump.apply(entries(1, 7));
  assert.equal(log.at(-1), "progress 3");
  assert.equal(waiting(), 1);
  await turn();
  assert.equal(log.at(-1), "progress 6");
  await turn();
  assert.equal(log.at(-1), "progress 7");
  assert.equal(waiting(), 0);
});

test("ApplyPump: promises are awaited one by one, in order", async () => {
  const { pump, machine, log, turn } = scene();
  const ends: (() => void)[] = [];
  machine.before = () => new Promise((resolve) => ends.push(resolve));
  pump.apply(entries(1, 2));
  pump.apply(entries(3, 1));
  for (let i = 0; i < 3; i++) {
    assert.equal(ends.length, i + 1);
    ends[i]?.();
    await turn();
  }
  assert.deepEqual(log.filter((line) => line.startsWith("applied")).length, 3);
  assert.equal(pump.at.index, 3);
});

test("E8 ApplyPump: a snapshot is restored after what came before it, and what follows comes after", async () => {
  const { pump, log, machine, turn } = scene();
  pump.apply(entries(1, 1));
  pump.restore(META);
  pump.apply(entries(4, 1));
  await turn();
  assert.deepEqual(machine.lines, ["line 1", "line 2", "line 3", "line 4"]);
  assert.deepEqual(log.slice(2), ["restored 3", "progress 3", "applied 4 -> 4", "progress 4"]);
});

test("ApplyPump: of snapshots that wait only the newest is restored", async () => {
  const { pump, log, machine, hold, turn } = scene();
  const end = hold();
  pump.apply(entries(1, 1));
  pump.restore(META);
  pump.apply(entries(4, 2));
  pump.restore({ ...META, index: 9 });
  machine.before = undefined;
  end();
  await turn();
  assert.deepEqual(log, ["applied 1 -> 1", "progress 1", "restored 9", "progress 9"]);
  assert.equal(machine.restores, 1);
  assert.equal(machine.lines.length, 9);
});

for (const [what, before] of [
  ["throws", () => assert.fail("no such account")],
  ["rejects", () => Promise.reject(new Error("no such account"))],
] as const) {
  test(`G12 ApplyPump: when the machine ${what}, nothing more is applied and the index is named`, async () => {
    const failures: Error[] = [];
    const { pump, log, machine, turn } = scene({ failed: (error) => failures.push(error) });
    pump.apply(entries(1, 1));
    machine.before = before;
    pump.apply(entries(2, 2));
    await turn();
    machine.before = undefined;
    pump.apply(entries(4, 1));
    await turn();
    assert.deepEqual(log, ["applied 1 -> 1", "progress 1"]);
    assert.equal(failures.length, 1);
    const [failure] = failures;
    assert.equal(failure && "code" in failure && failure.code, "MACHINE_FAILED");
    assert.match(failure?.message ?? "", /applying a command \(index 2\): no such account/);
  });
}

test("ApplyPump: between two applies the owner may hold the machine", async () => {
  let release = (): void => {};
  let isHeld = false;
  const { pump, log, turn } = scene({
    between: (at) => {
      if (at.index !== 2 || isHeld) return undefined;
      isHeld = true;
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  pump.apply(entries(1, 2));
  pump.apply(entries(3, 1));
  await turn();
  assert.equal(log.at(-1), "progress 2");
  release();
  await turn();
  assert.equal(log.at(-1), "progress 3");
});

test("ApplyPump: after stop() a result that was under way is dropped", async () => {
  const { pump, log, hold, turn } = scene();
  const end = hold();
  pump.apply(entries(1, 2));
  pump.stop();
  end();
  await turn();
  assert.deepEqual(log, []);
});

test("ApplyPump: an entry out of turn is a bug and stops it", () => {
  const { pump, log } = scene();
  pump.apply(entries(2, 1));
  assert.deepEqual(log, ["broken: InvariantError: apply pump: gap"]);
});
