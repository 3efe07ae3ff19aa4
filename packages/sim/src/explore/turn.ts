/** One action in one world: the shipping core is stepped, its effects are carried out. */

import {
  assert,
  checkState,
  checkStep,
  type Entry,
  type Input,
  InvariantError,
  type Message,
  type Raft,
  type RaftEvent,
  remember,
  step,
  takeEffects,
  type Write,
} from "@holdfast/raft";
import { cloneRaft } from "./clone.ts";
import {
  brokenIn,
  brokenPromise,
  type Invariant,
  secondEntry,
  secondLeader,
  type Violation,
} from "./invariants.ts";
import type { Action } from "./move.ts";
import type { Plant } from "./plant.ts";
import { type Platter, store } from "./platter.ts";
import { COMMAND, HEARTBEAT_MS, type Scope } from "./scope.ts";
import { blankMemo, boot, type Host, type Past, type World } from "./world.ts";

/** The rules of a search: what may happen, in which core, and what is watched. */
export interface Rules {
  readonly scope: Scope;
  readonly plant: Plant;
  /** Invariants that are not looked at: to see what comes of a bug that they would stop at once. */
  readonly unwatched: readonly Invariant[];
}

/** What came of an action. */
export interface Turn {
  /** Without what was sent: that is still to be lost or not. */
  readonly world: World;
  readonly sent: readonly Message[];
  readonly events: readonly RaftEvent[];
  readonly violation: Violation | undefined;
}

/** A server in the middle of a turn. */
interface Draft {
  readonly rules: Rules;
  raft: Raft;
  platter: Platter;
  readonly pending: Write[];
  readonly sent: Message[];
  readonly events: RaftEvent[];
  past: Past;
  violation: Violation | undefined;
}

/** Carries out `action`. What it leads to may be beyond the scope: see {@link isWithin}. */
export function perform(world: World, action: Action, rules: Rules): Turn {
  const message = action.kind === "deliver" ? world.wire[action.who] : undefined;
  const at = (message?.to ?? action.who) - 1;
  const host = world.hosts[at];
  assert(host !== undefined, "explore: no such server");
  assert(action.kind !== "deliver" || message !== undefined, "explore: no such message");
  const draft = draftOf(host, world.past, rules);
  try {
    act(draft, action, message);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    report(draft, { invariant: "core", detail: error.message });
  }
  const { raft, platter, pending, past, sent, events } = draft;
  const wire =
    message !== undefined && action.detail === 0
      ? world.wire.filter((_, index) => index !== action.who)
      : world.wire;
  const after = {
    hosts: world.hosts.with(at, { raft, platter, pending, memo: blankMemo() }),
    wire,
    past,
  };
  const found = brokenIn(after);
  if (found !== undefined) report(draft, found);
  return { world: after, sent, events, violation: draft.violation };
}

/** Whether server, term, log and disk stay within the bounds. */
export function isWithin({ hosts }: World, scope: Scope): boolean {
  return hosts.every(
    ({ raft, pending }) =>
      raft.term <= scope.termMax &&
      raft.log.lastIndex <= scope.entriesMax &&
      pending.length <= scope.writesMax,
  );
}

function draftOf(host: Host, past: Past, rules: Rules): Draft {
  const { platter, pending } = host;
  const raft = cloneRaft(host.raft);
  const lists = { pending: pending.slice(), sent: [], events: [] };
  return { rules, raft, platter, ...lists, past, violation: undefined };
}

function report(draft: Draft, violation: Violation): void {
  if (!draft.rules.unwatched.includes(violation.invariant)) draft.violation ??= violation;
}

function act(draft: Draft, action: Action, message: Message | undefined): void {
  const { raft } = draft;
  const { kind, detail } = action;
  if (kind === "persist") persist(draft);
  else if (kind === "crash") crash(draft, detail);
  // Time passes and the core isn't told: no timer is due yet.
  else if (kind === "quiet") raft.now += raft.config.electionTimeoutMs;
  else if (kind === "propose") feed(draft, { kind, commands: [COMMAND] }, raft.now);
  else if (kind === "unreachable") feed(draft, { kind, peer: detail }, raft.now);
  else if (message !== undefined) feed(draft, { kind: "received", message }, raft.now);
  else feed(draft, { kind: "tick" }, whenDue(raft, kind));
}

/** The time at which this timer has run out, and none with a longer wait has. */
function whenDue(raft: Raft, kind: Action["kind"]): number {
  const { role, config, now } = raft;
  if (role.kind !== "leader") return role.electionAt;
  if (kind === "lose-quorum") return now + config.electionTimeoutMaxMs;
  let due = now;
  for (const peer of role.peers) {
    const sentAt = kind === "give-up" ? peer.windowSentAt.at(-1) : peer.sentAt;
    const wait = kind === "give-up" ? config.retransmitMs : HEARTBEAT_MS;
    due = Math.max(due, (sentAt ?? 0) + wait);
  }
  return due;
}

/** One input, then effects: as a driver does that has nothing else queued. */
function feed(draft: Draft, input: Input, now: number): void {
  const { raft, rules } = draft;
  const { plant } = rules;
  for (const each of plant.inputs?.(raft, input) ?? [input]) {
    const before = remember(raft);
    step(raft, each, now);
    plant.stepped?.(raft, each);
    checkStep(before, raft);
  }
  settle(draft);
}

function settle(draft: Draft): void {
  const { raft, rules, pending } = draft;
  const taken = takeEffects(raft);
  const effects = rules.plant.effects?.(raft, taken) ?? taken;
  checkState(raft);
  for (const event of effects.events) observe(draft, event);
  send(draft, effects.send);
  if (effects.write !== undefined) pending.push(effects.write);
  for (const entry of effects.apply) commit(draft, entry);
  if (effects.apply.length > 0) step(raft, { kind: "applied", index: raft.handed }, raft.now);
  if (pending.length > 0 && rules.scope.writesMax === 0) persist(draft);
}

/** The oldest write is on disk: what it withheld leaves, and the core hears of it. */
function persist(draft: Draft): void {
  const write = draft.pending.shift();
  assert(write !== undefined, "explore: no write to complete");
  draft.platter = store(draft.platter, write);
  send(draft, write.thenSend);
  feed(draft, { kind: "persisted", seq: write.seq }, draft.raft.now);
}

/** All but the disk is gone; of what was not reported, the `kept` oldest writes are on it. */
function crash(draft: Draft, kept: number): void {
  for (const write of draft.pending.splice(0).slice(0, kept)) {
    draft.platter = store(draft.platter, write);
  }
  draft.raft = boot(draft.rules.scope, draft.raft.config.id, draft.platter).raft;
  draft.past = { ...draft.past, crashes: draft.past.crashes + 1 };
  checkState(draft.raft);
}

function send(draft: Draft, messages: readonly Message[]): void {
  for (const message of messages) {
    draft.sent.push(message);
    const broken = brokenPromise(message, draft.platter);
    if (broken !== undefined) report(draft, broken);
  }
}

function observe(draft: Draft, event: RaftEvent): void {
  draft.events.push(event);
  if (event.kind !== "became-leader") return;
  const { id } = draft.raft.config;
  const second = secondLeader(draft.past, id, event);
  if (second !== undefined) report(draft, second);
  const leaders = draft.past.leaders.slice();
  leaders[event.term] = id;
  draft.past = { ...draft.past, leaders };
}

function commit(draft: Draft, entry: Entry): void {
  const { past, raft } = draft;
  const second = secondEntry(past, raft.config.id, entry);
  if (second !== undefined) report(draft, second);
  if (past.committed[entry.index - 1] !== undefined) return;
  const committed = [...past.committed, { term: entry.term, during: raft.term }];
  draft.past = { ...past, committed };
}
