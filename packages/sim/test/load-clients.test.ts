/** What clients do: whom they ask, how they insist and give up, and that a seed decides it all. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/raft";
import {
  type Answer,
  type Broken,
  type Command,
  createWorkload,
  type Door,
  decodeCommand,
  hostPump,
  type Load,
  type Progress,
  Random,
  Scheduler,
  VirtualClock,
  type Workload,
} from "@holdfast/sim";
import { ListCluster, LOAD, MODELS, runLoad } from "./load-cluster.ts";

interface Sent extends Command {
  readonly node: NodeId;
  readonly at: number;
  readonly bytes: number;
}

/** Answers as it is told, a millisecond later; `undefined` is silence. */
class ScriptDoor implements Door {
  readonly nodes = 3;
  readonly sent: Sent[] = [];
  readonly reports: Broken[] = [];
  readonly down = new Set<NodeId>();
  lead: NodeId = 0;
  #index = 0;
  readonly #scheduler = new Scheduler({ eventsMax: 1_000_000 });
  readonly #clock = new VirtualClock(this.#scheduler);
  readonly #answer: (sent: Sent) => Answer["kind"] | undefined;

  constructor(answer: (sent: Sent) => Answer["kind"] | undefined = () => "ok") {
    this.#answer = answer;
  }

  isUp(node: NodeId): boolean {
    return !this.down.has(node);
  }

  leader(): NodeId {
    return this.lead;
  }

  now(): number {
    return this.#scheduler.now;
  }

  sleep(ms: number): Promise<void> {
    return this.#clock.sleep(ms);
  }

  async propose(node: NodeId, command: Uint8Array): Promise<Answer> {
    const sent = { ...decodeCommand(command), node, at: this.now(), bytes: command.length };
    this.sent.push(sent);
    await this.sleep(1);
    const kind = this.#answer(sent);
    if (kind === undefined) return new Promise(() => {});
    if (kind === "failed") return { kind, reason: "no-leader" };
    return kind === "ok" ? { kind, result: null, index: ++this.#index, term: 1 } : { kind };
  }

  workload(load: Partial<Load>, seed = 1): Workload {
    const random = new Random(seed).fork("load");
    const report = (broken: Broken): void => void this.reports.push(broken);
    return createWorkload({ load: { ...LOAD, ...load }, door: this, random, report });
  }

  run<T>(main: () => Promise<T>): Promise<T> {
    return this.#scheduler.run(main, hostPump);
  }
}

async function runFor(door: ScriptDoor, workload: Workload, ms: number): Promise<void> {
  await door.run(async () => {
    workload.start();
    await door.sleep(ms);
    await workload.stop();
  });
}

test("the same seed gives the same history, another one another", async () => {
  for (const model of MODELS) {
    const tell = async (seed: number): Promise<string> => {
      const ran = await runLoad({ ...LOAD, model }, new ListCluster(seed), { seed, forMs: 1000 });
      return JSON.stringify(ran.workload.history.operations);
    };
    const once = await tell(5);
    assert.equal(await tell(5), once);
    assert.notEqual(await tell(6), once);
  }
});

test("a client asks the same when others are dropped or slower ones come", async () => {
  const asks = async (clients: number): Promise<readonly string[]> => {
    const door = new ScriptDoor();
    await runFor(door, door.workload({ clients }), 3000);
    const own = door.sent.filter((sent) => sent.session >> 2 === 1);
    return own.map(({ at, op, key, node, session }) => `${at} ${session} ${op} ${key} ${node}`);
  };
  const alone = await asks(1);
  assert.ok(alone.length > 20);
  assert.deepEqual(await asks(7), alone);
});

test("values are unique, commands have their size, reads their part", async () => {
  const door = new ScriptDoor();
  await runFor(door, door.workload({ valueBytes: 200, reads: 250, clients: 20 }), 10_000);
  const writes = door.sent.filter(({ op }) => op === "write" || op === "cas");
  const values = writes.map(({ op, value, to }) => (op === "cas" ? to : value));
  assert.equal(new Set(values).size, values.length);
  assert.ok(door.sent.every(({ bytes }) => bytes === 200));
  const part = door.sent.filter(({ op }) => op === "read").length / door.sent.length;
  assert.ok(part > 0.23 && part < 0.27, `${part} of ${door.sent.length} read`);
  assert.deepEqual(new Set(door.sent.map(({ key }) => key)), new Set([0, 1, 2]));
  const kinds = new Set(door.sent.map(({ op }) => op));
  assert.deepEqual([...kinds].sort(), ["cas", "delete", "read", "write"]);
});

test("clients think as long as they should on average, some evenly and some in bursts", async () => {
  const door = new ScriptDoor();
  const [clients, thinkMs, forMs] = [60, 80, 60_000];
  await runFor(door, door.workload({ clients, thinkMs }), forMs);
  // A client with lanes does as much as one without: an operation of a millisecond, then a pause.
  const expected = (clients * forMs) / (thinkMs + 1);
  const rate = door.sent.length / expected;
  assert.ok(rate > 0.95 && rate < 1.05, `${rate} of what was expected`);
  const lanes = grouped(door.sent, ({ session }) => session);
  assert.ok(lanes.size > clients, "some clients have several operations under way");
  let bursty = 0;
  for (const sent of lanes.values()) {
    const short = sent.filter(({ at }, i) => at - (sent[i - 1]?.at ?? 0) < thinkMs / 4).length;
    if (short / sent.length > 0.7) bursty++;
  }
  const part = bursty / lanes.size;
  assert.ok(part > 0.15 && part < 0.55, `${part} of the lanes work in bursts`);
});

test("nodes that are down are not asked, and clients wait while all are", async () => {
  const door = new ScriptDoor();
  const workload = door.workload({ clients: 10 });
  await door.run(async () => {
    workload.start();
    door.down.add(2);
    await door.sleep(1000);
    assert.deepEqual(new Set(door.sent.map(({ node }) => node)), new Set([1, 3]));
    for (const node of [1, 3]) door.down.add(node);
    const before = door.sent.length;
    await door.sleep(1000);
    assert.equal(door.sent.length, before);
    door.down.clear();
    await door.sleep(1000);
    assert.ok(door.sent.length > before + 50);
    await workload.stop();
  });
});

test("some prefer who leads", async () => {
  const door = new ScriptDoor();
  door.lead = 2;
  const workload = door.workload({ clients: 30 });
  await door.run(async () => {
    workload.start();
    await door.sleep(2000);
    const count = (node: NodeId): number => door.sent.filter((sent) => sent.node === node).length;
    assert.ok(count(2) > 1.5 * count(1) && count(1) > 100, [1, 2, 3].map(count).join(" "));
    await workload.stop();
  });
});

function grouped<K>(sent: readonly Sent[], by: (one: Sent) => K): ReadonlyMap<K, readonly Sent[]> {
  const groups = new Map<K, Sent[]>();
  for (const one of sent) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return groups;
}

/** The commands of each operation that was sent more than once. */
function repeats(door: ScriptDoor): readonly (readonly Sent[])[] {
  const operations = grouped(door.sent, ({ session, number }) => `${session} ${number}`);
  return [...operations.values()].filter(({ length }) => length > 1);
}

test("what failed is sent again by some, as another command of the same operation", async () => {
  for (const model of MODELS) {
    const door = new ScriptDoor(({ serial }) => (serial % 2 === 0 ? "failed" : "ok"));
    const workload = door.workload({ model, clients: 20 });
    await runFor(door, workload, 2000);

    const again = repeats(door);
    assert.ok(again.length > 50, `${model}: ${again.length} operations were sent again`);
    for (const sent of again) {
      const [first, second] = sent;
      assert.ok(first !== undefined && second !== undefined);
      assert.notEqual(first.serial, second.serial);
      assert.deepEqual(
        [first.op, first.key, first.value, first.to],
        [second.op, second.key, second.value, second.to],
      );
    }
    assert.ok(
      again.some((sent) => new Set(sent.map(({ node }) => node)).size > 1),
      "elsewhere",
    );
    const { ok, failed, unknown } = workload.operations;
    assert.ok(ok > 0 && failed > 0);
    assert.equal(unknown, 0);
  }
});

test("what may have been applied is sent again only if the machine can tell", async () => {
  for (const model of MODELS) {
    const door = new ScriptDoor(({ serial }) => (serial % 3 === 0 ? "unknown" : "ok"));
    const workload = door.workload({ model, clients: 20 });
    await runFor(door, workload, 2000);

    const again = repeats(door).length;
    if (model === "counter") assert.ok(again > 50, `${again}`);
    else assert.equal(again, 0, model);
    assert.ok(workload.operations.unknown > 0);
  }
});

test("a doubt stays: unknown and then refused is unknown", async () => {
  const door = new ScriptDoor(({ serial }) => (serial === 1 ? "unknown" : "failed"));
  const workload = door.workload({ model: "counter", clients: 1 }, 3);
  await runFor(door, workload, 400);

  const [first] = workload.history.operations;
  assert.ok(
    repeats(door).some((sent) => sent[0]?.serial === 1),
    "it was sent again",
  );
  assert.equal(first?.outcome.kind, "unknown");
});

test("clients give up on a node that is silent, and go on", async () => {
  const door = new ScriptDoor(({ node }) => (node === 2 ? undefined : "ok"));
  const workload = door.workload({ clients: 5, timeoutMs: 100 });
  await runFor(door, workload, 3000);

  const { ok, unknown } = workload.operations;
  assert.ok(ok > 50 && unknown > 20, `${ok} ok, ${unknown} unknown`);
  for (const { call, outcome } of workload.history.operations) {
    if (outcome.kind !== "unknown") continue;
    const waited = (outcome.at ?? 0) - call;
    assert.ok(waited >= 100 && waited <= 126, `gave up after ${waited} ms`);
  }
});

test("an answer that comes after its client gave up is held against the log all the same", async () => {
  const cluster = new ListCluster(1, { refused: 0, silent: 0 });
  cluster.delayMs = 400;
  const load: Load = { ...LOAD, timeoutMs: 150, clients: 4 };
  const { workload } = await runLoad(load, cluster, { forMs: 3000 });
  const late = workload.answers.attempts.filter(({ answer }) => answer?.kind === "ok").length;
  const { ok, unknown } = workload.operations;
  assert.ok(unknown > 5 && late > ok, `${late} commands answered, ${ok} in time`);
  assert.equal(workload.checkLog(cluster.chosen, cluster.ledger), undefined);
  assert.equal(workload.checkHistory(), undefined);
});

test("an answer from before its call, and one index for two commands, are found at once", async () => {
  const door = new ScriptDoor();
  const propose = door.propose.bind(door);
  let nth = 0;
  door.propose = async (node, command) => {
    const answer = await propose(node, command);
    if (++nth !== 30 || answer.kind !== "ok") return answer;
    return { ...answer, index: 7 };
  };
  await runFor(door, door.workload({ clients: 3 }), 1000);
  assert.deepEqual(
    door.reports.map(({ check }) => check),
    ["load: answered from before its call"],
  );
  assert.match(door.reports[0]?.message ?? "", /^Node \d answered command \d+ with index 7, when/);
});

test("keys whose writes nobody knows the end of are left for fresh ones", async () => {
  for (const model of ["key-value", "append-list", "counter"] as const) {
    const door = new ScriptDoor(() => "unknown");
    await runFor(door, door.workload({ model, clients: 10, reads: 0 }), 5000);
    const writes = grouped(door.sent, ({ key }) => key);
    assert.ok(writes.size > 10, `${model}: ${writes.size} keys`);
    const operations = [...writes.values()].map(
      (sent) => new Set(sent.map(({ session, number }) => `${session} ${number}`)).size,
    );
    assert.ok(Math.max(...operations) < 60, `${model}: ${operations.join(" ")}`);
  }
});

test("lists are left for fresh ones before they get long", async () => {
  const door = new ScriptDoor();
  await runFor(door, door.workload({ model: "append-list", clients: 10, reads: 0, keys: 1 }), 5000);
  const lengths = [...grouped(door.sent, ({ key }) => key).values()].map((sent) => sent.length);
  assert.ok(lengths.length > 10);
  assert.equal(Math.max(...lengths), 48);
});

test("who listens is told each call and its end, in words", async () => {
  const door = new ScriptDoor(({ serial }) => (serial === 2 ? "failed" : "ok"));
  const told: string[] = [];
  const workload = createWorkload({
    load: { ...LOAD, model: "counter", clients: 1, reads: 0 },
    door,
    random: new Random(4).fork("load"),
    report: () => {},
    events: {
      called: (operation, client, node, text) =>
        told.push(`${operation}: client ${client} asks node ${node} ${text}`),
      returned: (operation, outcome, text) => told.push(`${operation}: ${outcome} ${text}`),
    },
  });
  await runFor(door, workload, 150);
  assert.match(told[0] ?? "", /^0: client 1(\.\d)? asks node [123] add\(k[012]\) -> \?$/);
  const ends = told.filter((line) => !line.includes("asks"));
  assert.equal(ends.length, workload.history.operations.length);
  assert.ok(
    ends.every((line) => /^\d+: (ok|failed) add\(k[012]\) -> (\?|-1)$/.test(line)),
    ends.join("\n"),
  );
});

const BOUNDS = {
  core: [1, 2, 3],
  electionTimeoutMaxMs: 100,
  firstTimeouts: 25,
  eachTimeouts: 10,
  rounds: 2,
};

async function progressOf(door: ScriptDoor): Promise<Progress> {
  const workload = door.workload({ clients: 0 });
  return door.run(() => workload.progress(BOUNDS));
}

test("progress: each node of the core is asked in each round", async () => {
  const door = new ScriptDoor();
  const progress = await progressOf(door);
  assert.deepEqual(progress, { broken: undefined, firstMs: 1, slowestMs: 1 });
  assert.deepEqual(
    door.sent.map(({ node }) => node),
    [1, 2, 3, 1, 2, 3],
  );
});

test("progress: the first operation may wait for an election, the others less long", async () => {
  const late = new ScriptDoor((sent) => (sent.at < 2000 ? "failed" : "ok"));
  const first = await progressOf(late);
  assert.equal(first.broken, undefined);
  assert.ok(first.firstMs >= 2000 && first.firstMs < 2100, `${first.firstMs}`);

  const silent = new ScriptDoor((sent) => (sent.at < 1000 ? undefined : "ok"));
  assert.equal((await progressOf(silent)).broken, undefined, "a lost command is sent again");

  const never = await progressOf(new ScriptDoor(() => "failed"));
  assert.deepEqual(never.broken?.check, "progress: operation not done in time");
  assert.match(
    never.broken.message,
    /^Node 1 did nothing within 2500 ms, after \d+ tries \(no-leader\)$/,
  );

  const third = await progressOf(new ScriptDoor(({ node }) => (node === 3 ? undefined : "ok")));
  assert.equal(third.broken?.node, 3);
  assert.match(
    third.broken.message,
    /^Node 3 did nothing within 1000 ms, after \d+ tries \(unknown\)$/,
  );
});

test("progress: who has much to catch up with gets that much more time, and no more; who is first gets none", async () => {
  const silent = (late: number, graceMs: number, core = BOUNDS.core): Promise<Progress> => {
    const door = new ScriptDoor(({ node, at }) => (node === late && at < 1500 ? undefined : "ok"));
    const workload = door.workload({ clients: 0 });
    const forSecond = (node: number): number => (node === 2 ? graceMs : 0);
    const bounds = { ...BOUNDS, core, firstTimeouts: 10, rounds: 1, graceMs: forSecond };
    return door.run(() => workload.progress(bounds));
  };
  assert.equal((await silent(2, 700)).broken, undefined);
  assert.match((await silent(2, 300)).broken?.message ?? "", /^Node 2 did nothing within 1300 ms/);
  assert.match((await silent(3, 700)).broken?.message ?? "", /^Node 3 did nothing within 1000 ms/);
  const first = await silent(2, 700, [2, 1, 3]);
  assert.match(first.broken?.message ?? "", /^Node 2 did nothing within 1000 ms/);
});
