/** The event pump, each of its ways, and the check of it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPump, hostPump, type Pump, Scheduler } from "@holdfast/sim";
import { PUMPS } from "../src/host-pump.ts";

test("the pump lets promise jobs end before each step", () => checkPump(hostPump));

for (const [name, pump] of Object.entries(PUMPS)) {
  test(`the way by ${name} does, too`, () => checkPump(pump));
}

test("the check refuses pumps that don't", async () => {
  const hasty = (step: () => boolean): Promise<void> => {
    while (step());
    return Promise.resolve();
  };
  await assert.rejects(checkPump(hasty), { code: "SIM_PUMP", message: /event pump is broken/ });

  const countsHops = async (step: () => boolean): Promise<void> => {
    do for (let hops = 0; hops < 10; hops++) await undefined;
    while (step());
  };
  await assert.rejects(checkPump(countsHops), { code: "SIM_PUMP" });
});

test("the pump stops when told and passes on what a step throws", async () => {
  let steps = 0;
  await hostPump(() => ++steps < 50_000);
  assert.equal(steps, 50_000);
  const thrown = hostPump(() => {
    throw new RangeError("no more");
  });
  await assert.rejects(thrown, { name: "RangeError", message: "no more" });
});

test("promise jobs end before each of many steps, also where the event loop has its turn", async () => {
  let ended = 0;
  let steps = 0;
  const work = async (): Promise<void> => {
    for (let hops = 0; hops < 5; hops++) await undefined;
    ended++;
  };
  await hostPump(() => {
    assert.equal(ended, steps, `after ${steps} steps`);
    if (steps === 50_000) return false;
    steps++;
    void work();
    return true;
  });
});

/** Each event of a run starts promise jobs; they must end before another run has an event. */
async function together(pump: Pump, runs: number): Promise<readonly string[]> {
  const story: string[] = [];
  const work = async (name: number, nth: number): Promise<void> => {
    story.push(`${name}.${nth} begins`);
    for (let hops = 0; hops < 5; hops++) await undefined;
    story.push(`${name}.${nth} ends`);
  };
  const all = Array.from({ length: runs }, (_, name) => {
    const scheduler = new Scheduler({ eventsMax: 1000 });
    return scheduler.run(
      () =>
        new Promise<void>((resolve) => {
          for (let nth = 1; nth <= 3; nth++) scheduler.after(nth, () => void work(name, nth));
          scheduler.after(4, resolve);
        }),
      pump,
    );
  });
  await Promise.all(all);
  return story;
}

for (const [name, pump] of Object.entries({ host: hostPump, ...PUMPS })) {
  test(`runs that go on at a time take turns (${name}): what one began ends before the next`, async () => {
    const story = await together(pump, 3);

    assert.equal(story.length, 18);
    for (let at = 0; at < story.length; at += 2) {
      assert.equal(story[at + 1], story[at]?.replace("begins", "ends"));
    }
    const first = story.slice(0, 6).map((line) => line[0]);
    assert.equal(new Set(first).size, 3, "each has its turn");
  });
}
