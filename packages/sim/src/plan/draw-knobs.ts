/**
 * Draws the options of the product, extremes included: most planted bugs need one of them
 * (U5; lesson 2 of the first prototype: Fig. 8 shows itself with one entry per message).
 */

import { makeConfig, type NodeId } from "@holdfast/raft";
import type { Dice } from "./dice.ts";
import { commandBytes, operationsPerSecond, stateBytes } from "./draw-load.ts";
import type { Pace, Timing } from "./pace.ts";
import type { Knobs, Load, Plan } from "./plan.ts";

/** What must fit together. */
export interface KnobFrame {
  readonly pace: Pace;
  readonly load: Load;
  readonly seconds: number;
  /** What a recipe or the profile asks for. */
  readonly fixed: Knobs;
}

/** The options of all nodes, and what differs on single ones. */
export function drawKnobs(
  dice: Dice,
  ids: readonly NodeId[],
  frame: KnobFrame,
): { readonly knobs: Knobs; readonly nodeKnobs: Record<NodeId, Knobs> } {
  const { common, timings } = frame.pace;
  const knobs = drawAll(dice.fork("all"), frame, common);
  const nodeKnobs: Record<NodeId, Knobs> = {};
  const differs = dice.fork("differs").chance(25);
  for (const id of ids) {
    const timing = timings.get(id) ?? common;
    const own: Record<string, unknown> = timing === common ? {} : { ...timing };
    if (differs) Object.assign(own, drawDifferences(dice.fork(id), frame, timing));
    for (const field of Object.keys(frame.fixed)) delete own[field];
    if (Object.keys(own).length > 0) nodeKnobs[id] = own;
  }
  return { knobs, nodeKnobs };
}

/**
 * Any of these may differ between nodes: it is safe by the protocol, and none waits for another.
 */
const GROUPS: readonly (readonly (keyof Knobs)[])[] = [
  ["preVote"],
  ["checkQuorum"],
  ["noop"],
  ["messageBytesMax", "windowMessages", "windowBytes", "retransmitMs", "coalesceMs"],
  ["segmentBytes", "preallocate"],
  ["snapshotEveryEntries", "snapshotEveryBytes", "trailingEntries"],
  ["snapshotChunkBytes"],
  ["applySliceMs", "proposalsMax"],
];

function drawDifferences(dice: Dice, frame: KnobFrame, timing: Timing): Knobs {
  const other: Knobs = drawAll(dice.fork("other"), frame, timing);
  const own: Record<string, unknown> = {};
  for (const group of GROUPS) {
    if (!dice.chance(25)) continue;
    for (const field of group) own[field] = other[field];
  }
  return own;
}

function drawAll(dice: Dice, frame: KnobFrame, timing: Timing): Knobs {
  return {
    ...timing,
    ...drawRules(dice.fork("rules")),
    ...drawReplication(dice.fork("replication"), frame, timing),
    ...drawStorage(dice.fork("storage"), frame),
    ...frame.fixed,
  };
}

function drawRules(dice: Dice): Knobs {
  return {
    preVote: dice.chance(80),
    checkQuorum: dice.chance(75),
    noop: dice.chance(85),
    applySliceMs: dice.pick([0.1, 1, 5, 50]),
    proposalsMax: dice.weighted([
      [4, 1],
      [8, dice.between(2, 5)],
      [18, dice.between(6, 64)],
      [70, 10_000],
    ]),
  };
}

/** How entries travel: from one at a time to all at once. */
function drawReplication(dice: Dice, frame: KnobFrame, timing: Timing): Knobs {
  const { pace, load } = frame;
  const command = commandBytes(load);
  const answerMs = 2 * pace.packetMs + pace.syncMs;
  const isCoalescing = dice.chance(25);
  const coalesceMax = Math.max(
    1,
    Math.floor(Math.min(timing.electionTimeoutMs, pace.shortMs) / 20),
  );
  const coalesceMs = isCoalescing ? dice.spreadWhole(1, coalesceMax) : 0;
  const window = widened(frame, Math.max(answerMs, coalesceMs), {
    messageBytesMax: dice.pick([1, 1, 64, 512, 4096, 1 << 16, 1 << 20]),
    windowMessages: dice.pick([1, 2, 4, 16, 64, 256]),
    windowBytes: dice.pick([1, 200, 2000, 1 << 16, 8 << 20, 8 << 20]),
  });
  return {
    ...window,
    coalesceMs: timing.heartbeatMs + coalesceMs < timing.electionTimeoutMs ? coalesceMs : 0,
    // Shorter than an answer takes: everything would count as lost all the time.
    retransmitMs: dice.spreadWhole(
      Math.ceil(2 * answerMs + 2),
      Math.max(3 * answerMs, pace.longMs),
    ),
    commandBytesMax: Math.max(2 * command, dice.pick([1, 1 << 16, 8 << 20])),
    uncommittedBytesMax: Math.max(4 * command, dice.pick([1, 64 * command, 1 << 20, 64 << 20])),
  };
}

interface Window {
  readonly messageBytesMax: number;
  readonly windowMessages: number;
  readonly windowBytes: number;
}

/**
 * Opens a window until a follower that has nothing gets the whole log within a few election
 * timeouts and the load passes through easily: else the plan shows a backlog and nothing more.
 */
function widened(frame: KnobFrame, turnMs: number, window: Window): Window {
  const { load, seconds, pace } = frame;
  const rate = operationsPerSecond(load);
  const all = rate * seconds * (1 - load.reads / 1000);
  const least = Math.max(4 * rate, (1000 * all) / (4 * pace.longMs));
  const entry = commandBytes(load);
  let { messageBytesMax, windowMessages, windowBytes } = window;
  for (;;) {
    const perMessage = Math.max(1, Math.floor(messageBytesMax / entry));
    const underWay = Math.min(windowMessages, Math.ceil(windowBytes / (perMessage * entry)));
    if ((underWay * perMessage * 1000) / turnMs >= least) break;
    if (underWay < windowMessages) windowBytes *= 4;
    else if (windowMessages < 64) windowMessages *= 2;
    else messageBytesMax = Math.max(entry, messageBytesMax) * 2;
  }
  return { messageBytesMax, windowMessages, windowBytes };
}

/** Files and snapshots: from one batch per segment and a snapshot every third entry on. */
function drawStorage(dice: Dice, { pace, load, seconds }: KnobFrame): Knobs {
  const state = stateBytes(load, seconds);
  const isHeavy = state > 8000 || operationsPerSecond(load) > 60;
  const every = dice.weighted([
    [isHeavy ? 0 : 10, 3],
    [isHeavy ? 4 : 18, 10],
    [22, 40],
    [20, 150],
    [10, 1000],
    [25, 0],
  ]);
  const pieceMs = 2 * pace.packetMs + 0.5;
  const pieces = Math.max(4, Math.min(400, Math.floor((3 * pace.longMs) / pieceMs)));
  const leastChunk = Math.ceil(state / pieces);
  const chunks = [1, 7, 64, 512, 4096, 1 << 16, 256 << 10];
  return {
    segmentBytes: dice.weighted([
      [4, 512],
      [32, 4096],
      [30, 16 << 10],
      [22, 64 << 10],
      [12, 256 << 10],
    ]),
    preallocate: dice.chance(50),
    snapshotChunkBytes: Math.max(leastChunk, dice.pick(chunks)),
    snapshotEveryEntries: every,
    snapshotEveryBytes: dice.weighted([
      [70, 0],
      [isHeavy ? 3 : 15, dice.spreadWhole(500, 20_000)],
      [15, 64 << 20],
    ]),
    trailingEntries: dice.weighted([
      [30, 0],
      [15, 1],
      [25, 10],
      [15, 100],
      [15, 5000],
    ]),
  };
}

/** Options of one node as the plan has them. */
export function knobsOf(plan: Pick<Plan, "knobs" | "nodeKnobs">, id: NodeId): Knobs {
  return { ...plan.knobs, ...plan.nodeKnobs[id] };
}

/** Throws what the core throws for the options of this node. */
export function checkKnobs(plan: Pick<Plan, "nodes" | "knobs" | "nodeKnobs">, id: NodeId): void {
  const voters = Array.from({ length: plan.nodes }, (_, at) => at + 1);
  const { knobs, nodeKnobs } = plan;
  makeConfig({ ...knobsOf({ knobs, nodeKnobs }, id), id, members: { voters } });
}
