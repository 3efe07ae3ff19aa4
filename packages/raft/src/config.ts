/** Options of the core, with units, defaults and checks. */

import { isNodeId, type Members, type NodeId } from "./entry.ts";

export interface RaftConfig {
  /** This node. */
  readonly id: NodeId;
  /** The configuration to start from when the disk holds none. */
  readonly members: Members;
  /**
   * A follower that hears no leader for a random time in
   * `[electionTimeoutMs, electionTimeoutMaxMs)` starts an election (§5.2). Within
   * `electionTimeoutMs` of hearing one it votes for nobody else (§6).
   */
  readonly electionTimeoutMs: number;
  readonly electionTimeoutMaxMs: number;
  /** A leader that has sent a peer nothing for this long sends a heartbeat (§5.2). */
  readonly heartbeatMs: number;
  /**
   * Ask before raising the term, so that a server that comes back doesn't depose a leader (thesis
   * §9.6).
   */
  readonly preVote: boolean;
  /**
   * A leader that hears no majority for `electionTimeoutMaxMs` steps down (thesis §6.2), and so
   * does one whose own disk has not answered for so long.
   */
  readonly checkQuorum: boolean;
  /**
   * A new leader appends an empty entry, so that earlier terms commit at once (§8). Off in the
   * course suite, which checks indexes.
   */
  readonly noop: boolean;
  /** Payload limit of one append-request, in bytes; a single larger entry travels alone. */
  readonly messageBytesMax: number;
  /** Unanswered append-requests per peer before the leader waits. */
  readonly windowMessages: number;
  /** Unanswered entry bytes per peer before the leader waits. */
  readonly windowBytes: number;
  /** An unanswered append-request counts as lost after this long. */
  readonly retransmitMs: number;
  /**
   * Least time between two append-requests to one peer, and the longest that news without entries
   * (a commit index, a new leader's first heartbeat) waits for entries to travel with. 0 sends
   * everything at once.
   */
  readonly coalesceMs: number;
  /** Largest command, in bytes. */
  readonly commandBytesMax: number;
  /** A leader refuses proposals while more than this is appended but not committed, in bytes. */
  readonly uncommittedBytesMax: number;
  /**
   * Entries kept behind a snapshot, so that a follower that is a little behind needs no snapshot.
   */
  readonly trailingEntries: number;
}

export const DEFAULTS: Omit<RaftConfig, "id" | "members"> = {
  electionTimeoutMs: 1000,
  electionTimeoutMaxMs: 2000,
  heartbeatMs: 100,
  preVote: true,
  checkQuorum: true,
  noop: true,
  messageBytesMax: 1 << 20,
  windowMessages: 64,
  windowBytes: 8 << 20,
  retransmitMs: 500,
  coalesceMs: 0,
  commandBytesMax: 8 << 20,
  uncommittedBytesMax: 64 << 20,
  trailingEntries: 5000,
};

/** What is wrong with an option: names the field and the value. */
export class ConfigError extends Error {
  readonly code = "RAFT_CONFIG";
  readonly field: string;

  constructor(field: string, message: string) {
    super(`${field}: ${message}`);
    this.name = "ConfigError";
    this.field = field;
  }
}

type Options = Partial<Omit<RaftConfig, "id" | "members">> & {
  readonly id: NodeId;
  readonly members: Members;
};

/** Fills in defaults and checks every field against its range and against the others. */
export function makeConfig(options: Options): RaftConfig {
  const config: RaftConfig = { ...DEFAULTS, ...options };
  checkMembers(config.members);
  need(isNodeId(config.id), "id", "must be a positive whole number", config.id);
  const counts = [
    "electionTimeoutMs",
    "electionTimeoutMaxMs",
    "heartbeatMs",
    "messageBytesMax",
    "windowMessages",
    "windowBytes",
    "retransmitMs",
    "commandBytesMax",
    "uncommittedBytesMax",
  ] as const;
  for (const field of counts) {
    need(
      Number.isSafeInteger(config[field]) && config[field] > 0,
      field,
      "must be a positive whole number",
      config[field],
    );
  }
  for (const field of ["coalesceMs", "trailingEntries"] as const) {
    need(
      Number.isSafeInteger(config[field]) && config[field] >= 0,
      field,
      "must be a whole number, 0 or more",
      config[field],
    );
  }
  need(
    config.electionTimeoutMaxMs > config.electionTimeoutMs,
    "electionTimeoutMaxMs",
    "must exceed electionTimeoutMs: equal timeouts split every vote",
    config.electionTimeoutMaxMs,
  );
  need(
    config.heartbeatMs + config.coalesceMs < config.electionTimeoutMs,
    "heartbeatMs",
    "with coalesceMs must be below electionTimeoutMs, or followers campaign against a live leader",
    config.heartbeatMs,
  );
  return config;
}

/** Throws unless `members` has at least one voter, all valid, sorted, none twice. */
export function checkMembers(members: Members): void {
  need(members.voters.length > 0, "members", "must name at least one voter", members.voters.length);
  let before = 0;
  for (const voter of members.voters) {
    need(isNodeId(voter), "members", "ids must be positive whole numbers", voter);
    need(voter > before, "members", "ids must be sorted and different", voter);
    before = voter;
  }
}

function need(condition: boolean, field: string, rule: string, value: number): void {
  if (!condition) throw new ConfigError(field, `${rule}, got ${value}`);
}
