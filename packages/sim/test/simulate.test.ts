/** `simulate` lets right machines pass, and finds what is wrong in each wrong one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Plan,
  planToJson,
  SimulateOptionError,
  type SimulateOptions,
  SimulationFailedError,
  simulate,
  type UserMachine,
} from "@holdfast/sim";
import {
  bound,
  ClockShop,
  DiceShop,
  encode,
  ForgetfulShop,
  LendingShop,
  OnePieceShop,
  type Order,
  order,
  ScribblingShop,
  SecretDiceShop,
  SharingShop,
  Shop,
  SlowShop,
  SortingShop,
  ThrowingShop,
  WaitingShop,
} from "./user-machines.ts";

/** The failure of the first of a few seeds that has one. */
async function failureOf<M extends UserMachine>(
  options: Omit<SimulateOptions<M>, "seed">,
  seeds = 5,
): Promise<SimulationFailedError> {
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      await simulate({ shrinkRuns: 60, ...options, seed });
    } catch (error) {
      assert.ok(error instanceof SimulationFailedError, String(error));
      return error;
    }
  }
  return assert.fail(`nothing found in ${seeds} seeds`);
}

const workload = (random: Parameters<typeof order>[0]): Uint8Array => encode(order(random));

for (const [name, make] of [
  ["a machine over bytes", () => new Shop()],
  ["one that does everything later", () => new SlowShop()],
] as const) {
  test(`${name} passes 20 seeds, with snapshots, restores and faults in them`, async () => {
    let restores = 0;
    let faults = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const report = await simulate({ machine: make, workload, seed, durationMs: 4000 });

      assert.ok(report.commands > 0, `seed ${seed} applied something`);
      restores += report.restores;
      faults += Object.values(report.figures.faults).reduce((sum, count) => sum + count, 0);
    }
    assert.ok(restores > 20, `${restores} restores`);
    assert.ok(faults > 100, `${faults} faults`);
  });
}

test("a bound machine passes 20 seeds, and its invariant is asked", async () => {
  let asked = 0;
  for (let seed = 1; seed <= 20; seed++) {
    await simulate({
      machine: () => bound(new Shop()),
      workload: (random): Order => order(random),
      invariant: ({ machine }) => {
        asked++;
        assert.ok(machine.orders >= machine.stock.size);
      },
      seed,
      durationMs: 4000,
    });
  }
  assert.ok(asked > 1000, `${asked} times`);
});

interface Wrong {
  readonly name: string;
  readonly machine: () => Shop;
  readonly check: string;
  readonly message: RegExp;
}

const WRONG: readonly Wrong[] = [
  {
    name: "a clock in apply",
    machine: () => new ClockShop(),
    check: "machine: results differ",
    message: /command \d+, at index \d+ and term \d+: .*"at":\d+.*look for a clock/s,
  },
  {
    name: "chance in apply",
    machine: () => new DiceShop(),
    check: "machine: results differ",
    message: /"lucky":(true|false).*"lucky":(true|false)/s,
  },
  {
    name: "chance that only the state shows",
    machine: () => new SecretDiceShop(),
    check: "machine: states differ",
    message: /led to different states.*command \d+, at index \d+/s,
  },
  {
    name: "a map whose order a snapshot changes",
    machine: () => new SortingShop(),
    check: "machine: a snapshot loses something",
    message: /its order, too/,
  },
  {
    name: "a field that a snapshot forgets",
    machine: () => new ForgetfulShop(),
    check: "machine: a snapshot loses something",
    message: /restored from the snapshot at index \d+ differs.*"orders":\d+/s,
  },
  {
    name: "apply that throws",
    machine: () => new ThrowingShop(),
    check: "machine: apply threw",
    message: /apply threw on node \d at index \d+: RangeError: no more than 100 of item \d/,
  },
  {
    name: "bytes of a command that are kept and changed",
    machine: () => new ScribblingShop(),
    check: "machine: a command was changed",
    message: /The bytes of the command at index \d+ have been changed/,
  },
  {
    name: "a variable outside of the machine",
    machine: () => new SharingShop(),
    check: "machine: results differ",
    message: /variables outside of the machine/,
  },
  {
    name: "a result that is a part of the state",
    machine: () => new LendingShop(),
    check: "machine: a result changes later",
    message: /the replica got Map.*the client got Map.*return a copy/s,
  },
  {
    name: "a timer in apply",
    machine: () => new WaitingShop(),
    check: "machine: waits for the outside",
    message: /apply at index \d+ waits for something other/,
  },
  {
    name: "a snapshot taken for one piece",
    machine: () => new OnePieceShop(),
    check: "machine: restore threw",
    message: /restore threw on node \d at index \d+: SyntaxError/,
  },
];

for (const { name, machine, check, message } of WRONG) {
  test(`${name} is found within a few seeds, and explained`, async () => {
    const error = await failureOf({ machine, workload });

    assert.equal(error.failure.check, check, error.message);
    assert.match(error.message, message);
    assert.match(error.message, /^Simulation failed: machine: .* \(seed \d\)/);
    assert.match(error.message, /smallest schedule .* in \d+ runs/);
  });
}
