/** The book of proposals: every one ends exactly once, and as what is true (I4, I5, E14). */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Proposal } from "../src/proposal.ts";
import { Proposals } from "../src/proposals.ts";
import { bytes } from "./journal.ts";

const LIMITS = { count: 4, bytes: 100, retryAfterMs: 50 };

function book(limits: Partial<typeof LIMITS> = {}) {
  const proposals = new Proposals<string>({ ...LIMITS, ...limits });
  /** Adds one and returns it with what became of it. */
  const add = (line = "x", signal?: AbortSignal) => {
    const held: { proposal?: Proposal<string>; outcome: string } = { outcome: "pending" };
    const promise = proposals.add(bytes(line), 1000, signal, (proposal) => {
      held.proposal = proposal;
    });
    promise.then(
      ({ result, index, term }) => {
        held.outcome = `${result} at ${index}^${term}`;
      },
      (error: { code: string; reason?: string; index?: number; term?: number }) => {
        const { code, reason, index, term } = error;
        held.outcome = reason === undefined ? `${code} ${index}^${term}` : `${code} ${reason}`;
      },
    );
    return held;
  };
  return { proposals, add };
}

/** Adds one that a leader has given a place. */
function placed(scene: ReturnType<typeof book>, index: number, term: number) {
  const held = scene.add();
  assert(held.proposal !== undefined);
  scene.proposals.appended(held.proposal, { index, term });
  return held;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("Proposals: the entry at its index with its term is the answer", async () => {
  const scene = book();
  const held = placed(scene, 3, 2);
  scene.proposals.applied({ index: 2, term: 2 }, "two");
  await settle();
  assert.equal(held.outcome, "pending");
  scene.proposals.applied({ index: 3, term: 2 }, "three");
  await settle();
  assert.equal(held.outcome, "three at 3^2");
  assert.equal(scene.proposals.size, 0);
});

test("Proposals: another term's entry at its index means that it is certainly not committed", async () => {
  const scene = book();
  const command = placed(scene, 3, 2);
  const other = placed(scene, 4, 2);
  scene.proposals.applied({ index: 3, term: 3 }, "three");
  await settle();
  assert.equal(command.outcome, "RAFT_NOT_COMMITTED superseded");
  assert.equal(other.outcome, "RAFT_NOT_COMMITTED superseded", "terms grow along a log");
});

test("Proposals: an empty entry of a newer term settles what an older leader put behind it", async () => {
  const scene = book();
  const held = placed(scene, 9, 2);
  scene.proposals.passed({ index: 7, term: 2 });
  await settle();
  assert.equal(held.outcome, "pending");
  scene.proposals.passed({ index: 8, term: 3 });
  await settle();
  assert.equal(held.outcome, "RAFT_NOT_COMMITTED superseded");
});

test("Proposals: two that wait for one index get what each deserves", async () => {
  const scene = book();
  const old = placed(scene, 3, 2);
  const young = placed(scene, 3, 4);
  scene.proposals.applied({ index: 3, term: 4 }, "three");
  await settle();
  assert.equal(old.outcome, "RAFT_NOT_COMMITTED superseded");
  assert.equal(young.outcome, "three at 3^4");
});

test("E14 Proposals: a snapshot over its index leaves the outcome unknown", async () => {
  const scene = book();
  const below = placed(scene, 3, 2);
  const above = placed(scene, 9, 3);
  scene.proposals.restored({ index: 5, term: 3 });
  await settle();
  assert.equal(below.outcome, "RAFT_OUTCOME_UNKNOWN 3^2");
  assert.equal(above.outcome, "pending");
  scene.proposals.end("closed", "closed");
});

test("Proposals: a leader's answer that comes after the entry still finds the result", async () => {
  const scene = book();
  const { proposals } = scene;
  const held = scene.add();
  assert(held.proposal !== undefined);
  proposals.forwarded(held.proposal, 77, 2);
  proposals.applied({ index: 3, term: 2 }, "three");
  const found = proposals.forward(77, 2);
  assert.equal(found, held.proposal);
  assert.equal(proposals.forward(77, 3), undefined, "only the node that was asked may answer");
  proposals.appended(held.proposal, { index: 3, term: 2 });
  await settle();
  assert.equal(held.outcome, "three at 3^2");
});

test("Proposals: a late answer is unknown when nobody remembers the entry, else certain", async () => {
  const scene = book();
  scene.proposals.applied({ index: 3, term: 2 }, "three");
  const forgotten = placed(scene, 3, 2);
  const asked = scene.add();
  assert(asked.proposal !== undefined);
  scene.proposals.forwarded(asked.proposal, 1, 2);
  scene.proposals.applied({ index: 4, term: 3 }, "four");
  scene.proposals.appended(asked.proposal, { index: 4, term: 2 });
  await settle();
  assert.equal(forgotten.outcome, "RAFT_OUTCOME_UNKNOWN 3^2");
  assert.equal(asked.outcome, "RAFT_NOT_COMMITTED superseded");
});

test("I4 I5 Proposals: time, loss, abort and the end settle each stage by what is certain", async () => {
  const ways: readonly [string, (scene: ReturnType<typeof book>) => void, string][] = [
    ["time", ({ proposals }) => void proposals.expire(1000), "no-leader"],
    ["end", ({ proposals }) => proposals.end("closed", "closed"), "closed"],
    ["failure", ({ proposals }) => proposals.end("failed", "disk"), "failed"],
  ];
  for (const [way, act, reason] of ways) {
    const scene = book();
    const seeking = scene.add();
    const sent = scene.add();
    assert(sent.proposal !== undefined);
    scene.proposals.forwarded(sent.proposal, 5, 2);
    const inLog = placed(scene, 3, 2);
    act(scene);
    await settle();
    assert.equal(seeking.outcome, `RAFT_NOT_COMMITTED ${reason}`, way);
    assert.equal(sent.outcome, "RAFT_OUTCOME_UNKNOWN 0^0", way);
    assert.equal(inLog.outcome, "RAFT_OUTCOME_UNKNOWN 3^2", way);
    assert.equal(scene.proposals.size, 0, way);
  }
});

test("Proposals: a lost connection makes unknown what was sent over it, and nothing else", async () => {
  const scene = book();
  const [one, other, waits] = [scene.add(), scene.add(), scene.add()];
  assert(one.proposal !== undefined && other.proposal !== undefined);
  scene.proposals.forwarded(one.proposal, 1, 2);
  scene.proposals.forwarded(other.proposal, 2, 3);
  scene.proposals.lost(2);
  await settle();
  assert.equal(one.outcome, "RAFT_OUTCOME_UNKNOWN 0^0");
  assert.equal(other.outcome, "pending");
  assert.equal(waits.outcome, "pending");
  scene.proposals.end("closed", "closed");
});

test("Proposals: a signal ends the wait and leaves no listener behind", async () => {
  const scene = book();
  const before = new AbortController();
  before.abort();
  const early = scene.add("x", before.signal);
  const controller = new AbortController();
  const seeking = scene.add("x", controller.signal);
  const inLog = scene.add("x", controller.signal);
  assert(inLog.proposal !== undefined);
  scene.proposals.appended(inLog.proposal, { index: 3, term: 2 });
  controller.abort();
  await settle();
  assert.equal(early.outcome, "RAFT_NOT_COMMITTED aborted");
  assert.equal(seeking.outcome, "RAFT_NOT_COMMITTED aborted");
  assert.equal(inLog.outcome, "RAFT_OUTCOME_UNKNOWN 3^2");

  const counted = { aborted: false, listeners: 0 };
  const signal = {
    aborted: false,
    addEventListener: () => void counted.listeners++,
    removeEventListener: () => void counted.listeners--,
  };
  const done = scene.proposals.add(bytes("x"), 1000, signal, (proposal) =>
    scene.proposals.appended(proposal, { index: 4, term: 2 }),
  );
  assert.equal(counted.listeners, 1);
  scene.proposals.applied({ index: 4, term: 2 }, "four");
  await done;
  assert.equal(counted.listeners, 0);
});

test("Proposals: budgets of count and bytes turn away with a hint when to come back", async () => {
  const scene = book({ count: 2, bytes: 10 });
  const big = scene.add("0123456789");
  const more = scene.add("y");
  await settle();
  assert.equal(more.outcome, "RAFT_NOT_COMMITTED overloaded");
  assert(big.proposal !== undefined);
  scene.proposals.appended(big.proposal, { index: 1, term: 1 });
  assert.equal(
    scene.add("0123456789").outcome,
    "pending",
    "bytes in a log are the leader's to count",
  );
  const third = scene.proposals.add(bytes("z"), 1000, undefined, () => {});
  await assert.rejects(third, {
    code: "RAFT_NOT_COMMITTED",
    reason: "overloaded",
    retryAfterMs: 50,
  });
  scene.proposals.end("closed", "closed");
});

test("Proposals: expire() says when to look again", () => {
  const scene = book();
  assert.equal(scene.proposals.expire(0), Number.POSITIVE_INFINITY);
  const held = scene.add();
  assert.equal(scene.proposals.expire(0), 1000);
  assert(held.proposal !== undefined);
  scene.proposals.forwarded(held.proposal, 1, 2);
  scene.proposals.refused(held.proposal, 400);
  assert.equal(scene.proposals.expire(0), 400);
  assert.equal(scene.proposals.expire(400), 1000);
  scene.proposals.end("closed", "closed");
});

interface Held {
  readonly proposal: Proposal<number>;
  readonly controller: AbortController;
}

/** A book in a log that only grows, and all that was ever put into it. */
class World {
  readonly proposals = new Proposals<number>({ count: 8, bytes: 40, retryAfterMs: 1 });
  readonly all: Held[] = [];
  readonly ends: Promise<unknown>[] = [];
  index = 0;
  term = 1;
  requests = 0;

  add(): void {
    const controller = new AbortController();
    const added = this.proposals.add(bytes("12345"), 100, controller.signal, (proposal) => {
      this.all.push({ proposal, controller });
    });
    this.ends.push(added.catch((error: unknown) => error));
  }

  /** The next entry, `by` further on. */
  next(by: number): { readonly index: number; readonly term: number } {
    this.index += by;
    return { index: this.index, term: this.term };
  }

  /** A place in a log is given once, so never one that two share. */
  append({ proposal }: Held): void {
    const at = { index: this.index + 2, term: this.term };
    const isNew = this.all.every((one) => !isAt(one.proposal, at.index, at.term));
    if (isNew) this.proposals.appended(proposal, at);
  }
}

function isAt(proposal: Proposal<number>, index: number, term: number): boolean {
  return proposal.index === index && proposal.term === term;
}

/** What can happen; those with a `Held` happen to one that was put in before. */
const MOVES: Readonly<Record<string, (world: World, one: Held | undefined) => void>> = {
  add: (world) => world.add(),
  apply: (world) => world.proposals.applied(world.next(1), world.index),
  pass: (world) => {
    // An empty entry is nobody's command: it has a term of its own.
    world.term++;
    world.proposals.passed(world.next(1));
  },
  restore: (world) => world.proposals.restored(world.next(3)),
  expire: (world) => void world.proposals.expire(100),
  append: (world, one) => one && world.append(one),
  forward: (world, one) => one && world.proposals.forwarded(one.proposal, ++world.requests, 2),
  refuse: (world, one) => one && world.proposals.refused(one.proposal, 0),
  abort: (_world, one) => one?.controller.abort(),
  lose: (world) => world.proposals.lost(2),
};
const WEIGHTED = [...Object.keys(MOVES), "add", "add", "append", "append", "apply", "apply"];

test("I4 property: whatever happens, each proposal settles and nothing is left in the book", async () => {
  const moves = fc.array(fc.tuple(fc.constantFrom(...WEIGHTED), fc.nat(20)), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(moves, async (steps) => {
      const world = new World();
      for (const [name, which] of steps) {
        MOVES[name]?.(world, world.all[which % Math.max(1, world.all.length)]);
      }
      const { proposals, all, ends } = world;
      proposals.end("closed", "closed");
      const added = steps.filter(([name]) => name === "add").length;
      assert.equal((await Promise.all(ends)).length, added);
      assert.equal(proposals.size, 0);
      assert.equal(proposals.seeking.size, 0);
      assert(all.every(({ proposal }) => proposal.stage === "settled"));
      // All budgets are free again (G2).
      const last = proposals.add(new Uint8Array(40), 100, undefined, () => {});
      proposals.end("closed", "closed");
      await assert.rejects(last, { reason: "closed" });
    }),
    { numRuns: 300 },
  );
});
