/** One state of a cluster: its servers, what is under way, and what history must not contradict. */

import {
  createRaft,
  type Message,
  type NodeId,
  type Raft,
  type Term,
  type Write,
} from "@holdfast/raft";
import { BLANK, type Platter } from "./platter.ts";
import { configOf, type Scope } from "./scope.ts";

/** A server. Never changed once it is part of a {@link World}: worlds share their servers. */
export interface Host {
  readonly raft: Raft;
  readonly platter: Platter;
  /** Handed over and not on disk, oldest first. */
  readonly pending: readonly Write[];
  /** What its encodings were; filled in by them, and of no other meaning. */
  readonly memo: Memo;
}

/** A server as numbers: worlds share servers, so most of these are asked for again. */
export interface Memo {
  mark: number | undefined;
  /** By the position of the renaming. */
  readonly codes: (readonly number[] | undefined)[];
}

export function blankMemo(): Memo {
  return { mark: undefined, codes: [] };
}

/** A committed entry, by its place in {@link Past}. */
export interface Committed {
  /** The term of the entry. */
  readonly term: Term;
  /** The term in which it was first seen committed: later leaders must hold it. */
  readonly during: Term;
}

/** What was seen and may not show in any server any more. */
export interface Past {
  /** Who led each term; a hole where nobody did. */
  readonly leaders: readonly (NodeId | undefined)[];
  /** From index 1 on. */
  readonly committed: readonly Committed[];
  readonly crashes: number;
}

export interface World {
  /** By id, from 1 on. */
  readonly hosts: readonly Host[];
  /** In the order in which they were sent; they arrive in any. */
  readonly wire: readonly Message[];
  readonly past: Past;
}

/** All servers have empty disks and have just started. */
export function beginning(scope: Scope): World {
  const hosts = Array.from({ length: scope.voters }, (_, at) => boot(scope, at + 1, BLANK));
  return { hosts, wire: [], past: { leaders: [], committed: [], crashes: 0 } };
}

/** A server that comes up with what is on its disk. */
export function boot(scope: Scope, id: NodeId, platter: Platter): Host {
  const { hardState, entries } = platter;
  const start = { index: 0, term: 0 };
  const restored = { hardState, snapshot: undefined, start, entries, random: 1 };
  return {
    raft: createRaft(configOf(scope, id), restored, 0),
    platter,
    pending: [],
    memo: blankMemo(),
  };
}
