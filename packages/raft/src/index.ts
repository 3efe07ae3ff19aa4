/** The public surface of the core. */

export { assert, InvariantError } from "./assert.ts";
export { ConfigError, checkMembers, DEFAULTS, makeConfig, type RaftConfig } from "./config.ts";
export type { Effects, SnapshotLoad, SnapshotPiece, Write } from "./effects.ts";
export {
  EMPTY,
  type Entry,
  type EntryKind,
  entryBytes,
  type HardState,
  type Index,
  isCount,
  isNodeId,
  type Members,
  NOBODY,
  type NodeId,
  type SnapshotMeta,
  type Term,
} from "./entry.ts";
export type { RaftEvent, StepDownReason, VoteRefusal } from "./event.ts";
export type { Input, Refusal, StepResult } from "./input.ts";
export { type Before, checkShape, checkState, checkStep, remember } from "./invariants.ts";
export { RAFT_MARKS } from "./marks.ts";
export { isVoter, membersOf } from "./membership.ts";
export type {
  AppendRequest,
  AppendResponse,
  Message,
  MessageKind,
  SnapshotRequest,
  SnapshotResponse,
  VoteRequest,
  VoteResponse,
} from "./message.ts";
export type { Flow, Progress } from "./progress.ts";
export { majorityOf } from "./quorum.ts";
export { seedWord } from "./random.ts";
export { hearMarks, type Mark, sometimes } from "./sometimes.ts";
export {
  createRaft,
  leaderOf,
  NOTHING_RESTORED,
  type Raft,
  type Restored,
  type Role,
} from "./state.ts";
export { step, takeEffects } from "./step.ts";
export { narrate, narrateMessage } from "./trace.ts";
