/** What a server lacks of the leader's log, and how long it takes at most to carry it there. */

import { entryBytes, type Index, type Raft } from "@holdfast/raft";
import type { DurableLog } from "../durable-log.ts";
import { knobsOf } from "../plan/draw-knobs.ts";
import type { Server } from "./server.ts";
import type { World } from "./world.ts";

/** Unless a plan says otherwise. */
const CHUNK_BYTES = 256 << 10;

/**
 * For what is not on the disk of `server`, whether it is up or not. A leader outside of the core
 * gives up its office to anyone in it: then whoever would take longest counts.
 */
export function backlogMs(world: World, server: Server, core: readonly Server[]): number {
  const leaders = core.filter(({ raft }) => raft?.role.kind === "leader");
  const carriers = leaders.length > 0 ? leaders : core;
  return Math.max(0, ...carriers.map((carrier) => carryingMs(world, carrier, server)));
}

function carryingMs(world: World, from: Server, to: Server): number {
  const { raft } = from;
  if (raft === undefined || from === to) return 0;
  const { log, snapshot } = raft;
  const shared = sharedUpTo(log, to.durable);
  const isCompacted = shared < log.startIndex;
  const pieces = isCompacted ? piecesOf(world, from, to) : 0;
  const first = 1 + (isCompacted ? (snapshot?.index ?? log.startIndex) : shared);
  return (pieces + windowsFrom(raft, first)) * turnMs(world, raft);
}

/** Up to here both have the same log; an own snapshot holds only what is committed. */
function sharedUpTo(log: Raft["log"], durable: DurableLog): Index {
  let at = Math.min(log.lastIndex, durable.lastIndex);
  while (at >= log.startIndex && durable.entryAt(at)?.term !== log.termAt(at)) at--;
  return Math.max(at, durable.snapshotIndex);
}

/** One is under way at a time; who gets it reads it again in pieces of its own size. */
function piecesOf({ plan }: World, from: Server, to: Server): number {
  const bytes = from.life?.replica?.status().snapshotBytes ?? 0;
  const chunks = [from, to].map(({ id }) => knobsOf(plan, id).snapshotChunkBytes ?? CHUNK_BYTES);
  return Math.ceil(bytes / Math.min(...chunks));
}

/** How often the window of this leader must be filled to send all entries from `first` on. */
function windowsFrom({ log, config }: Raft, first: Index): number {
  let windows = 0;
  let messages = config.windowMessages;
  let bytes = 0;
  for (let at = first; at <= log.lastIndex; messages++) {
    if (messages >= config.windowMessages || bytes >= config.windowBytes) {
      windows++;
      messages = 0;
      bytes = 0;
    }
    const entries = log.sliceBytes(at, config.messageBytesMax);
    for (const entry of entries) bytes += entryBytes(entry);
    at += entries.length;
  }
  return windows;
}

/**
 * There and back, and what is written in between: at most the beginning of a segment, two syncs and
 * five other operations. Of several messages the first is written alone, and the rest after it.
 */
function turnMs(world: World, { config }: Raft): number {
  const { syncMs, syncJitterMs, otherMs = 0 } = world.plan.disks;
  const { delayMs, jitterMs } = world.network.weather;
  const batches = Math.min(2, config.windowMessages);
  const batchMs = 2 * (syncMs + syncJitterMs) + 5 * otherMs;
  return 2 * (delayMs + jitterMs) + config.coalesceMs + batches * batchMs;
}
