/** The event pump and the check of it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPump, hostPump } from "../src/host-pump.ts";

test("the pump lets promise jobs end before each step", () => checkPump(hostPump));

test("the check refuses pumps that don't", async () => {
  const hasty = (step: () => boolean): Promise<void> => {
    while (step());
    return Promise.resolve();
  };
  await assert.rejects(checkPump(hasty), /event pump is broken/);

  const countsHops = async (step: () => boolean): Promise<void> => {
    do for (let hops = 0; hops < 10; hops++) await undefined;
    while (step());
  };
  await assert.rejects(checkPump(countsHops), /event pump is broken/);
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
