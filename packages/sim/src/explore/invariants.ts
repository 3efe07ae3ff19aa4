/** What must hold in each world (paper Fig. 3), and what a history that breaks it is told by. */

import { type Entry, type Message, majorityOf, type NodeId, type RaftEvent } from "@holdfast/raft";
import { holds, type Platter } from "./platter.ts";
import type { Host, Past, World } from "./world.ts";

/**
 * - `core`: an assertion of the core, or `checkState` or `checkStep`.
 * - `promise`: a message left before what it promises was on disk (thesis §3.8).
 * - `durable-majority`: a committed entry is not on the disks of a majority.
 * - The others are properties of Fig. 3.
 */
export type Invariant =
  | "core"
  | "promise"
  | "durable-majority"
  | "election-safety"
  | "log-matching"
  | "leader-completeness"
  | "state-machine-safety";

/** What a world breaks. */
export interface Violation {
  readonly invariant: Invariant;
  /** What was seen, in words. */
  readonly detail: string;
}

/** What is wrong in this world, if anything is. */
export function brokenIn(world: World): Violation | undefined {
  const { hosts, past } = world;
  return logsThatPart(hosts) ?? lackingLeader(hosts, past) ?? lackingDisks(hosts, past);
}

/** Log Matching: where two logs hold the same entry, they are the same up to it (§5.3). */
function logsThatPart(hosts: readonly Host[]): Violation | undefined {
  for (let a = 1; a < hosts.length; a++) {
    for (let b = 0; b < a; b++) {
      const one = hosts[a]?.raft.log.entries ?? [];
      const other = hosts[b]?.raft.log.entries ?? [];
      const at = whereTheyPart(one, other);
      if (at !== 0) {
        const detail = `logs of ${b + 1} and ${a + 1} agree at ${at} and not before`;
        return { invariant: "log-matching", detail };
      }
    }
  }
  return undefined;
}

function whereTheyPart(one: readonly Entry[], other: readonly Entry[]): number {
  const length = Math.min(one.length, other.length);
  let hasParted = false;
  for (let at = 0; at < length; at++) {
    const isSame = one[at]?.term === other[at]?.term;
    if (isSame && hasParted) return at + 1;
    if (!isSame) hasParted = true;
  }
  return 0;
}

/** Leader Completeness: who leads a later term holds all that was committed before (§5.4). */
function lackingLeader(hosts: readonly Host[], past: Past): Violation | undefined {
  for (const { raft } of hosts) {
    if (raft.role.kind !== "leader") continue;
    for (const [at, { term, during }] of past.committed.entries()) {
      if (during >= raft.term || raft.log.entries[at]?.term === term) continue;
      const id = raft.config.id;
      const detail = `${id} leads term ${raft.term} without ${at + 1}^${term}, committed in ${during}`;
      return { invariant: "leader-completeness", detail };
    }
  }
  return undefined;
}

/** What is committed is on the disks of a majority, for all time. */
function lackingDisks(hosts: readonly Host[], past: Past): Violation | undefined {
  for (const [at, { term }] of past.committed.entries()) {
    let count = 0;
    for (const { platter } of hosts) if (holds(platter, at + 1, term)) count++;
    if (count >= majorityOf(hosts.length)) continue;
    const detail = `committed ${at + 1}^${term} is on the disk of ${count}`;
    return { invariant: "durable-majority", detail };
  }
  return undefined;
}

/** Election Safety: a term has one leader, once (§5.2). */
export function secondLeader(past: Past, id: NodeId, event: RaftEvent): Violation | undefined {
  if (event.kind !== "became-leader") return undefined;
  const first = past.leaders[event.term];
  if (first === undefined) return undefined;
  return { invariant: "election-safety", detail: `${first} and ${id} led term ${event.term}` };
}

/** State Machine Safety: the same entry at the same index everywhere (Fig. 3). */
export function secondEntry(past: Past, id: NodeId, entry: Entry): Violation | undefined {
  const first = past.committed[entry.index - 1];
  if (first === undefined || first.term === entry.term) return undefined;
  const detail = `${id} commits ${entry.index}^${entry.term}, ${entry.index}^${first.term} was`;
  return { invariant: "state-machine-safety", detail };
}

/** Whether `message` leaves before its sender's disk holds what it promises (thesis §3.8). */
export function brokenPromise(message: Message, platter: Platter): Violation | undefined {
  const { term, vote } = platter.hardState;
  const { from, to, kind } = message;
  let isKept = term >= message.term;
  if (kind === "vote-request" && !message.preVote && term === message.term) {
    isKept = vote === from;
  } else if (kind === "vote-response" && !message.preVote && message.granted) {
    isKept = term > message.term || (term === message.term && vote === to);
  } else if (kind === "append-response" && message.accepted) {
    isKept = isKept && platter.entries.length >= message.index;
  }
  return isKept ? undefined : { invariant: "promise", detail: `${kind} from ${from} to ${to}` };
}
