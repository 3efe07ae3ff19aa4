/**
 * A small world around the pure core: messages, disks and crashes under one seed, with the
 * cluster's safety checked after every step.
 */

import assert from "node:assert/strict";
import {
  checkState,
  checkStep,
  createRaft,
  type Effects,
  EMPTY,
  type Entry,
  type Input,
  type Members,
  type Message,
  makeConfig,
  type NodeId,
  type Raft,
  type RaftConfig,
  type RaftEvent,
  type Restored,
  remember,
  type SnapshotLoad,
  type SnapshotMeta,
  type SnapshotPiece,
  type StepResult,
  seedWord,
  step,
  takeEffects,
  type Write,
} from "@holdfast/raft";
import { ClusterInvariants } from "@holdfast/sim";
import { durableOf, emptyPlatter, type Platter, recover, store } from "./platter.ts";

export interface Server {
  readonly id: NodeId;
  raft: Raft;
  isUp: boolean;
  readonly platter: Platter;
  /** Handed over and not yet on the platter, oldest first. */
  readonly pending: Write[];
  /** What the state machine was given, by index; survives only in a snapshot. */
  readonly applied: Map<number, string>;
  appliedIndex: number;
  /** Bumped by a crash: what was under way then is lost. */
  incarnation: number;
  /** The pieces of a snapshot that have arrived so far. */
  arriving: Uint8Array;
  /** Its snapshot files can't be read just now. */
  isUnreadable: boolean;
}

export interface WorldOptions {
  readonly voters: number;
  readonly seed: number;
  readonly config?: Partial<Omit<RaftConfig, "id" | "members">>;
  /** A snapshot travels in this many pieces; 1 when left out. */
  readonly snapshotPieces?: number;
  /** Named per message; undefined leaves it to the driver of the test. */
  readonly onEvent?: (server: Server, event: RaftEvent) => void;
}

export class World {
  now = 0;
  readonly servers: Server[] = [];
  /** Messages on their way, delivered by whoever drives the world. */
  readonly wire: Message[] = [];
  readonly #options: WorldOptions;
  readonly #members: Members;
  /** Election Safety, Log Matching, Leader Completeness, State Machine Safety, durable promises. */
  readonly invariants = new ClusterInvariants();
  #random: number;
  steps = 0;
  /**
   * Pieces of snapshots that the test has falsified on their way; with none every check must pass.
   */
  damaged = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seedWord(options.seed, 77);
    this.#members = { voters: Array.from({ length: options.voters }, (_, i) => i + 1) };
    for (const id of this.#members.voters) this.servers.push(this.#boot(id));
  }

  /** A seeded number in `0 .. below - 1`. */
  draw(below: number): number {
    this.#random = seedWord(this.#random, 5);
    return this.#random % below;
  }

  server(id: NodeId): Server {
    const server = this.servers[id - 1];
    assert.ok(server, `no server ${id}`);
    return server;
  }

  leaders(): Server[] {
    return this.servers.filter((server) => server.isUp && server.raft.role.kind === "leader");
  }

  step(server: Server, input: Input): StepResult {
    assert.ok(server.isUp, "stepped a server that is down");
    const before = remember(server.raft);
    const result = step(server.raft, input, this.now);
    this.steps++;
    checkStep(before, server.raft);
    checkState(server.raft);
    return result;
  }

  /** Takes what the server has decided and puts it on wire and disk. */
  flush(server: Server): Effects {
    const effects = takeEffects(server.raft);
    this.took(effects);
    checkState(server.raft);
    for (const event of effects.events) this.#observe(server, event);
    this.#send(server, effects.send);
    if (effects.write !== undefined) server.pending.push(effects.write);
    for (const load of effects.load) this.#load(server, load);
    for (const piece of effects.store) this.#keep(server, piece);
    if (effects.restore !== undefined) this.#restore(server, effects.restore);
    for (const entry of effects.apply) this.#apply(server, entry);
    if (effects.apply.length > 0 || effects.restore !== undefined) {
      this.step(server, { kind: "applied", index: server.appliedIndex });
    }
    return effects;
  }

  /**
   * Flushes, and checks that a tick that is due leaves nothing due: a driver's timer would spin.
   */
  settle(server: Server): void {
    this.flush(server);
    if (server.raft.deadline > this.now) return;
    this.step(server, { kind: "tick" });
    this.flush(server);
    assert.ok(server.raft.deadline > this.now, `server ${server.id} spins`);
  }

  /**
   * Effects as they left the core, before anything is done with them: for worlds that look closer.
   */
  protected took(_effects: Effects): void {}

  /** Completes the oldest pending write: it is on the platter, its promises leave. */
  completeWrite(server: Server): void {
    const write = server.pending.shift();
    if (write === undefined) return;
    store(server.platter, write);
    this.#send(server, write.thenSend);
    this.step(server, { kind: "persisted", seq: write.seq });
  }

  deliver(message: Message): void {
    const server = this.server(message.to);
    if (server.isUp) this.step(server, { kind: "received", message });
  }

  tick(server: Server): void {
    if (server.isUp && server.raft.deadline <= this.now) this.step(server, { kind: "tick" });
  }

  /** A millisecond in which everything works, at all servers that are up. */
  calmTurn(): void {
    this.now += 1;
    for (const message of this.wire.splice(0)) this.deliver(message);
    for (const server of this.servers) {
      if (!server.isUp) continue;
      this.tick(server);
      this.flush(server);
      while (server.pending.length > 0) this.completeWrite(server);
      this.flush(server);
    }
  }

  /** The application takes a snapshot, which is on the platter at once. */
  compact(server: Server, index: number = server.appliedIndex): StepResult {
    const before = server.raft.snapshot;
    const result = this.step(server, { kind: "snapshot-taken", index });
    if (server.raft.snapshot !== before) server.platter.snapshot = server.raft.snapshot;
    return result;
  }

  /** Power loss: all that was not on the platter is gone. */
  crash(server: Server): void {
    server.isUp = false;
    server.pending.length = 0;
    server.arriving = EMPTY;
    server.incarnation++;
  }

  restart(server: Server): void {
    assert.ok(!server.isUp, "restarted a server that is up");
    const fresh = this.#boot(server.id, server.platter);
    server.raft = fresh.raft;
    server.appliedIndex = fresh.appliedIndex;
    server.isUp = true;
  }

  #boot(id: NodeId, platter: Platter = emptyPlatter()): Server {
    const config = makeConfig({ ...this.#options.config, id, members: this.#members });
    const restored: Restored = { ...recover(platter), random: this.#options.seed };
    const raft = createRaft(config, restored, this.now);
    checkState(raft);
    return {
      id,
      raft,
      isUp: true,
      platter,
      pending: [],
      applied: new Map(),
      appliedIndex: raft.commit,
      incarnation: 0,
      arriving: EMPTY,
      isUnreadable: false,
    };
  }

  #observe(server: Server, event: RaftEvent): void {
    this.invariants.happened(server.raft, event);
    this.#options.onEvent?.(server, event);
  }

  /** Puts what leaves `server` on the wire. */
  #send(server: Server, messages: readonly Message[]): void {
    const disk = durableOf(server.platter);
    for (const message of messages) {
      const addressee = this.servers[message.to - 1];
      this.invariants.left(message, disk, addressee?.isUp === true ? addressee.raft : undefined);
      this.wire.push(message);
    }
  }

  #apply(server: Server, entry: Entry): void {
    assert.equal(entry.index, server.appliedIndex + 1, "applied out of order");
    server.appliedIndex = entry.index;
    server.applied.set(entry.index, textOf(entry));
    this.invariants.applied(
      entry,
      server.raft.term,
      this.servers.map(({ platter }) => durableOf(platter)),
    );
  }

  /** Reads one piece of an own snapshot and sends it. */
  #load(server: Server, { to, term, seq, snapshot, offset }: SnapshotLoad): void {
    const { index: lastIndex, term: lastTerm, members } = snapshot;
    if (server.isUnreadable) {
      this.step(server, { kind: "snapshot-unreadable", to, index: lastIndex });
      return;
    }
    const image = imageOf(snapshot, this.#options.snapshotPieces ?? 1);
    assert.ok(offset < image.length, "asked for a piece behind the end of the snapshot");
    const data = image.slice(offset, offset + PIECE_BYTES);
    const done = offset + data.length === image.length;
    const transfer = { seq, lastIndex, lastTerm, members, offset, data, done };
    this.wire.push({ kind: "snapshot-request", from: server.id, to, term, ...transfer });
  }

  /** Keeps one piece of an incoming snapshot, and checks the whole behind the last one. */
  #keep(server: Server, { snapshot, offset, data, done }: SnapshotPiece): void {
    const { index, term } = snapshot;
    const held = offset === 0 ? EMPTY : server.arriving;
    assert.equal(offset, held.length, "a piece that doesn't continue the ones before");
    server.arriving = Uint8Array.from([...held, ...data]);
    if (!done) return;
    const image = imageOf(snapshot, this.#options.snapshotPieces ?? 1);
    const ok = Buffer.compare(server.arriving, image) === 0;
    assert.ok(ok || this.damaged > 0, "a snapshot was put together wrongly");
    server.arriving = EMPTY;
    this.step(server, { kind: "snapshot-checked", index, term, ok });
  }

  #restore(server: Server, meta: SnapshotMeta): void {
    server.appliedIndex = meta.index;
  }
}

const PIECE_BYTES = 4;

/** The bytes of a snapshot: no two snapshots are alike. */
function imageOf({ index, term }: SnapshotMeta, pieces: number): Uint8Array {
  return Uint8Array.from({ length: pieces * PIECE_BYTES }, (_, at) => index * 31 + term * 7 + at);
}

export function textOf(entry: Entry): string {
  return `${entry.term}:${entry.kind}:${String.fromCharCode(...entry.data)}`;
}
