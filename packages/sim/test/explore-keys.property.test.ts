/** What the explorer's keys are worth: equal ones mean equal futures, and names mean nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@holdfast/raft";
import { explore, type Scope, SMALLEST, SOUND } from "@holdfast/sim";
import fc from "fast-check";
import { Keys, ordersOf } from "../src/explore/canonical.ts";
import { type Action, actionsOf } from "../src/explore/move.ts";
import { isWithin, perform, type Rules } from "../src/explore/turn.ts";
import { beginning, type World } from "../src/explore/world.ts";
import { afterLoss, bitOf, CHOICES, SCOPES, walk } from "./explore-walk.ts";

const SMALL: Scope = { ...SMALLEST, voters: 3, heartbeats: true, timeouts: true, duplicates: true };

const MERGED: Readonly<Record<string, Partial<Scope>>> = {
  "all timers and repeated messages": {},
  "slow disks and crashes": { writesMax: 1, crashesMax: 1, entriesMax: 2 },
  "trial elections, check-quorum and no-ops": { preVote: true, checkQuorum: true, noop: true },
};

/** Of the pairs that a search meets every so many are compared, so that it gets far. */
const EVERY = 12;
const PAIRS = 1200;

for (const [what, bounds] of Object.entries(MERGED)) {
  test(`worlds with one key have the same successors: ${what}`, () => {
    const scope = { ...SMALL, ...bounds };
    const keys = new Keys(scope.voters);
    const known = new Map<string, World>();
    let met = 0;
    let level = [leading(scope)];
    while (level.length > 0 && met < PAIRS * EVERY) {
      const next: World[] = [];
      for (const world of level) {
        const key = keyOf(keys, world);
        const first = known.get(key);
        if (first === undefined) {
          known.set(key, world);
          next.push(...successors(world, scope));
        } else if (isOther(world, first) && met < PAIRS * EVERY && ++met % EVERY === 0) {
          assert.equal(futures(keys, world, scope), futures(keys, first, scope));
        }
      }
      level = next;
    }
    assert.equal(met, PAIRS * EVERY, "pairs of different worlds with one key");
  });
}

/** Server 1 leads term 1, and its first appends are under way. */
function leading(scope: Scope): World {
  const rules: Rules = { scope, plant: SOUND, unwatched: [] };
  let world = beginning(scope);
  const act = (kind: Action["kind"], who: number): void => {
    world = afterLoss(perform(world, { kind, who, detail: 0 }, rules), ({ kind, to }) => {
      return kind === "vote-request" && to === 3;
    });
    for (const { raft, pending } of world.hosts) {
      if (pending.length > 0) act("persist", raft.config.id);
    }
  };
  act("timeout", 1);
  act("deliver", 0);
  act("deliver", 0);
  assert.equal(world.hosts[0]?.raft.role.kind, "leader");
  return world;
}

test("a renamed history ends in a world with the same key", () => {
  const keys = new Keys(3);
  let turns = 0;
  const property = fc.property(SCOPES, CHOICES, fc.nat(5), (scope, choices, which) => {
    const names = [0, ...(ordersOf(3)[which] ?? []).map((at) => at + 1)];
    const rules: Rules = { scope, plant: SOUND, unwatched: [] };
    let twin = beginning(scope);
    walk(scope, choices, ({ before, action, turn, after }) => {
      const left = new Set(after.wire);
      let lostLinks = 0;
      for (const { from, to } of turn.sent.filter((message) => !left.has(message))) {
        lostLinks |= bitOf(names[from] ?? 0, names[to] ?? 0);
      }
      const twinTurn = perform(twin, renamed(action, before, twin, names), rules);
      twin = afterLoss(twinTurn, ({ from, to }) => (bitOf(from, to) & lostLinks) !== 0);
      assert.deepEqual(keys.of(twin), keys.of(after));
      turns++;
    });
  });
  fc.assert(property, { numRuns: 150, seed: 13 });
  assert.ok(turns > 1500, `only ${turns} turns`);
});

test("names apart, one election timeout leads to as many worlds as messages can be lost", () => {
  for (const [voters, worlds] of [
    [2, 2],
    [3, 3],
    [4, 4],
  ] as const) {
    const scope = { ...SMALLEST, voters, messagesMax: 4 };
    assert.equal(explore({ scope, depthMax: 1 }).distinct, 1 + worlds, `${voters} voters`);
  }
});

function keyOf(keys: Keys, world: World): string {
  return keys.of(world).numbers.join(" ");
}

/** Whether two worlds differ in more than the path that led there: in clocks, numbers or names. */
function isOther(one: World, other: World): boolean {
  return JSON.stringify(one.hosts) !== JSON.stringify(other.hosts);
}

function successors(world: World, scope: Scope): World[] {
  const rules: Rules = { scope, plant: SOUND, unwatched: [] };
  const worlds: World[] = [];
  for (const action of actionsOf(world, scope)) {
    const turn = perform(world, action, rules);
    assert.equal(turn.violation, undefined);
    for (let lost = 0; lost < 1 << turn.sent.length; lost++) {
      const next = afterLoss(turn, (message) => (lost & (1 << turn.sent.indexOf(message))) !== 0);
      if (next.wire.length <= scope.messagesMax && isWithin(next, scope)) worlds.push(next);
    }
  }
  return worlds;
}

function futures(keys: Keys, world: World, scope: Scope): string {
  const all = new Set(successors(world, scope).map((next) => keyOf(keys, next)));
  return [...all].sort().join("\n");
}

/** The same action under other names. */
function renamed(action: Action, { wire }: World, twin: World, names: readonly number[]): Action {
  const message = wire[action.who];
  if (action.kind === "unreachable") {
    return { ...action, who: names[action.who] ?? 0, detail: names[action.detail] ?? 0 };
  }
  if (action.kind !== "deliver" || message === undefined) {
    return { ...action, who: names[action.who] ?? 0 };
  }
  const same = wire.slice(0, action.who).filter((each) => say(each) === say(message)).length;
  const wanted = say({ ...message, from: names[message.from] ?? 0, to: names[message.to] ?? 0 });
  const places = [...twin.wire.keys()].filter((at) => say(twin.wire[at]) === wanted);
  return { ...action, who: places[same] ?? -1 };
}

/** A message without the number of its request: numbers depend on the order of the peers. */
function say(message: Message | undefined): string {
  return JSON.stringify({ ...message, seq: 0 });
}
