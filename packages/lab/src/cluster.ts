/**
 * The servers of one scenario on their network: start, crash, cut off, connect. Scenarios count
 * servers from 0, as the course does; what is told to people uses their ids, from 1.
 */

import type { Index, NodeId } from "@holdfast/raft";
import type { Random, SleepingClock, TraceHash } from "@holdfast/sim";
import { CallPort, type ReadFacts } from "./call-port.ts";
import { CourseNetwork, type End } from "./course-network.ts";
import type { Consumer, CourseMake, CourseServer, CourseStore } from "./course-server.ts";
import { Records } from "./records.ts";

export interface ClusterOptions {
  readonly servers: number;
  readonly isReliable: boolean;
  /** Part 2D: state machines that take snapshots. */
  readonly hasSnapshots: boolean;
  readonly clock: SleepingClock;
  readonly random: Random;
  readonly trace: TraceHash;
  readonly make: CourseMake;
  readonly facts: ReadFacts;
  readonly tell: (text: string) => void;
  readonly onFailure: (error: Error) => void;
}

interface Slot {
  readonly id: NodeId;
  store: CourseStore;
  /** Nothing while the server is down, or on its way up. */
  server: CourseServer | undefined;
  isConnected: boolean;
  /** Its ends of this life, by the server they lead to. */
  ends: ReadonlyMap<NodeId, End>;
  /** Lives begun so far. */
  lives: number;
  /**
   * The present one, 0 while the server is down: what an older life says or delivers reaches
   * nobody.
   */
  life: number;
  /** Of the log on the disk when the server last went down. */
  logBytes: number;
}

export class Cluster {
  readonly network: CourseNetwork;
  readonly records: Records;
  readonly #options: ClusterOptions;
  readonly #slots: readonly Slot[];

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.network = new CourseNetwork({
      clock: options.clock,
      random: options.random.fork("network"),
      trace: options.trace,
    });
    this.network.isReliable = options.isReliable;
    this.network.hasLongDelays = true;
    this.records = new Records(options.servers);
    this.#slots = Array.from({ length: options.servers }, (_, i) => ({
      id: i + 1,
      store: options.make.newStore(
        i + 1,
        options.random.fork("disk").fork(i).word(),
        options.clock,
      ),
      server: undefined,
      isConnected: false,
      ends: new Map<NodeId, End>(),
      lives: 0,
      life: 0,
      logBytes: 0,
    }));
  }

  get size(): number {
    return this.#slots.length;
  }

  /** Nothing while server `i` is down. */
  server(i: number): CourseServer | undefined {
    return this.#slot(i).server;
  }

  isConnected(i: number): boolean {
    return this.#slot(i).isConnected;
  }

  /** Calls that reached the present life of server `i`. */
  callsTo(i: number): number {
    return this.network.callsTo(this.#slot(i).id);
  }

  /** The largest log on any disk, in bytes, also of servers that are down. */
  logBytesMax(): number {
    return Math.max(...this.#slots.map((slot) => slot.server?.logBytes() ?? slot.logBytes));
  }

  /** Both directions between `i` and every other connected server open. */
  connect(i: number): void {
    this.#options.tell(`server ${i + 1} connected`);
    const slot = this.#slot(i);
    slot.isConnected = true;
    for (const other of this.#slots) {
      if (other.isConnected) setEnds(slot, other, true);
    }
  }

  disconnect(i: number): void {
    const slot = this.#slot(i);
    if (slot.isConnected) this.#options.tell(`server ${i + 1} cut off`);
    slot.isConnected = false;
    for (const other of this.#slots) setEnds(slot, other, false);
  }

  /** The power of server `i` fails: it is cut off, and only what its disk holds by now remains. */
  crash(i: number): void {
    this.disconnect(i);
    const slot = this.#slot(i);
    this.network.remove(slot.id);
    slot.life = 0;
    const { server } = slot;
    if (server === undefined) return;
    this.#options.tell(`server ${i + 1} down`);
    slot.logBytes = server.logBytes();
    slot.server = undefined;
    // First the disk is taken away, so that nothing that happens in `kill` can reach it.
    slot.store = slot.store.cut();
    server.kill();
  }

  /**
   * Starts server `i` from its disk; a running one crashes first. It stays cut off until `connect`.
   */
  async start(i: number): Promise<void> {
    this.crash(i);
    const { clock, make, facts, random, tell, onFailure } = this.#options;
    const slot = this.#slot(i);
    const life = ++slot.lives;
    slot.life = life;
    const ids = this.#slots.map(({ id }) => id);
    slot.ends = new Map(ids.map((to) => [to, this.network.end(slot.id, to)]));
    this.records.restarted(i);
    const port = new CallPort({ me: slot.id, network: this.network, ends: slot.ends, facts });
    tell(`server ${i + 1} starts, life ${life}`);
    slot.server = await make.launch({
      id: slot.id,
      servers: ids,
      life,
      port,
      store: slot.store,
      clock,
      consumer: this.#consumer(i, life),
      random: random.fork("server").fork(i).fork(life).word(),
      onFailure: (error) => (slot.life === life ? onFailure(error) : undefined),
      tell: (text) => (slot.life === life ? tell(`server ${i + 1}: ${text}`) : undefined),
    });
    this.network.register(slot.id, port);
  }

  /** All servers go quiet, the network too. */
  shutDown(): void {
    for (const slot of this.#slots) {
      slot.life = 0;
      slot.server?.kill();
      slot.server = undefined;
    }
    this.network.shutDown();
  }

  #consumer(i: number, life: number): Consumer {
    const { hasSnapshots, onFailure, tell } = this.#options;
    // A check that fails ends the scenario, not the server.
    const guarded = <T>(deliver: () => T): T | undefined => {
      if (this.#slot(i).life !== life) return undefined;
      try {
        return deliver();
      } catch (error) {
        onFailure(error instanceof Error ? error : new Error(String(error)));
        return undefined;
      }
    };
    const command = (index: Index, bytes: Uint8Array): Uint8Array | undefined => {
      if (!hasSnapshots) {
        this.records.applied(i, index, bytes);
        return undefined;
      }
      const snapshot = this.records.appliedNext(i, index, bytes);
      if (snapshot !== undefined)
        tell(`server ${i + 1} takes a snapshot at ${index}, ${snapshot.length} bytes`);
      return snapshot;
    };
    return {
      command: (index, bytes) => guarded(() => command(index, bytes)),
      snapshot: (index, bytes) => guarded(() => this.records.restored(i, index, bytes)),
    };
  }

  #slot(i: number): Slot {
    const slot = this.#slots[i];
    if (slot === undefined) throw new RangeError(`No server ${i + 1}`);
    return slot;
  }
}

function setEnds(one: Slot, other: Slot, isEnabled: boolean): void {
  const there = one.ends.get(other.id);
  const back = other.ends.get(one.id);
  if (there !== undefined) there.enabled = isEnabled;
  if (back !== undefined) back.enabled = isEnabled;
}
