/** What can happen next in a world, and how it is written down: one number a move. */

import type { Message, NodeId } from "@holdfast/raft";
import type { Scope } from "./scope.ts";
import type { Host, World } from "./world.ts";

const KINDS = [
  "deliver",
  "timeout",
  "propose",
  "persist",
  "crash",
  "heartbeat",
  "give-up",
  "unreachable",
  "quiet",
  "lose-quorum",
] as const;

/**
 * - `deliver`: message `who` of the wire arrives; with `detail` 1 a copy of it stays under way.
 * - `timeout`: the election timer of server `who` runs out.
 * - `propose`: a client's command reaches server `who`, which leads.
 * - `persist`: the oldest write of server `who` is on disk.
 * - `crash`: server `who` restarts from its disk, on which the `detail` oldest writes arrived.
 * - `heartbeat`, `give-up`: these timers of server `who`, which leads, run out.
 * - `unreachable`: its transport tells server `who` that server `detail` is out of reach.
 * - `quiet`: server `who` hears no leader for the shortest election timeout, and waits on.
 * - `lose-quorum`: server `who`, which leads, hears nobody for the longest election timeout.
 */
export interface Action {
  readonly kind: (typeof KINDS)[number];
  /** A server's id, or for `deliver` a position on the wire from 0 on. */
  readonly who: number;
  readonly detail: number;
}

/** An action, and which of the messages that it sends are lost: bit `n` stands for the n-th. */
export interface Move extends Action {
  readonly lost: number;
}

/** A move as a whole number below 2^31. */
export function codeOf({ kind, who, detail }: Action, lost: number): number {
  return ((lost << 13) | (detail << 9) | (who << 4) | KINDS.indexOf(kind)) >>> 0;
}

export function moveOf(code: number): Move {
  const kind = KINDS[code & 15] ?? "deliver";
  return { kind, who: (code >>> 4) & 31, detail: (code >>> 9) & 15, lost: code >>> 13 };
}

/** Everything that can happen next in this scope. */
export function actionsOf(world: World, scope: Scope): Action[] {
  const urgent = world.wire.findIndex((message) => isPrompt(message, scope));
  if (urgent !== -1) return [{ kind: "deliver", who: urgent, detail: 0 }];
  const actions: Action[] = [];
  for (let at = 0; at < world.wire.length; at++) {
    actions.push({ kind: "deliver", who: at, detail: 0 });
    if (scope.duplicates) actions.push({ kind: "deliver", who: at, detail: 1 });
  }
  for (const host of world.hosts) {
    if (host.raft.role.kind === "leader") addLeading(actions, host, scope);
    else addWaiting(actions, host, scope);
    addDisk(actions, host, world, scope);
  }
  return actions;
}

/** Whether this message can't be late in this scope. */
function isPrompt({ kind }: Message, { delays }: Scope): boolean {
  if (delays === "all") return false;
  return delays === "none" || kind === "vote-response" || kind === "append-response";
}

function addLeading(actions: Action[], { raft }: Host, scope: Scope): void {
  const who = raft.config.id;
  const { role, log } = raft;
  if (role.kind !== "leader") return;
  const add = (kind: Action["kind"], detail: number): unknown =>
    actions.push({ kind, who, detail });
  if (scope.proposals && log.lastIndex < scope.entriesMax) add("propose", 0);
  if (scope.heartbeats) add("heartbeat", 0);
  if (scope.checkQuorum) add("lose-quorum", 0);
  const unanswered = role.peers.filter((peer) => peer.messagesInWindow > 0);
  if (scope.timeouts && unanswered.length > 0) add("give-up", 0);
  if (scope.reports) for (const { id } of unanswered) add("unreachable", id);
}

function addWaiting(actions: Action[], { raft }: Host, scope: Scope): void {
  const who = raft.config.id;
  // A trial doesn't raise the term, and votes that come late count during it.
  const staysInTerm = scope.preVote && raft.term > 0;
  if (raft.term < scope.termMax || staysInTerm) actions.push({ kind: "timeout", who, detail: 0 });
  if (hearsLeader(raft)) actions.push({ kind: "quiet", who, detail: 0 });
}

/** Whether it matters to this server that time passes: it turns voters away for its leader. */
export function hearsLeader({ role, config, now }: Host["raft"]): boolean {
  if (role.kind !== "follower" || !(config.preVote || config.checkQuorum)) return false;
  return now - role.heardAt < config.electionTimeoutMs;
}

function addDisk(actions: Action[], host: Host, world: World, scope: Scope): void {
  const who: NodeId = host.raft.config.id;
  if (host.pending.length > 0) actions.push({ kind: "persist", who, detail: 0 });
  if (world.past.crashes === scope.crashesMax) return;
  for (let kept = 0; kept <= host.pending.length; kept++) {
    actions.push({ kind: "crash", who, detail: kept });
  }
}
