/** A cluster of real replicas on simulated disks, a memory network and virtual time. */

import assert from "node:assert/strict";
import { makeConfig, type NodeId, type RaftConfig, type RaftEvent } from "@holdfast/raft";
import {
  openReplica,
  type Probe,
  type Replica,
  type ReplicaOptions,
  type TraceProbe,
} from "@holdfast/replica";
import {
  hostPump,
  type Keep,
  type OperationHook,
  Random,
  Scheduler,
  SimDisk,
  SimNetwork,
  VirtualClock,
} from "@holdfast/sim";
import { Journal } from "./journal.ts";

export interface Member {
  readonly id: NodeId;
  disk: SimDisk;
  machine: Journal;
  replica: Replica<number> | undefined;
  readonly events: RaftEvent[];
  readonly failures: Error[];
  starts: number;
}

export interface ClusterOptions {
  readonly size?: number;
  readonly seed?: number;
  readonly config?: Partial<RaftConfig>;
  readonly replica?: Partial<ReplicaOptions<number>>;
  /** How long a sync takes; 0.5 ms unless told. */
  readonly syncMs?: (id: NodeId) => number;
  /** Made anew for each start. */
  readonly probe?: (id: NodeId) => Probe;
  /** Instead of `probe`. */
  readonly trace?: (id: NodeId) => TraceProbe;
  /** What an application does when it is told an event. */
  readonly observe?: (id: NodeId, event: RaftEvent) => void;
}

/** Runs `scene` in a world of its own and closes what it leaves running. */
export async function inCluster(
  options: ClusterOptions,
  scene: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const scheduler = new Scheduler({ eventsMax: 5_000_000 });
  const cluster = new Cluster(scheduler, options);
  await scheduler.run(async () => {
    try {
      await scene(cluster);
    } finally {
      await cluster.closeAll();
    }
  }, hostPump);
}

export class Cluster {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly network: SimNetwork;
  readonly members: Member[] = [];
  readonly #options: ClusterOptions;

  constructor(scheduler: Scheduler, options: ClusterOptions) {
    this.#options = options;
    this.clock = new VirtualClock(scheduler);
    this.random = new Random(options.seed ?? 1);
    this.network = new SimNetwork(scheduler, this.random.fork("network"));
    for (let id = 1; id <= (options.size ?? 3); id++) {
      this.members.push({
        id,
        disk: this.newDisk(id),
        machine: new Journal(),
        replica: undefined,
        events: [],
        failures: [],
        starts: 0,
      });
    }
  }

  newDisk(id: NodeId, onOperation?: OperationHook): SimDisk {
    const random = this.random.fork(`disk ${id}`);
    const syncMs = this.#options.syncMs ?? (() => 0.5);
    return new SimDisk({
      random: () => random.fraction(),
      clock: this.clock,
      syncMs: () => syncMs(id),
      ...(onOperation === undefined ? {} : { onOperation }),
    });
  }

  member(id: NodeId): Member {
    const member = this.members[id - 1];
    assert(member !== undefined);
    return member;
  }

  replica(id: NodeId): Replica<number> {
    const { replica } = this.member(id);
    assert(replica !== undefined, `member ${id} is not running`);
    return replica;
  }

  options(id: NodeId): ReplicaOptions<number> {
    const member = this.member(id);
    const voters = this.members.map((one) => one.id);
    const trace = this.#options.trace?.(id);
    const probe = trace ?? this.#options.probe?.(id);
    return {
      config: makeConfig({
        id,
        members: { voters },
        electionTimeoutMs: 150,
        electionTimeoutMaxMs: 300,
        heartbeatMs: 50,
        retransmitMs: 100,
        ...this.#options.config,
      }),
      clusterId: 7,
      disk: member.disk,
      network: this.network.plug(id),
      clock: this.clock,
      machine: member.machine,
      random: this.random.fork(`start ${id} ${member.starts++}`).word(),
      segmentBytes: 4096,
      preallocate: false,
      snapshotEveryEntries: 0,
      snapshotEveryBytes: 0,
      observe: (event) => {
        member.events.push(event);
        trace?.observe(event);
        this.#options.observe?.(id, event);
      },
      onFailure: (error) => member.failures.push(error),
      ...(probe === undefined ? {} : { probe }),
      ...this.#options.replica,
    };
  }

  async start(id: NodeId): Promise<Replica<number>> {
    const member = this.member(id);
    member.machine = new Journal();
    const replica = await openReplica(this.options(id));
    member.replica = replica;
    return replica;
  }

  async startAll(): Promise<void> {
    for (const { id } of this.members) await this.start(id);
  }

  /** Power loss: the disk keeps what it promised, and of the rest what `keep` says. */
  crash(id: NodeId, keep: Keep = "none"): void {
    const member = this.member(id);
    member.disk = member.disk.crash({ keep });
    this.network.unplug(id);
    void member.replica?.close();
    member.replica = undefined;
  }

  async closeAll(): Promise<void> {
    for (const member of this.members) {
      await member.replica?.close();
      member.replica = undefined;
    }
  }

  /** Waits until `look` gives something. */
  async until<T>(what: string, look: () => T | undefined | false, forMs = 10_000): Promise<T> {
    const end = this.clock.now() + forMs;
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      assert(this.clock.now() < end, `not within ${forMs} ms: ${what}`);
      await this.clock.sleep(1);
    }
  }

  /** The leader that a majority of the running members follows. */
  async leader(): Promise<NodeId> {
    return this.until("a leader", () => {
      const running = this.members.filter((member) => member.replica !== undefined);
      const leading = running.filter((member) => {
        const status = member.replica?.status();
        return status?.state === "running" && status.role === "leader";
      });
      const newest = leading.sort(
        (a, b) => (b.replica?.status().term ?? 0) - (a.replica?.status().term ?? 0),
      )[0];
      const followers = running.filter((member) => member.replica?.status().leader === newest?.id);
      return followers.length * 2 > this.members.length ? newest?.id : undefined;
    });
  }

  /** Someone who runs and doesn't lead. */
  async follower(): Promise<NodeId> {
    const leader = await this.leader();
    const member = this.members.find((one) => one.id !== leader && one.replica !== undefined);
    assert(member !== undefined);
    return member.id;
  }

  /** Waits until all that run have applied all that the leader has now, and returns it. */
  async agreed(): Promise<readonly string[]> {
    const leader = await this.leader();
    const { lastIndex } = this.replica(leader).status();
    const running = this.members.filter((member) => member.replica !== undefined);
    await this.until("all have applied the same", () =>
      running.every((member) => (member.replica?.status().applied ?? 0) >= lastIndex),
    );
    const lines = this.member(leader).machine.lines;
    for (const member of running) {
      assert.deepEqual(member.machine.lines, lines, `member ${member.id} differs from ${leader}`);
    }
    return lines;
  }
}
