/**
 * The words that everything else is made of: terms, indexes, node ids, log entries (paper §5.3).
 */

/** A leadership period, 0 before the first election (§5.1). A safe integer. */
export type Term = number;

/**
 * A position in the log; the first entry has index 1, 0 means "before the log" (§5.3). A safe
 * integer.
 */
export type Index = number;

/**
 * Identifies one server of the cluster for its whole life; a positive safe integer, never reused.
 */
export type NodeId = number;

/** No node: nobody was voted for, nobody is known to lead. */
export const NOBODY: NodeId = 0;

/**
 * What an entry is for: `command` goes to the state machine; `noop` opens a leader's term (§8) and
 * `members` carries a configuration (§6): these two advance the applied index and nothing else.
 */
export type EntryKind = "command" | "noop" | "members";

/** One slot of the log. Never mutated once made: it is shared by log, messages and writes. */
export interface Entry {
  readonly index: Index;
  readonly term: Term;
  readonly kind: EntryKind;
  readonly data: Uint8Array;
}

/** What must survive a crash besides the log: the paper's currentTerm and votedFor (Fig. 2). */
export interface HardState {
  readonly term: Term;
  /** Who got this node's vote in `term`, or {@link NOBODY}. */
  readonly vote: NodeId;
}

/** The servers whose majority decides (§5.2, §6). */
export interface Members {
  /** Sorted, without repeats, never empty. */
  readonly voters: readonly NodeId[];
}

/** What a snapshot stands for: the log up to and including `index` (§7). */
export interface SnapshotMeta {
  readonly index: Index;
  readonly term: Term;
  /** The configuration in force at `index`. */
  readonly members: Members;
}

export const EMPTY: Uint8Array = new Uint8Array(0);

/**
 * Flat cost charged per entry beside its payload, in bytes: near what the wire and disk records
 * add.
 */
export const ENTRY_OVERHEAD_BYTES = 16;

/** What one entry counts towards byte budgets and windows. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + ENTRY_OVERHEAD_BYTES;
}

/** True for values that can be an index or a term: whole, not negative, exact in a double. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** True for values that can name a node. */
export function isNodeId(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
