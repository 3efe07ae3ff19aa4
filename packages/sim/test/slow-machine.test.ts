/** A slow state machine gives the same answers, later. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Machine } from "@holdfast/replica";
import { hostPump, Scheduler, VirtualClock } from "@holdfast/sim";
import { SlowMachine } from "../src/world/slow-machine.ts";

const bytes = (value: number): Uint8Array => Uint8Array.of(value);

class Sum implements Machine<number> {
  total = 0;

  apply([value = 0]: Uint8Array): number {
    this.total += value;
    return this.total;
  }

  *snapshot(): Generator<Uint8Array> {
    yield bytes(this.total);
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const [value = 0] of chunks) this.total = value;
  }
}

test("commands take the time that is drawn for them, none when that is 0", async () => {
  const scheduler = new Scheduler({ eventsMax: 1000 });
  const clock = new VirtualClock(scheduler);
  const times = [0, 40, 0];
  const machine = new SlowMachine(new Sum(), clock, () => times.shift() ?? 0);
  await scheduler.run(async () => {
    assert.equal(machine.apply(bytes(1), { index: 1, term: 1 }), 1);
    assert.equal(await machine.apply(bytes(2), { index: 2, term: 1 }), 3);
    assert.equal(clock.now(), 40);
    assert.equal(machine.apply(bytes(3), { index: 3, term: 1 }), 6);
  }, hostPump);
});

test("snapshots are those of the machine behind it", async () => {
  const scheduler = new Scheduler({ eventsMax: 1000 });
  const sum = new Sum();
  const machine = new SlowMachine(sum, new VirtualClock(scheduler), () => 0);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield bytes(9);
  }
  await machine.restore(pieces(), { index: 5, term: 1 });
  assert.equal(sum.total, 9);
  assert.deepEqual([...(machine.snapshot() as Iterable<Uint8Array>)], [bytes(9)]);
});
