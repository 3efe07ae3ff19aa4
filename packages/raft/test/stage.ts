/**
 * The stage of a golden trace: a world whose links, disks and clock a script moves, and which tells
 * all that happens.
 */

import assert from "node:assert/strict";
import {
  type Effects,
  type Entry,
  type Input,
  type Message,
  type NodeId,
  narrate,
  narrateMessage,
  type RaftConfig,
  type StepResult,
  type Write,
} from "@holdfast/raft";
import { type Server, World } from "./world.ts";

export interface StageOptions {
  readonly voters: number;
  readonly seed: number;
  readonly snapshotPieces: number;
  readonly config: Partial<Omit<RaftConfig, "id" | "members">>;
}

/** More rounds of messages than any story needs: two nodes are talking in a circle. */
const ROUNDS_MAX = 200;

export class Stage {
  readonly world: World;
  /** Links `from>to` whose messages wait until they are delivered by name. */
  readonly held = new Set<string>();
  /** Messages that the network has set aside; they arrive when they are delivered as late. */
  readonly late: Message[] = [];
  /** Links `from>to` that lose what is sent on them. */
  readonly cut = new Set<string>();
  /** Servers whose writes wait for `persist`. */
  readonly slow = new Set<NodeId>();
  readonly #touched = new Set<Server>();
  #lines: string[] = [];

  constructor(options: StageOptions) {
    const { voters, seed, snapshotPieces, config } = options;
    this.world = new World({
      voters,
      seed,
      snapshotPieces,
      config,
      onEvent: (server, event) => this.tell(`${server.id}: ${narrate(event)}`),
    });
  }

  /** One line of narration at the present time. */
  tell(text: string): void {
    this.#lines.push(`[${String(this.world.now).padStart(4)}] ${text}`);
  }

  /** The narration since the last call. */
  takeLines(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  /**
   * Steps `server`; its effects follow with {@link settle}, so that several inputs can share them.
   */
  input(server: Server, input: Input): StepResult {
    this.touch(server);
    return this.world.step(server, input);
  }

  /** Something reached `server` without a step of ours: it settles with the others. */
  touch(server: Server): void {
    assert.ok(server.isUp, `server ${server.id} is down`);
    this.#touched.add(server);
  }

  /** Lets every server that got an input say, write and apply what follows from it. */
  settle(): void {
    const touched = [...this.#touched].sort((a, b) => a.id - b.id);
    this.#touched.clear();
    for (const server of touched) if (server.isUp) this.#settle(server);
  }

  #settle(server: Server): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const effects = this.world.flush(server);
      this.#tellEffects(server, effects);
      if (this.slow.has(server.id)) {
        if (isIdle(effects)) return;
      } else if (server.pending.length > 0) this.completeWrites(server, server.pending.length);
      else if (isIdle(effects)) return;
    }
    assert.fail(`server ${server.id} does not come to rest`);
  }

  #tellEffects(server: Server, effects: Effects): void {
    const { send, write, load, restore, apply } = effects;
    this.#tellSends(server, send);
    for (const { to, snapshot, offset } of load) {
      const name = `snapshot ${snapshot.index}^${snapshot.term} at ${offset} for ${to}`;
      this.tell(`${server.id}: ${server.isUnreadable ? "can't read" : "reads"} ${name}`);
    }
    if (write !== undefined && this.slow.has(server.id)) {
      const promises = destinations(write.thenSend);
      const behind = promises === "" ? "" : `; then ${promises}`;
      this.tell(`${server.id}: queues write ${write.seq}: ${describeWrite(write)}${behind}`);
    }
    if (restore !== undefined) {
      this.tell(`${server.id}: restores its state from snapshot ${restore.index}^${restore.term}`);
    }
    if (apply.length > 0) this.tell(`${server.id}: applies ${apply.map(describeEntry).join(", ")}`);
    this.#loseCut();
  }

  #tellSends(server: Server, messages: readonly Message[]): void {
    if (messages.length > 0) this.tell(`${server.id}: sends ${destinations(messages)}`);
  }

  /** Completes the `count` oldest writes of `server`. */
  completeWrites(server: Server, count: number): void {
    for (let done = 0; done < count; done++) {
      const write = server.pending[0];
      assert.ok(write !== undefined, `server ${server.id} has no write to complete`);
      const isSlow = this.slow.has(server.id);
      this.tell(
        `${server.id}: syncs write ${write.seq}${isSlow ? "" : `: ${describeWrite(write)}`}`,
      );
      this.#tellSends(server, write.thenSend);
      this.world.completeWrite(server);
      this.#touched.add(server);
    }
    this.#loseCut();
  }

  #loseCut(): void {
    const { wire } = this.world;
    const kept: Message[] = [];
    for (const message of wire.splice(0)) {
      if (this.cut.has(linkOf(message))) this.tell(`lost: ${narrateMessage(message)}`);
      else kept.push(message);
    }
    wire.push(...kept);
  }

  /** Cuts every link for which `isCut` holds; what is under way there is lost. */
  cutLinks(isCut: (from: NodeId, to: NodeId) => boolean): void {
    for (const { id: from } of this.world.servers) {
      for (const { id: to } of this.world.servers) {
        if (from !== to && isCut(from, to)) this.cut.add(`${from}>${to}`);
      }
    }
    this.#loseCut();
  }

  /** Hands one message over. */
  deliver(message: Message): void {
    const to = this.world.server(message.to);
    const line = narrateMessage(message);
    if (!to.isUp) {
      this.tell(`lost, ${to.id} is down: ${line}`);
      return;
    }
    this.tell(`arrives: ${line}`);
    this.input(to, { kind: "received", message });
  }

  /**
   * Delivers what is under way now and not held; what follows from it stays under way. False when
   * there was nothing.
   */
  deliverRound(): boolean {
    const { wire } = this.world;
    const free = wire.filter((message) => !this.held.has(linkOf(message)));
    const rest = wire.filter((message) => this.held.has(linkOf(message)));
    wire.length = 0;
    wire.push(...rest);
    for (const message of free) {
      this.deliver(message);
      this.settle();
    }
    return free.length > 0;
  }

  /** Delivers until nothing but held messages is under way. Time stands still. */
  stabilize(): void {
    let rounds = 0;
    while (this.deliverRound()) {
      rounds++;
      assert.ok(rounds < ROUNDS_MAX, "the messages do not come to an end");
    }
  }

  /** Steps a tick at every server whose deadline has come. */
  tickAll(): void {
    for (const server of this.world.servers) {
      if (!server.isUp || server.raft.deadline > this.world.now) continue;
      this.input(server, { kind: "tick" });
      this.settle();
    }
  }

  /** Lets time pass: all timers run; with `isDelivering` the network works too, without delay. */
  pass(durationMs: number, isDelivering: boolean): void {
    const { world } = this;
    const end = world.now + durationMs;
    let rounds = 0;
    for (;;) {
      const deadlines = world.servers.map((each) =>
        each.isUp ? each.raft.deadline : Number.POSITIVE_INFINITY,
      );
      const next = Math.max(world.now, Math.min(...deadlines));
      if (next > end) break;
      rounds = next === world.now ? rounds + 1 : 0;
      assert.ok(rounds < ROUNDS_MAX, "a deadline stays although it was served");
      world.now = next;
      this.tickAll();
      if (isDelivering) this.stabilize();
    }
    world.now = end;
  }
}

function isIdle(effects: Effects): boolean {
  const { send, write, load, store, restore, apply, events } = effects;
  const lists = [send, load, store, apply, events];
  return write === undefined && restore === undefined && lists.every((list) => list.length === 0);
}

export function linkOf(message: Message): string {
  return `${message.from}>${message.to}`;
}

/** `append-request to 2 3, vote-response to 1`. */
function destinations(messages: readonly Message[]): string {
  const byKind = new Map<string, NodeId[]>();
  for (const { kind, to } of messages) byKind.set(kind, [...(byKind.get(kind) ?? []), to]);
  return [...byKind].map(([kind, to]) => `${kind} to ${to.join(" ")}`).join(", ");
}

function describeWrite(write: Write): string {
  const { hardState, snapshot, truncateFrom, entries, compactTo, compactTerm } = write;
  const parts: string[] = [];
  if (hardState !== undefined) {
    const { term, vote } = hardState;
    parts.push(`term ${term} ${vote === 0 ? "no vote" : `vote ${vote}`}`);
  }
  if (snapshot !== undefined) parts.push(`snapshot ${snapshot.index}^${snapshot.term}`);
  if (truncateFrom !== 0) parts.push(`cut from ${truncateFrom}`);
  if (entries.length > 0) parts.push(`entries ${entries.map(nameOf).join(" ")}`);
  if (compactTo !== 0) parts.push(`start at ${compactTo}^${compactTerm}`);
  return parts.length > 0 ? parts.join(", ") : "nothing new";
}

function nameOf({ index, term }: Entry): string {
  return `${index}^${term}`;
}

function describeEntry(entry: Entry): string {
  const text = entry.kind === "command" ? String.fromCharCode(...entry.data) : `(${entry.kind})`;
  return text === "" ? nameOf(entry) : `${nameOf(entry)} ${text}`;
}
