/**
 * One server of the simulated cluster: its disk, and one life of the production replica after the
 * other.
 */

import { makeConfig, type NodeId, type Raft } from "@holdfast/raft";
import {
  joinProbes,
  type Machine,
  openReplica,
  type Replica,
  type ReplicaOptions,
} from "@holdfast/replica";
import type { SimDisk } from "../disk.ts";
import type { Keep } from "../disk-inode.ts";
import { DurableLog } from "../durable-log.ts";
import { Readings } from "../durable-reading.ts";
import type { Answer } from "../load/door.ts";
import { NodeClock } from "../node-clock.ts";
import { Process } from "../process.ts";
import { answerOf } from "./answers.ts";
import { ServerWatch } from "./server-watch.ts";
import { SlowMachine } from "./slow-machine.ts";
import type { WatchedMachine } from "./stage.ts";
import { couldNotStart, type Harm, stoppedItself } from "./supervisor.ts";
import { springOne, type Trap } from "./trap.ts";
import type { World } from "./world.ts";

/**
 * - `down`: no process.
 * - `opening`: the process recovers its disk.
 * - `up`: it takes part.
 * - `refused`: its disk is damaged and it said so; it is never started again.
 */
export type Standing = "down" | "opening" | "up" | "refused";

/** From the start of a process to its end. */
export interface Life {
  readonly id: NodeId;
  /** The how many-th start of its server it is. */
  readonly starts: number;
  readonly process: Process;
  readonly clock: NodeClock;
  readonly machine: WatchedMachine;
  raft: Raft | undefined;
  replica: Replica<unknown> | undefined;
  /** Clients that wait for an answer of this process. */
  readonly waiting: Set<(answer: Answer<unknown>) => void>;
  /** It sleeps at least until then. */
  sleepsUntil: number;
  isClosing: boolean;
}

export class Server {
  readonly id: NodeId;
  disk: SimDisk;
  standing: Standing = "down";
  life: Life | undefined;
  /** A second process on the same directory, which no lock has kept away. */
  twin: Life | undefined;
  /** Times a process was started. */
  starts = 0;
  /** What was done to its disk since it last started well: it may refuse to start. */
  readonly harms: Set<Harm> = new Set();
  /** Each ends the process at a chosen moment. */
  readonly traps: Set<Trap> = new Set();
  #twinDisk: SimDisk | undefined;
  /** Syncs that succeeded on the disks of its earlier lives. */
  #syncsBefore = 0;
  /**
   * Part in a million by which its clock is wrong from the next start on, and how far it is ahead.
   */
  driftPpm: number;
  aheadMs: number;
  readonly watch: ServerWatch;
  /** What its disk holds for certain. */
  durable: DurableLog;
  /** Of all its disks. */
  readonly #readings = new Readings();
  readonly #world: World;
  #process: Process;

  constructor(world: World, id: NodeId) {
    this.#world = world;
    this.id = id;
    const habits = world.plan.clocks[id - 1];
    this.driftPpm = habits?.driftPpm ?? 0;
    this.aheadMs = habits?.offsetMs ?? 0;
    this.#process = new Process(world.scheduler);
    this.disk = world.newDisk(id, this.#process);
    this.durable = this.#observe();
    this.watch = new ServerWatch(this, world.watch);
  }

  get raft(): Raft | undefined {
    if (this.standing !== "up") return undefined;
    // Of two, the one that others reach.
    return this.twin?.raft ?? this.life?.raft;
  }

  /** Syncs that have succeeded, over all its lives. */
  get syncs(): number {
    return this.#syncsBefore + this.disk.syncs + (this.#twinDisk?.syncs ?? 0);
  }

  /** Whether it could take part, however badly it is connected. */
  get isUp(): boolean {
    return this.standing === "up";
  }

  /** Starts a process unless one runs. */
  start(): void {
    if (this.standing !== "down") return;
    this.standing = "opening";
    const life = this.#newLife(this.#process);
    this.life = life;
    this.#open(life, this.disk, () => {
      this.standing = "up";
    });
  }

  /**
   * P8: a second process is started on this directory, as if there were no lock on it. From then on
   * it has the address: the first one hears nothing, and writes and sends on. They end together.
   */
  startTwin(): Life | undefined {
    if (this.life?.replica === undefined || this.twin !== undefined) return undefined;
    const own = new Process(this.#world.scheduler);
    const disk = this.disk.shared({ process: own });
    const twin = this.#newLife(own);
    this.twin = twin;
    this.#twinDisk = disk;
    this.#hook(disk, () => twin);
    this.#open(twin, disk, () => {});
    return twin;
  }

  /** The process ends without a word. With `power` its disk keeps only what `keep` says. */
  crash(power: boolean, keep: Keep): void {
    for (const life of [this.twin, this.life]) {
      if (life !== undefined) this.#world.trace?.server(life, { kind: "crashed", power });
    }
    this.end();
    const { disk } = this;
    this.#syncsBefore = this.syncs;
    this.#twinDisk = undefined;
    this.#process = new Process(this.#world.scheduler);
    const next = { process: this.#process };
    this.disk = power ? disk.crash({ keep }, next) : disk.kill(next);
    this.watch.ended();
    this.durable = this.#observe();
    if (this.harms.size === 0) this.#world.durables[this.id - 1] = this.durable;
  }

  /**
   * Asks the process to close its replica in order; one that sleeps hears of it when it wakes.
   * `ended` is called when its process has ended by that, and in no other way. False when there is
   * nothing to close.
   */
  stop(ended: () => void): boolean {
    const { life } = this;
    const replica = life?.replica;
    if (life === undefined || replica === undefined || life.isClosing) return false;
    life.isClosing = true;
    const close = async (): Promise<void> => {
      await replica.close();
      if (this.life !== life) return;
      this.crash(false, "all");
      ended();
    };
    // A signal comes through a pipe, as all that the system reports.
    life.process.deliver("io", () => void close());
    return true;
  }

  /** Between two lives: this happened to its disk. */
  harmed(harms: Iterable<Harm>): void {
    for (const harm of harms) this.harms.add(harm);
    this.durable = this.#observe();
  }

  /**
   * It has read all of its disk and accepted it as it is, so that is what it stands for from now
   * on: nothing that happened before excuses it any more.
   */
  counts(): void {
    this.harms.clear();
    this.#world.durables[this.id - 1] = this.durable;
  }

  /** Between two lives: the directory is now a copy of that one, its own of old or another's. */
  putBack(disk: SimDisk): void {
    this.disk = this.disk.withFilesOf(disk, { process: this.#process });
    this.durable = this.#observe();
  }

  /** Its disk can't be trusted, as it has noticed itself. */
  refuse(): void {
    this.end();
    this.standing = "refused";
  }

  /** Proposes as a client that is connected to this server. */
  propose(command: Uint8Array, timeoutMs: number): Promise<Answer<unknown>> {
    const { life } = this;
    const replica = life?.replica;
    if (life === undefined || replica === undefined) {
      return Promise.resolve({ kind: "failed", reason: "down" });
    }
    return new Promise((resolve) => {
      const settle = (answer: Answer<unknown>): void => {
        if (life.waiting.delete(settle)) resolve(answer);
      };
      life.waiting.add(settle);
      replica.propose(command, { timeoutMs }).then(
        (applied) => settle({ kind: "ok", ...applied }),
        (error: unknown) => settle(answerOf(error)),
      );
    });
  }

  /** Without a crash of the disk: nothing of it will be used again. */
  end(): void {
    const { life } = this;
    this.standing = "down";
    this.life = undefined;
    this.twin?.process.kill();
    this.twin = undefined;
    if (life === undefined) return;
    life.process.kill();
    // Whose server dies never learns what came of it.
    for (const settle of [...life.waiting]) settle({ kind: "unknown" });
  }

  #observe(): DurableLog {
    const { disk, id } = this;
    this.#hook(disk, () => this.life);
    const identity = { clusterId: CLUSTER_ID, nodeId: id };
    return new DurableLog(disk, { identity, readings: this.#readings });
  }

  #hook(disk: SimDisk, user: () => Life | undefined): void {
    disk.beforeOperation = (_count, operation) => {
      springOne(this.traps, (trap) => trap.atDisk(operation, "before"));
      return undefined;
    };
    disk.afterOperation = (operation, name) => {
      const life = user();
      if (life !== undefined) {
        this.#world.trace?.server(life, { kind: "disk", operation, name, result: "ok" });
      }
      springOne(this.traps, (trap) => trap.atDisk(operation, "after"));
    };
  }

  #newLife(own: Process): Life {
    const { random, scheduler, specimen } = this.#world;
    this.starts++;
    const clock = new NodeClock({
      scheduler,
      process: own,
      random: random.fork(`clock ${this.id} ${this.starts}`),
      habits: { offsetMs: this.aheadMs, driftPpm: this.driftPpm },
    });
    return {
      id: this.id,
      starts: this.starts,
      process: own,
      clock,
      machine: specimen.make(this.id),
      raft: undefined,
      replica: undefined,
      waiting: new Set(),
      sleepsUntil: 0,
      isClosing: false,
    };
  }

  #open(life: Life, disk: SimDisk, opened: () => void): void {
    openReplica(this.#options(life, disk)).then(
      (replica) => {
        if (!this.#has(life)) return;
        life.replica = replica;
        opened();
      },
      (error: unknown) => {
        if (this.#has(life)) couldNotStart(this.#world, this, error);
      },
    );
  }

  #has(life: Life): boolean {
    return this.life === life || this.twin === life;
  }

  #machineOf({ machine, clock }: Life): Machine<unknown> {
    const world = this.#world;
    const { slowApplyMs } = world.plan;
    if (slowApplyMs === undefined) return machine;
    const random = world.random.fork(`apply ${this.id} ${this.starts}`);
    return new SlowMachine(machine, clock, () => {
      if (world.isHealed || !random.chance(1, SLOW_OF)) return 0;
      return random.fraction() * 2 * slowApplyMs;
    });
  }

  #options(life: Life, disk: SimDisk): ReplicaOptions<unknown> {
    const { plan, network, random } = this.#world;
    const voters = Array.from({ length: plan.nodes }, (_, i) => i + 1);
    const knobs = { ...plan.knobs, ...plan.nodeKnobs[this.id] };
    const { segmentBytes, preallocate, snapshotChunkBytes, snapshotEveryEntries } = knobs;
    const { snapshotEveryBytes, applySliceMs, proposalsMax, ...config } = knobs;
    const own = {
      segmentBytes,
      preallocate,
      snapshotChunkBytes,
      snapshotEveryEntries,
      snapshotEveryBytes,
      applySliceMs,
      proposalsMax,
    };
    const watch = this.watch.probe(life);
    const trace = this.#world.trace?.probe(life);
    return {
      ...(defined(own) as Partial<ReplicaOptions<unknown>>),
      config: makeConfig({ ...config, id: this.id, members: { voters } }),
      clusterId: CLUSTER_ID,
      disk,
      network: network.plug(this.id, life.process),
      clock: life.clock,
      machine: this.#machineOf(life),
      random: random.fork(`start ${this.id} ${this.starts}`).word(),
      observe: (event) => {
        trace?.observe(event);
        this.watch.happened(event, life);
      },
      probe: trace === undefined ? watch : joinProbes(trace, watch),
      onFailure: (error) => {
        if (this.#has(life)) stoppedItself(this.#world, this, error);
      },
    };
  }
}

const CLUSTER_ID = 7;
/** One command in so many is slow. */
const SLOW_OF = 16;

/** Without what was left open. */
function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
