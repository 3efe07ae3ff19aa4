/**
 * What leaves a node, and when it may (thesis §3.8): the one place where a promise waits for the
 * disk.
 */

import { assert } from "./assert.ts";
import type { Effects, Write } from "./effects.ts";
import type { Entry, Index } from "./entry.ts";
import type { RaftEvent } from "./event.ts";
import type { Message } from "./message.ts";
import { sometimes } from "./sometimes.ts";
import { isHardStateDurable, type Raft } from "./state.ts";

/**
 * Sends `message` as soon as what it promises is durable: this node's term and vote, and its log up
 * to `promised`. What can't leave now waits behind everything that is written before it (I-8).
 */
export function emit(raft: Raft, message: Message, promised: Index = 0): void {
  if (isHardStateDurable(raft) && promised <= raft.log.durable) raft.outbox.send.push(message);
  else raft.outbox.afterWrite.push(message);
}

export function note(raft: Raft, event: RaftEvent): void {
  raft.outbox.events.push(event);
}

/**
 * Cuts the log at a conflict (§5.3), and with it what writes in flight still promise about those
 * indexes (B15).
 */
export function truncateLog(raft: Raft, from: Index): void {
  assert(from > raft.commit, "truncateLog: committed entries");
  raft.log.truncateFrom(from);
  clampInFlight(raft, from - 1);
  if (raft.written >= from) {
    const cut = raft.outbox.truncateFrom;
    raft.outbox.truncateFrom = cut === 0 ? from : Math.min(cut, from);
    raft.written = from - 1;
  }
  note(raft, { kind: "truncated", from });
}

/** What is in flight makes durable nothing beyond `last` any more. */
export function clampInFlight(raft: Raft, last: Index): void {
  for (const write of raft.inFlight) {
    if (write.last <= last) continue;
    sometimes("disk: the log is cut while the write of the cut part is in flight");
    write.last = last;
  }
}

/** Empties the outbox. Whatever the leader has yet to send must be in it (see `takeEffects`). */
export function drain(raft: Raft): Effects {
  const { outbox } = raft;
  const write = takeWrite(raft);
  const effects: Effects = {
    send: outbox.send.length > 0 ? outbox.send : NONE,
    write,
    load: outbox.load.length > 0 ? outbox.load : NONE,
    store: outbox.store.length > 0 ? outbox.store : NONE,
    restore: outbox.restore,
    apply: takeCommitted(raft),
    events: outbox.events.length > 0 ? outbox.events : NONE,
  };
  // What was handed over is the driver's: an array that later steps still fill would be sent twice.
  if (outbox.send.length > 0) outbox.send = [];
  if (outbox.load.length > 0) outbox.load = [];
  if (outbox.store.length > 0) outbox.store = [];
  if (outbox.events.length > 0) outbox.events = [];
  outbox.restore = undefined;
  return effects;
}

const NONE: readonly never[] = [];

function takeCommitted(raft: Raft): readonly Entry[] {
  if (raft.commit === raft.handed) return NONE;
  const entries = raft.log.slice(raft.handed + 1, raft.commit);
  raft.handed = raft.commit;
  return entries;
}

function takeWrite(raft: Raft): Write | undefined {
  const { outbox, log } = raft;
  const isHardStateNew = raft.writtenTerm !== raft.term || raft.writtenVote !== raft.vote;
  const last = log.lastIndex;
  const isNeeded =
    isHardStateNew ||
    last > raft.written ||
    outbox.afterWrite.length > 0 ||
    outbox.truncateFrom !== 0 ||
    outbox.snapshot !== undefined ||
    outbox.compactTo !== 0;
  if (!isNeeded) return undefined;
  assert(raft.written >= log.startIndex, "write: entries lost before they were written");
  const write: Write = {
    seq: ++raft.writeSeq,
    hardState: isHardStateNew ? { term: raft.term, vote: raft.vote } : undefined,
    snapshot: outbox.snapshot,
    truncateFrom: outbox.truncateFrom,
    entries: last > raft.written ? log.slice(raft.written + 1, last) : NONE,
    compactTo: outbox.compactTo,
    compactTerm: outbox.compactTo === 0 ? 0 : log.startTerm,
    thenSend: outbox.afterWrite,
  };
  raft.written = last;
  raft.writtenTerm = raft.term;
  raft.writtenVote = raft.vote;
  const { term, vote, now } = raft;
  const snapshot = write.snapshot?.index ?? 0;
  raft.inFlight.push({ seq: write.seq, last, term, vote, snapshot, since: now });
  outbox.afterWrite = [];
  outbox.truncateFrom = 0;
  outbox.snapshot = undefined;
  outbox.compactTo = 0;
  return write;
}
