/**
 * A bench for one node: give it a past, hand it messages, look at what it wants done (the driver's
 * part, by hand).
 */

import assert from "node:assert/strict";
import {
  checkState,
  checkStep,
  createRaft,
  type Effects,
  type Entry,
  type Index,
  type Input,
  type Message,
  makeConfig,
  NOBODY,
  type NodeId,
  type Progress,
  type Raft,
  type RaftConfig,
  type RaftEvent,
  type Role,
  remember,
  type SnapshotMeta,
  type StepResult,
  step,
  type Term,
  takeEffects,
  type Write,
} from "@holdfast/raft";
import { appendRequest, appendResponse, voteResponse } from "./messages.ts";

export type Overrides = Partial<Omit<RaftConfig, "id" | "members">>;
export type LeaderRole = Extract<Role, { kind: "leader" }>;

/** Raft as the paper has it: none of the thesis' extensions, round numbers. */
export const PAPER: Overrides = {
  electionTimeoutMs: 100,
  electionTimeoutMaxMs: 200,
  heartbeatMs: 20,
  retransmitMs: 50,
  preVote: false,
  checkQuorum: false,
  noop: false,
  trailingEntries: 0,
};

/** What a node has been through before the scene opens. */
export interface Past {
  readonly id?: NodeId;
  /** How many voters there are: 1, 2, ... up to this. */
  readonly voters?: number;
  readonly term?: Term;
  readonly vote?: NodeId;
  /** The terms of the entries, from the one behind `start` on. */
  readonly log?: readonly Term[];
  /** The log is compacted up to here, and a snapshot covers that. */
  readonly start?: { readonly index: Index; readonly term: Term };
  /** Committed up to here, as the leader (node 2) has told. */
  readonly commit?: Index;
  readonly config?: Overrides;
  readonly seed?: number;
}

export class Bench {
  readonly raft: Raft;
  now = 0;
  /** Handed over and not yet on disk, oldest first. */
  readonly pending: Write[] = [];
  readonly applied: Entry[] = [];
  readonly events: RaftEvent[] = [];

  constructor(past: Past = {}) {
    const { id = 1, voters = 3, log = [], start, seed = 1 } = past;
    const begin = start ?? { index: 0, term: 0 };
    const term = past.term ?? Math.max(begin.term, ...log, 0);
    const members = membersUpTo(voters);
    const config = makeConfig({ ...PAPER, ...past.config, id, members });
    const snapshot: SnapshotMeta | undefined = start && { ...start, members };
    this.raft = createRaft(
      config,
      {
        hardState: { term, vote: past.vote ?? NOBODY },
        snapshot,
        start: begin,
        entries: entriesOf(begin.index + 1, log),
        random: seed,
      },
      this.now,
    );
    checkState(this.raft);
    if (past.commit !== undefined && past.commit > begin.index) this.#commit(past.commit);
  }

  #commit(commit: Index): void {
    const { log, term, config } = this.raft;
    const prev = { prevIndex: log.lastIndex, prevTerm: log.lastTerm };
    this.receive(
      appendRequest({ from: config.id === 2 ? 1 : 2, to: config.id, term, commit, ...prev }),
    );
    this.settle();
    assert.equal(this.raft.commit, commit, "bench: the past did not commit");
  }

  get role(): Role {
    return this.raft.role;
  }

  get leader(): LeaderRole {
    const { role } = this.raft;
    assert.ok(role.kind === "leader", `a ${role.kind}, not a leader`);
    return role;
  }

  /** What the leader knows of a peer. */
  peer(id: NodeId): Progress {
    const found = this.leader.peers.find((peer) => peer.id === id);
    assert.ok(found, `no peer ${id}`);
    return found;
  }

  step(input: Input): StepResult {
    const before = remember(this.raft);
    const result = step(this.raft, input, this.now);
    checkStep(before, this.raft);
    checkState(this.raft);
    return result;
  }

  /** A message that must be taken. */
  receive(message: Message): void {
    const result = this.step({ kind: "received", message });
    assert.ok(result.ok, `refused: ${result.ok ? "" : result.detail}`);
  }

  /** A message that must be refused: says why. */
  refused(message: Message): string {
    const result = this.step({ kind: "received", message });
    assert.ok(!result.ok, `${message.kind} was not refused`);
    return `${result.reason}: ${result.detail}`;
  }

  propose(...texts: readonly string[]): StepResult {
    return this.step({ kind: "propose", commands: texts.map(bytesOf) });
  }

  /** Lets time pass, then ticks. */
  later(ms: number): void {
    this.now += ms;
    this.step({ kind: "tick" });
  }

  /** Waits for the deadline, then ticks. */
  timeout(): void {
    assert.ok(Number.isFinite(this.raft.deadline), "nothing is ever due");
    this.now = Math.max(this.now, this.raft.deadline);
    this.step({ kind: "tick" });
  }

  take(): Effects {
    const effects = takeEffects(this.raft);
    checkState(this.raft);
    if (effects.write !== undefined) this.pending.push(effects.write);
    this.applied.push(...effects.apply);
    this.events.push(...effects.events);
    return effects;
  }

  /** The oldest `count` writes reach the disk; what may leave then is the result. */
  persist(count: number = this.pending.length): readonly Message[] {
    const sent: Message[] = [];
    for (const write of this.pending.splice(0, count)) {
      sent.push(...write.thenSend);
      this.step({ kind: "persisted", seq: write.seq });
    }
    return sent;
  }

  /**
   * Takes effects, writes and applies until nothing is left to do; what left on the way is the
   * result.
   */
  settle(): readonly Message[] {
    const sent: Message[] = [];
    for (let round = 0; round < 100; round++) {
      const effects = this.take();
      sent.push(...effects.send, ...this.persist());
      const isDone = effects.write === undefined && effects.send.length === 0;
      if (this.raft.handed > this.raft.applied) {
        this.step({ kind: "applied", index: this.raft.handed });
      } else if (isDone) return sent;
    }
    throw new Error("bench: the node never settles");
  }

  /** The events so far, and none of them again. */
  takeEvents(): readonly RaftEvent[] {
    return this.events.splice(0);
  }

  /** What a crash leaves: only for a node without writes under way. */
  restart(): Bench {
    assert.equal(this.pending.length, 0, "bench: writes are under way");
    const { config, durableTerm, durableVote, log } = this.raft;
    const { id, members, ...options } = config;
    const start =
      log.startIndex > 0 ? { start: { index: log.startIndex, term: log.startTerm } } : {};
    return new Bench({
      ...start,
      id,
      voters: members.voters.length,
      term: durableTerm,
      vote: durableVote,
      log: log.entries.filter((entry) => entry.index <= log.durable).map((entry) => entry.term),
      config: options,
    });
  }
}

/** A candidate whose own vote is on disk and whose requests have left. */
export function candidate(past: Past = {}): Bench {
  const bench = new Bench(past);
  bench.timeout();
  if (bench.role.kind === "pre-candidate") {
    for (const id of othersOf(bench)) {
      if (bench.role.kind !== "pre-candidate") break;
      const { term } = bench.raft;
      bench.receive(
        voteResponse({
          from: id,
          to: bench.raft.config.id,
          term,
          preVote: true,
          electionTerm: term + 1,
          granted: true,
        }),
      );
    }
  }
  bench.settle();
  return bench;
}

/** A leader whose first messages have left, unanswered. Its term is one above that of its past. */
export function leader(past: Past = {}): Bench {
  const bench = candidate(past);
  for (const id of othersOf(bench)) {
    if (bench.role.kind === "leader") break;
    bench.receive(
      voteResponse({ from: id, to: bench.raft.config.id, term: bench.raft.term, granted: true }),
    );
  }
  assert.equal(bench.role.kind, "leader");
  bench.settle();
  bench.takeEvents();
  return bench;
}

/** A leader that every peer (or the given ones) has told that its log is equal to the leader's. */
export function matchedLeader(past: Past = {}, peers?: readonly NodeId[]): Bench {
  const bench = leader(past);
  for (const id of peers ?? othersOf(bench)) acknowledge(bench, id);
  bench.settle();
  bench.takeEvents();
  return bench;
}

/**
 * The peer accepts everything up to `index` (the end of the log) as an answer to the last request.
 */
export function acknowledge(bench: Bench, from: NodeId, index = bench.raft.log.lastIndex): void {
  const { term, config } = bench.raft;
  const { seq } = bench.leader;
  bench.receive(appendResponse({ from, to: config.id, term, seq, accepted: true, index }));
}

export function othersOf(bench: Bench): readonly NodeId[] {
  const { config, members } = bench.raft;
  return members.voters.filter((id) => id !== config.id);
}

export function membersUpTo(count: number): { readonly voters: readonly NodeId[] } {
  return { voters: Array.from({ length: count }, (_, i) => i + 1) };
}

/** Commands with these terms, from index `first` on. */
export function entriesOf(first: Index, terms: readonly Term[]): readonly Entry[] {
  return terms.map((term, i) => entryOf(first + i, term));
}

export function entryOf(index: Index, term: Term): Entry {
  return { index, term, kind: "command", data: bytesOf(`${index}^${term}`) };
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** The terms of a log from its start on: what the paper draws as a row of boxes. */
export function termsOf({ raft }: Bench): readonly Term[] {
  return raft.log.entries.map((entry) => entry.term);
}

/**
 * Everything that a message could change, as plain data; not the clock, not the notes for humans.
 */
export function pictureOf(raft: Raft): unknown {
  const outbox = { ...raft.outbox, events: [] };
  return structuredClone({ ...raft, log: { ...raft.log }, outbox, now: 0, deadline: 0 });
}
