/** Ways through a small scope for the tests of the explorer, drawn by fast-check. */

import assert from "node:assert/strict";
import type { Message } from "@holdfast/raft";
import { type Scope, SMALLEST, SOUND } from "@holdfast/sim";
import fc from "fast-check";
import { type Action, actionsOf } from "../src/explore/move.ts";
import { perform, type Rules, type Turn } from "../src/explore/turn.ts";
import { beginning, type World } from "../src/explore/world.ts";

/** Everything can happen here. */
export const LIVELY: Scope = {
  ...SMALLEST,
  voters: 3,
  termMax: 6,
  entriesMax: 4,
  messagesMax: 8,
  writesMax: 2,
  crashesMax: 3,
  duplicates: true,
  heartbeats: true,
  timeouts: true,
  batchMax: 2,
};

/** What happens in one turn: which of the actions, and which links lose what is sent. */
export interface Choice {
  readonly action: number;
  readonly lostLinks: number;
}

export const CHOICES: fc.Arbitrary<Choice[]> = fc.array(
  fc.record({ action: fc.nat(1000), lostLinks: fc.nat(511) }),
  { minLength: 10, maxLength: 40 },
);

export const SCOPES: fc.Arbitrary<Scope> = fc
  .record({
    preVote: fc.boolean(),
    checkQuorum: fc.boolean(),
    noop: fc.boolean(),
    writesMax: fc.constantFrom(0, 2),
  })
  .map((drawn) => ({ ...LIVELY, ...drawn }));

/** Bit of a link in `lostLinks`. */
export function bitOf(from: number, to: number): number {
  return 1 << ((from - 1) * 3 + to - 1);
}

export interface Taken {
  readonly before: World;
  readonly action: Action;
  readonly turn: Turn;
  readonly after: World;
}

/** Takes the choices one by one and shows each turn; those that lead out of the scope are left. */
export function walk(scope: Scope, choices: readonly Choice[], show: (taken: Taken) => void): void {
  const rules: Rules = { scope, plant: SOUND, unwatched: [] };
  let world = beginning(scope);
  for (const { action: drawn, lostLinks } of choices) {
    const actions = actionsOf(world, scope);
    // Elections and crashes are half of what can happen, and then nothing else would.
    const action = actions[Math.floor(drawn / 7) % actions.length];
    if (action === undefined) return;
    const turn = perform(world, action, rules);
    assert.equal(turn.violation, undefined);
    const after = afterLoss(turn, (message) => (bitOf(message.from, message.to) & lostLinks) !== 0);
    if (!fits(after, scope)) continue;
    show({ before: world, action, turn, after });
    world = after;
  }
}

export function afterLoss({ world, sent }: Turn, isLost: (message: Message) => boolean): World {
  return { ...world, wire: [...world.wire, ...sent.filter((message) => !isLost(message))] };
}

function fits({ hosts, wire }: World, scope: Scope): boolean {
  return (
    wire.length <= scope.messagesMax &&
    hosts.every(
      ({ raft, pending }) =>
        raft.term <= scope.termMax &&
        raft.log.lastIndex <= scope.entriesMax &&
        pending.length <= Math.max(1, scope.writesMax),
    )
  );
}
