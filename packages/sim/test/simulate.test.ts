/** `simulate` lets right machines pass, and finds what is wrong in each wrong one. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  planToJson,
  SimulateOptionError,
  type SimulateOptions,
  SimulationFailedError,
  simulate,
  type UserMachine,
} from "@holdfast/sim";
import { PUMPS } from "../src/host-pump.ts";
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
  RejectingShop,
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
    assert.ok(faults > 50, `${faults} faults`);
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
    message:
      /apply threw on node \d at index (\d+): RangeError: no more than 100 of item \d\n {2}command \d+, at index \1 and term/,
  },
  {
    name: "apply whose promise rejects",
    machine: () => new RejectingShop(),
    check: "machine: apply threw",
    message:
      /apply threw on node \d at index (\d+): RangeError: .*\n {2}command \d+, at index \1 and/,
  },
  {
    name: "bytes of a command that are kept and changed",
    machine: () => new ScribblingShop(),
    check: "machine: a command was changed",
    message: /has changed the bytes of a command that it was given.*\n {2}command \d+, at index/,
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

test("a machine that throws when a snapshot is taken, or restored, is found", async () => {
  class NoSnapshot extends Shop {
    override snapshot(): Iterable<Uint8Array> {
      throw new RangeError("out of paper");
    }
  }
  class HangingRestore extends Shop {
    override restore(): Promise<void> {
      return new Promise(() => {});
    }
  }
  class TextSnapshot extends Shop {
    override snapshot(): Iterable<Uint8Array> {
      return ["not bytes" as unknown as Uint8Array];
    }
  }
  class HangingSnapshot extends Shop {
    override async *snapshot(): AsyncGenerator<Uint8Array> {
      yield await new Promise<Uint8Array>(() => {});
    }
  }
  const checkOf = async (machine: () => Shop): Promise<string> =>
    (await failureOf({ machine, workload, shrinkRuns: 0 })).failure.check;

  assert.equal(await checkOf(() => new NoSnapshot()), "machine: snapshot threw");
  assert.equal(await checkOf(() => new TextSnapshot()), "machine: snapshot threw");
  assert.equal(await checkOf(() => new HangingSnapshot()), "machine: waits for the outside");
  assert.equal(await checkOf(() => new HangingRestore()), "machine: waits for the outside");
});

test("a machine that throws only when the same log is applied later is found", async () => {
  let isOver = false;
  class LaterThrowing extends Shop {
    override answer(): unknown {
      if (isOver) throw new RangeError("closed");
      return null;
    }
  }
  let machines = 0;
  const failure = await failureOf({
    // One to be looked at, three for the nodes: the fifth applies the log after the run.
    machine: () => {
      isOver = ++machines > 4;
      return new LaterThrowing();
    },
    workload,
    nodes: 3,
    faults: "none",
    durationMs: 500,
    knobs: { snapshotEveryEntries: 0 },
    shrinkRuns: 0,
  });

  assert.equal(failure.failure.check, "machine: throws on the same log");
  assert.match(failure.message, /apply threw at index \d+ of the same log: RangeError: closed/);
});

test("states that differ only once are told to within the commands between two comparisons", async () => {
  let isDone = false;
  class OnceOdd extends Shop {
    override answer(item: string): unknown {
      if (this.orders === 5 && !isDone) {
        isDone = true;
        this.stock.set(item, -1);
      }
      return null;
    }
  }
  const options = { machine: () => new OnceOdd(), workload, durationMs: 3000, shrinkRuns: 0 };
  const { message } = await failureOf({ ...options, knobs: { snapshotEveryEntries: 0 } });

  assert.match(message, /in one of the last 16 commands, of which this is the last:\n {2}command/);
});

test("an invariant that throws fails the run with the command and its cause", async () => {
  const cause = new RangeError("too many orders");
  const error = await failureOf({
    machine: () => new Shop(),
    workload,
    invariant: ({ orders }) => {
      if (orders > 20) throw cause;
    },
  });

  assert.equal(error.failure.check, "machine: invariant broken");
  assert.match(error.message, /RangeError: too many orders\n {2}command 21, at index \d+/);
  assert.equal(error.cause, cause);
});

test("`state` says what replicas are compared by, and what a snapshot must bring back", async () => {
  const options = { machine: () => new ForgetfulShop(), workload, durationMs: 3000 };
  class Silent extends ForgetfulShop {
    override answer(): unknown {
      return null;
    }
  }

  // Nothing that can be seen depends on the field that its snapshot forgets.
  await simulate({ ...options, machine: () => new Silent(), seed: 1 });
  const error = await failureOf({
    ...options,
    machine: () => new Silent(),
    state: ({ stock, orders }) => ({ stock, orders }),
  });
  assert.equal(error.failure.check, "machine: a snapshot loses something");
  assert.match(error.message, /the one that was restored has \{"orders":0/);
});

test("a workload that throws fails the run; one that throws at once is a wrong option", async () => {
  const throwsAt =
    (limit: number) =>
    (random: Parameters<typeof order>[0], nth: number): Uint8Array => {
      if (nth >= limit) throw new RangeError(`no command ${nth}`);
      return workload(random);
    };
  const machine = (): Shop => new Shop();

  const late = await failureOf({ machine, workload: throwsAt(40), shrinkRuns: 0 });
  assert.equal(late.failure.check, "workload: threw");
  assert.match(late.message, /RangeError: no command 40/);
  const early = simulate({ machine, workload: throwsAt(3), seed: 1 });
  await assert.rejects(early, { code: "SIM_OPTION", field: "workload" });
});

test("the same seed gives the same report, alone or beside others, and with another pump", async () => {
  const options = { machine: () => new SlowShop(), workload, durationMs: 3000 };
  const seeds = [1, 2, 3, 4];
  const alone: string[] = [];
  for (const seed of seeds) alone.push(JSON.stringify(await simulate({ ...options, seed })));

  const beside = await Promise.all(seeds.map((seed) => simulate({ ...options, seed })));
  assert.deepEqual(
    beside.map((report) => JSON.stringify(report)),
    alone,
  );
  const other = await simulate({ ...options, seed: 2, pump: PUMPS.messages });
  assert.equal(JSON.stringify(other), alone[1]);
  assert.notEqual(alone[0], alone[1]);
});

test("the plan of a failure replays it, as it is and as text", async () => {
  const options = { machine: () => new SortingShop(), workload };
  const error = await failureOf(options);

  for (const plan of [error.plan, planToJson(error.plan)]) {
    const again = simulate({ ...options, plan, shrinkRuns: 0 });
    await assert.rejects(again, (other: SimulationFailedError) => {
      assert.equal(other.code, "SIM_FAILED");
      assert.deepEqual(other.failure, error.failure);
      assert.match(other.message, /\nThe schedule:\n/);
      return true;
    });
  }
});

test("what is no fault of the machine is told as it is: here a cluster that takes no command", async () => {
  const options = { machine: () => new Shop(), workload, durationMs: 1000, seed: 3 };
  const run = simulate({ ...options, knobs: { commandBytesMax: 1 }, shrinkRuns: 0 });

  await assert.rejects(run, (error: SimulationFailedError) => {
    assert.equal(error.failure.check, "progress: operation not done in time");
    assert.match(error.message, /\n\nNode \d did nothing within \d+ ms/);
    return true;
  });
});

const BAD: readonly (readonly [field: string, options: Record<string, unknown>])[] = [
  ["machine", { machine: undefined }],
  ["machine", { machine: new Shop() }],
  ["machine", { machine: () => ({ apply: () => 1, restore: () => 1 }) }],
  [
    "machine",
    {
      machine: () => {
        throw new RangeError("no machine");
      },
    },
  ],
  ["workload", { workload: undefined }],
  ["workload", { workload: () => "text" }],
  ["seed", { seed: undefined }],
  ["seed", { seed: 1.5 }],
  ["seed", { plan: {} }],
  ["plan", { seed: undefined, plan: "{" }],
  ["plan", { seed: undefined, plan: { version: 1 } }],
  ["plan", { seed: undefined, plan: 7 }],
  ["nodes", { nodes: 0 }],
  ["nodes", { nodes: 10 }],
  ["durationMs", { durationMs: -1 }],
  ["faults", { faults: "some" }],
  ["faults", { faults: ["earthquake"] }],
  ["recipe", { recipe: "soup" }],
  ["recipe", { recipe: 1 }],
  ["clients", { clients: 0 }],
  ["thinkMs", { thinkMs: 0.5 }],
  ["knobs", { knobs: null }],
  ["knobs", { knobs: { heartbeatMs: -1 } }],
  ["invariant", { invariant: true }],
  ["state", { state: "all" }],
  ["shrinkRuns", { shrinkRuns: -1 }],
  ["pump", { pump: {} }],
  ["nodess", { nodess: 3 }],
];

test("a wrong option is refused by name and value, before anything runs", async () => {
  for (const [field, options] of BAD) {
    const all = { machine: () => new Shop(), workload, seed: 1, ...options };
    const run = simulate(all as unknown as SimulateOptions<Shop>);
    await assert.rejects(run, (error: SimulateOptionError) => {
      assert.ok(error instanceof SimulateOptionError, `${field}: ${String(error)}`);
      assert.equal(error.code, "SIM_OPTION");
      assert.equal(error.field, field, error.message);
      assert.ok(error.message.startsWith(`${field}: `), error.message);
      return true;
    });
  }
});
