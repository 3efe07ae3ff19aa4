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
import type { Trap } from "./process-faults.ts";
import { ServerWatch } from "./server-watch.ts";
import { SlowMachine } from "./slow-machine.ts";
import type { WatchedMachine } from "./stage.ts";
import { couldNotStart, stoppedItself } from "./supervisor.ts";
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
  readonly process: Process;
  readonly clock: NodeClock;
  readonly machine: WatchedMachine;
  raft: Raft | undefined;
  replica: Replica<unknown> | undefined;
  /** Clients that wait for an answer of this process. */
  readonly waiting: Set<(answer: Answer<unknown>) => void>;
}

export class Server {
  readonly id: NodeId;
  disk: SimDisk;
  standing: Standing = "down";
  life: Life | undefined;
  /** Times a process was started. */
  starts = 0;
  /** Its disk was harmed: it may refuse to start. */
  isDamaged = false;
  /** Its disk was told to fail: it may stop itself. */
  isDiskFaulty = false;
  /** Ends the process at a chosen moment. */
  trap: Trap | undefined;
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
    return this.standing === "up" ? this.life?.raft : undefined;
  }

  /** Syncs that have succeeded, over all its lives. */
  get syncs(): number {
    return this.#syncsBefore + this.disk.syncs;
  }

  /** Whether it could take part, however badly it is connected. */
  get isUp(): boolean {
    return this.standing === "up";
  }

  /** Starts a process unless one runs. */
  start(): void {
    if (this.standing !== "down") return;
    const world = this.#world;
    this.standing = "opening";
    this.starts++;
    const own = this.#process;
    const clock = new NodeClock({
      scheduler: world.scheduler,
      process: own,
      random: world.random.fork(`clock ${this.id} ${this.starts}`),
      habits: { offsetMs: this.aheadMs, driftPpm: this.driftPpm },
    });
    const machine = world.specimen.make(this.id);
    const life: Life = {
      process: own,
      clock,
      machine,
      raft: undefined,
      replica: undefined,
      waiting: new Set(),
    };
    this.life = life;
    openReplica(this.#options(life)).then(
      (replica) => {
        if (this.life !== life) return;
        life.replica = replica;
        this.standing = "up";
      },
      (error: unknown) => {
        if (this.life === life) couldNotStart(world, this, error);
      },
    );
  }

  /** The process ends without a word. With `power` its disk keeps only what `keep` says. */
  crash(power: boolean, keep: Keep): void {
    if (this.life !== undefined) this.#world.trace?.server(this, { kind: "crashed", power });
    this.end();
    const { disk } = this;
    this.#syncsBefore += disk.syncs;
    this.#process = new Process(this.#world.scheduler);
    const next = { process: this.#process };
    this.disk = power ? disk.crash({ keep }, next) : disk.kill(next);
    this.watch.ended();
    this.durable = this.#observe();
    if (!this.isDamaged) this.#world.durables[this.id - 1] = this.durable;
  }

  /** Closes the replica in order. Resolves when its process has ended, in whatever way. */
  async stop(): Promise<void> {
    const { life } = this;
    if (life?.replica === undefined) return;
    await life.replica.close();
    if (this.life === life) this.crash(false, "all");
  }

  /** It has accepted its disk as it is, so that is what it stands for from now on. */
  counts(): void {
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

  /**
   * Someone starts a second process on this directory. As on a real disk the first one holds a lock
   * on it for as long as it lives, so the second one can do nothing.
   */
  startTwin(): boolean {
    if (this.life?.process.isAlive === true) return false;
    this.start();
    return true;
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
    if (life === undefined) return;
    life.process.kill();
    // Whose server dies never learns what came of it.
    for (const settle of [...life.waiting]) settle({ kind: "unknown" });
  }

  #observe(): DurableLog {
    const { disk, id } = this;
    disk.beforeOperation = (_count, operation) => {
      this.trap?.atDisk(operation, "before");
      return undefined;
    };
    disk.afterOperation = (operation, name) => {
      this.#world.trace?.server(this, { kind: "disk", operation, name, result: "ok" });
      this.trap?.atDisk(operation, "after");
    };
    const identity = { clusterId: CLUSTER_ID, nodeId: id };
    return new DurableLog(disk, { identity, readings: this.#readings });
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

  #options(life: Life): ReplicaOptions<unknown> {
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
    const trace = this.#world.trace?.probe(this);
    return {
      ...(defined(own) as Partial<ReplicaOptions<unknown>>),
      config: makeConfig({ ...config, id: this.id, members: { voters } }),
      clusterId: CLUSTER_ID,
      disk: this.disk,
      network: network.plug(this.id, life.process),
      clock: life.clock,
      machine: this.#machineOf(life),
      random: random.fork(`start ${this.id} ${this.starts}`).word(),
      observe: (event) => {
        trace?.observe(event);
        this.watch.happened(event);
      },
      probe: trace === undefined ? watch : joinProbes(trace, watch),
      onFailure: (error) => {
        if (this.life === life) stoppedItself(this.#world, this, error);
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
