/** A history again, move by move: the world that it ends in, and what happened in words. */

import { assert, type Message, narrate, narrateMessage } from "@holdfast/raft";
import type { Invariant, Violation } from "./invariants.ts";
import { type Move, moveOf } from "./move.ts";
import { type Plant, SOUND } from "./plant.ts";
import type { Scope } from "./scope.ts";
import { perform, type Turn } from "./turn.ts";
import { beginning, type World } from "./world.ts";

/** A history, and the search that it comes from. */
export interface ReplayOptions {
  readonly scope: Scope;
  /** As in `Finding.moves`. */
  readonly moves: readonly number[];
  /** Both as they were given to `explore`. */
  readonly plant?: Plant;
  readonly unwatched?: readonly Invariant[];
}

/** Where a history ends. */
export interface Replay {
  readonly world: World;
  /** What a move broke, or undefined when none did. */
  readonly violation: Violation | undefined;
  /** A line for each move, and indented below it one for each thing that came of it. */
  readonly story: readonly string[];
}

/** Plays the moves from the beginning, up to the first violation. */
export function replay({ scope, moves, plant, unwatched }: ReplayOptions): Replay {
  const rules = { scope, plant: plant ?? SOUND, unwatched: unwatched ?? [] };
  const story: string[] = [];
  let world = beginning(scope);
  for (const code of moves) {
    const move = moveOf(code);
    story.push(sayMove(world, move));
    const turn = perform(world, move, rules);
    for (const line of sayOutcome(turn, move, world)) story.push(`    ${line}`);
    const { wire } = turn.world;
    const left = turn.sent.filter((_, at) => (move.lost & (1 << at)) === 0);
    world = { ...turn.world, wire: [...wire, ...left] };
    if (turn.violation !== undefined) {
      story.push(`broken: ${turn.violation.invariant}: ${turn.violation.detail}`);
      return { world, violation: turn.violation, story };
    }
  }
  return { world, violation: undefined, story };
}

function sayMove({ wire }: World, { kind, who, detail }: Move): string {
  switch (kind) {
    case "deliver": {
      const message = wire[who];
      assert(message !== undefined, "retell: no such message");
      return `${detail === 1 ? "arrives, and a copy stays" : "arrives"}: ${narrateMessage(message)}`;
    }
    case "timeout":
      return `${who}: election timeout`;
    case "propose":
      return `${who}: a client proposes a command`;
    case "persist":
      return `${who}: the oldest write is on disk`;
    case "crash":
      return `${who}: crashes with ${detail} of the writes under way on disk, and restarts`;
    case "heartbeat":
      return `${who}: heartbeats are due`;
    case "give-up":
      return `${who}: gives up waiting for answers`;
    case "unreachable":
      return `${who}: is told that ${detail} can't be reached`;
    case "quiet":
      return `${who}: has not heard its leader for a while`;
    default:
      return `${who}: has heard no majority for long`;
  }
}

/** What the server did, what it sent, and whether that is under way. */
function sayOutcome({ events, sent, world }: Turn, move: Move, before: World): string[] {
  const at = (before.wire[move.kind === "deliver" ? move.who : -1]?.to ?? move.who) - 1;
  const writes = (world.hosts[at]?.pending.length ?? 0) - (before.hosts[at]?.pending.length ?? 0);
  return [
    ...events.map(narrate),
    ...(writes > 0 && move.kind !== "crash" ? ["queues a write"] : []),
    ...sent.map((message, index) => saySent(message, (move.lost & (1 << index)) !== 0)),
  ];
}

function saySent(message: Message, isLost: boolean): string {
  return `${isLost ? "sends, and it is lost" : "sends"}: ${narrateMessage(message)}`;
}
