/**
 * The fields of every kind of event and message, and of what type each is: what a reader checks.
 */

import type { RaftEvent } from "@holdfast/raft";
import type {
  NodeAction,
  TraceHeader,
  TraceKind,
  TraceStamp,
  TraceStanding,
  WorldAction,
} from "./trace-event.ts";
import type { TraceMessage } from "./trace-message.ts";

/**
 * - `count`: a whole number, 0 or more.
 * - `time`: any finite number.
 * - `place`: `{ index, term }`; `hard-state`: `{ term, vote }`.
 * - `ids`: a list of counts; `runs`: a list of `[first, count, term]`.
 * - `message`: what {@link MESSAGE_FIELDS} says.
 */
export type TraceFieldType =
  | "count"
  | "time"
  | "flag"
  | "text"
  | "object"
  | "place"
  | "hard-state"
  | "ids"
  | "runs"
  | "message";

/** A type, a type that may be absent (`count?`), or the words that are allowed. */
export type TraceField = TraceFieldType | `${TraceFieldType}?` | readonly string[];

export type TraceFields = Readonly<Record<string, TraceField>>;

type Action = RaftEvent | NodeAction | WorldAction;
type FieldsOf<A> = { readonly [F in Exclude<keyof A, "kind">]-?: TraceField };

const WRITE = {
  write: "count",
  hardState: "hard-state?",
  snapshot: "place?",
  truncateFrom: "count",
  entries: "runs",
  bytes: "count",
  compactTo: "count",
  thenSend: "count",
} as const;

const ELECTION = { term: "count", candidate: "count", preVote: "flag" } as const;

const INPUTS = [
  "tick",
  "propose",
  "persisted",
  "applied",
  "snapshot-taken",
  "snapshot-checked",
  "snapshot-unreadable",
  "unreachable",
] as const;

/** Beside those of every event. The first sixteen are the core's own events, word by word. */
export const KIND_FIELDS: {
  readonly [K in TraceKind]: FieldsOf<Extract<Action, { readonly kind: K }>>;
} = {
  "became-follower": { term: "count", leader: "count" },
  "became-pre-candidate": { term: "count" },
  "became-candidate": { term: "count" },
  "became-leader": { term: "count", lastIndex: "count" },
  "stepped-down": {
    term: "count",
    why: ["higher-term", "lost-quorum", "other-leader", "slow-disk"],
  },
  voted: ELECTION,
  "refused-vote": {
    ...ELECTION,
    why: ["stale-term", "already-voted", "log-behind", "leader-alive"],
  },
  "leader-known": { term: "count", leader: "count" },
  appended: { first: "count", last: "count", term: "count" },
  truncated: { from: "count" },
  "refused-append": { from: "count", prevIndex: "count", hint: "count" },
  committed: { index: "count" },
  "peer-state": { peer: "count", flow: ["probe", "stream", "snapshot"] },
  "snapshot-installed": { index: "count", term: "count" },
  compacted: { index: "count" },
  "refused-message": { from: "count", why: "text" },
  opened: { voters: "ids", vote: "count", start: "place", last: "place", commit: "count" },
  closed: {},
  failed: { code: "text", message: "text" },
  input: { input: INPUTS, value: "count", peer: "count?", bytes: "count?", ok: "flag?" },
  sent: { id: "count?", message: "message" },
  received: { id: "count?", message: "message" },
  "write-begun": WRITE,
  "write-durable": WRITE,
  applied: {
    index: "count",
    term: "count",
    entry: ["command", "noop", "members"],
    bytes: "count",
    hash: "count",
  },
  restored: { index: "count", term: "count" },
  "snapshot-taken": { index: "count" },
  "timer-set": { deadline: "time?" },
  crashed: { power: "flag" },
  paused: {},
  resumed: {},
  lost: { id: "count", why: "text" },
  repeated: { id: "count", of: "count" },
  disk: { operation: "text", name: "text", result: "text" },
  fault: { fault: "text", id: "count", phase: ["begins", "ends"], about: "text" },
  "client-called": { client: "count", call: "count", operation: "text" },
  "client-returned": {
    client: "count",
    call: "count",
    outcome: ["ok", "failed", "unknown"],
    result: "text",
  },
  invariant: { check: "text", message: "text" },
  mark: { mark: "text" },
  note: { text: "text" },
  dropped: { count: "count" },
};

/** Kinds that are known only from outside of the nodes: they have no standing. */
export const WORLD_KINDS: readonly WorldAction["kind"][] = [
  "crashed",
  "paused",
  "resumed",
  "lost",
  "repeated",
  "disk",
  "fault",
  "client-called",
  "client-returned",
  "invariant",
  "mark",
  "note",
  "dropped",
];

export const STAMP_FIELDS: FieldsOf<TraceStamp> = {
  at: "time",
  no: "count",
  node: "count",
  life: "count",
  cause: "count?",
};

export const STANDING_FIELDS: FieldsOf<TraceStanding> = {
  currentTerm: "count",
  role: ["follower", "pre-candidate", "candidate", "leader"],
};

export const HEADER_FIELDS: { readonly [F in keyof TraceHeader]-?: TraceField } = {
  format: "text",
  version: "count",
  kind: ["sim", "node", "lab"],
  nodes: "ids",
  unit: ["ms"],
  wallMs: "time?",
  seed: "text?",
  plan: "object?",
};

export const ENVELOPE_FIELDS: TraceFields = {
  from: "count",
  to: "count",
  term: "count",
};

type Bare<M> = Omit<M, "from" | "to" | "term">;

/** Beside those of every message. */
export const MESSAGE_FIELDS: {
  readonly [K in TraceMessage["kind"]]: FieldsOf<Bare<Extract<TraceMessage, { readonly kind: K }>>>;
} = {
  "vote-request": {
    preVote: "flag",
    electionTerm: "count",
    lastIndex: "count",
    lastTerm: "count",
  },
  "vote-response": { preVote: "flag", electionTerm: "count", granted: "flag" },
  "append-request": {
    seq: "count",
    prevIndex: "count",
    prevTerm: "count",
    commit: "count",
    entries: "runs",
    bytes: "count",
  },
  "append-response": { seq: "count", accepted: "flag", index: "count", hintTerm: "count" },
  "snapshot-request": {
    seq: "count",
    lastIndex: "count",
    lastTerm: "count",
    offset: "count",
    bytes: "count",
    done: "flag",
  },
  "snapshot-response": {
    seq: "count",
    lastIndex: "count",
    offset: "count",
    installed: "flag",
    matchIndex: "count",
  },
  "forward-request": { id: "count", bytes: "count", hash: "count" },
  "forward-response": {
    id: "count",
    ok: "flag",
    index: "count",
    reason: [
      "",
      "not-leader",
      "too-much-uncommitted",
      "too-large",
      "malformed",
      "impossible",
      "unknown",
    ],
    leader: "count",
  },
};
