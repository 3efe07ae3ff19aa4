/** What every machine of a run gave for each command, from whoever came there first. */

import type { Index, Term } from "@holdfast/raft";
import type { Position } from "@holdfast/replica";

/** What one machine gave. */
export interface Given {
  readonly text: string;
  /** As `node 2`. */
  readonly by: string;
  /** The snapshot that its state comes from; 0: it applied every command itself. */
  readonly from: Index;
}

/** Two that should be equal. */
export interface Dispute {
  readonly kind: "results" | "states";
  readonly index: Index;
  readonly one: Given;
  readonly other: Given;
}

export interface Noted {
  readonly index: Index;
  readonly term: Term;
  readonly command: Uint8Array;
}

export class UserLedger {
  /** By index; nothing where the log has no command. */
  readonly commands: (Noted | undefined)[] = [];
  readonly results: (Given | undefined)[] = [];
  readonly states: (Given | undefined)[] = [];
  /** Indexes of snapshots that a replica took its state from. */
  readonly restored: Set<Index> = new Set();
  snapshots = 0;
  restores = 0;
  /** The first pair that differs, and what a user's code has thrown. */
  dispute: Dispute | undefined;
  thrown: unknown;
  /** The command that a failure is about, when it is about one. */
  blamed: Index | undefined;

  command(bytes: Uint8Array, { index, term }: Position): void {
    this.commands[index] ??= { index, term, command: bytes };
  }

  get last(): Index {
    return Math.max(0, this.commands.length - 1);
  }

  result(index: Index, given: Given): Dispute | undefined {
    return this.#note("results", index, given);
  }

  state(index: Index, given: Given): Dispute | undefined {
    return this.#note("states", index, given);
  }

  #note(kind: Dispute["kind"], index: Index, given: Given): Dispute | undefined {
    const row = this[kind];
    const one = row[index];
    if (one === undefined) row[index] = given;
    if (one === undefined || one.text === given.text) return undefined;
    this.dispute ??= { kind, index, one, other: given };
    return this.dispute;
  }
}
