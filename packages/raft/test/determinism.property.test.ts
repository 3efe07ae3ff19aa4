/**
 * The core is a function of its inputs: same inputs, same states and effects; and what it has
 * handed out stays as it was.
 */

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { createRaft, InvariantError, type RaftConfig, step, takeEffects } from "@holdfast/raft";
import fc from "fast-check";
import { cloneRaft, freezeDeep, type Life, Recorder, replay } from "./recorder.ts";
import type { Server } from "./world.ts";

/** Another one explores further; a failure prints what replays it. */
const SEED = Number(process.env["SEED"] ?? 1);

const TURNS = 400;

type Options = Partial<Omit<RaftConfig, "id" | "members">>;

const configs: fc.Arbitrary<Options> = fc.record({
  electionTimeoutMs: fc.constant(60),
  electionTimeoutMaxMs: fc.constantFrom(70, 120),
  heartbeatMs: fc.constantFrom(10, 30),
  retransmitMs: fc.constantFrom(15, 50),
  coalesceMs: fc.constantFrom(0, 5),
  preVote: fc.boolean(),
  checkQuorum: fc.boolean(),
  noop: fc.boolean(),
  messageBytesMax: fc.constantFrom(1, 50, 1000),
  windowMessages: fc.constantFrom(1, 3),
  trailingEntries: fc.constantFrom(0, 3),
});

/**
 * Lets a cluster run into everything: loss, repetition, slow disks, crashes, snapshots in pieces.
 */
function record(seed: number, voters: number, config: Options): Recorder {
  const world = new Recorder({ voters, seed, config, snapshotPieces: 2 });
  for (let turn = 0; turn < TURNS; turn++) {
    world.now += world.draw(5);
    for (let message = 0; message < 3; message++) network(world);
    for (const server of world.servers) live(world, server);
    for (const leader of world.leaders()) {
      if (world.draw(4) === 0) propose(world, leader);
    }
  }
  return world;
}

/** A turn of one server: its disk, its timer, its effects, its accidents. */
function live(world: Recorder, server: Server): void {
  if (!server.isUp) {
    if (world.draw(20) === 0) world.restart(server);
    return;
  }
  const dice = world.draw(100);
  if (dice === 0) {
    world.crash(server);
    return;
  }
  if (dice < 4) world.compact(server);
  else if (dice < 60) world.completeWrite(server);
  world.tick(server);
  if (world.draw(3) > 0) world.flush(server);
}

function network(world: Recorder): void {
  const [message] = world.wire.splice(world.draw(Math.min(world.wire.length, 4) || 1), 1);
  if (message === undefined) return;
  const dice = world.draw(20);
  if (dice === 0) world.wire.push(message);
  if (dice !== 1) world.deliver(message);
}

function propose(world: Recorder, leader: Server): void {
  const commands = Array.from({ length: 1 + world.draw(3) }, () => Uint8Array.of(world.draw(200)));
  world.step(leader, { kind: "propose", commands });
}

const runs = fc.tuple(fc.integer({ min: 1, max: 1e9 }), fc.constantFrom(1, 3, 3, 5), configs);

function kindsIn(lives: readonly Life[]): Set<string> {
  const kinds = new Set<string>();
  for (const { turns } of lives) {
    for (const turn of turns) {
      if (turn.kind === "take")
        for (const event of turn.effects?.events ?? []) kinds.add(event.kind);
      else kinds.add(turn.input.kind);
    }
  }
  return kinds;
}

test("the same start and inputs give the same results, effects and state, from birth and from any copy", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(runs, ([seed, voters, config]) => {
      const world = record(seed, voters, config);
      for (const life of world.lives) {
        replay(life.born, life.turns);
        for (const [at, copy] of life.copies) replay(copy, life.turns.slice(at));
      }
      for (const server of world.servers) {
        const life = world.lives.findLast((each) => each.server === server);
        if (server.isUp) assert.deepEqual(life?.born, server.raft);
      }
      for (const kind of kindsIn(world.lives)) seen.add(kind);
    }),
    { seed: SEED, numRuns: 25 },
  );
  // Not vacuous: the runs elected, replicated, truncated, sent snapshots and took them.
  const wanted = ["became-leader", "committed", "truncated", "snapshot-installed", "compacted"];
  for (const kind of wanted) assert.ok(seen.has(kind), `no run had ${kind}`);
});

test("createRaft gives equal nodes from equal input, and another seed gives other timeouts", () => {
  const world = new Recorder({ voters: 3, seed: 7 });
  const { config, deadline } = world.server(1).raft;
  const restored = {
    hardState: { term: 0, vote: 0 },
    snapshot: undefined,
    start: { index: 0, term: 0 },
    entries: [],
  };
  assert.deepEqual(createRaft(config, { ...restored, random: 7 }, 0), world.server(1).raft);
  assert.notEqual(createRaft(config, { ...restored, random: 8 }, 0).deadline, deadline);
});

test("what was handed in or out is never changed: it is frozen at once, and its bytes stay as they were", () => {
  let count = 0;
  fc.assert(
    fc.property(runs, ([seed, voters, config]) => {
      // The recorder freezes every input and all effects: a later change would throw in the step
      // that makes it.
      const { bytes } = record(seed, voters, config);
      for (const [data, first] of bytes) assert.equal(String(data), first);
      count += bytes.size;
    }),
    { seed: SEED, numRuns: 15 },
  );
  assert.ok(count > 500, `only ${count} payloads and pieces were seen`);
});

test("effects that were empty stay empty when later steps have something to say", () => {
  const { raft } = new Recorder({ voters: 3, seed: 1 }).server(1);
  const empty = takeEffects(raft);
  freezeDeep(empty, new Map());
  step(raft, { kind: "tick" }, raft.deadline);
  const first = takeEffects(raft);
  assert.ok(first.events.length > 0);
  assert.deepEqual(empty, { ...first, send: [], write: undefined, events: [] });
});

test("the recorder's own checks fire: a copy that differs is found", () => {
  const options = { electionTimeoutMs: 60, electionTimeoutMaxMs: 120, heartbeatMs: 10 };
  const lives = [3, 4, 5].flatMap((seed) => record(seed, 3, options).lives);
  // The random word counts for those that started an election themselves.
  const differing = lives.filter((life) => {
    const other = cloneRaft(life.born);
    other.random++;
    try {
      replay(other, life.turns);
      return false;
    } catch (error) {
      assert.ok(error instanceof assert.AssertionError || error instanceof InvariantError);
      return true;
    }
  });
  assert.ok(differing.length > 0, `none of ${lives.length} lives`);
});
