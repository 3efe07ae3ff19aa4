/** The simulated world of one run: servers, network, time, and who looks at them. */

import { NOBODY, type NodeId, type Raft } from "@holdfast/raft";
import type { TraceSink } from "@holdfast/replica";
import { VirtualClock } from "../clock.ts";
import { SimDisk } from "../disk.ts";
import type { DurableLog } from "../durable-log.ts";
import type { Answer, Door } from "../load/door.ts";
import { type NetworkObserver, SimNetwork } from "../network.ts";
import type { Fault, FaultKind, Who } from "../plan/fault.ts";
import type { Plan } from "../plan/plan.ts";
import type { Process } from "../process.ts";
import { Random } from "../random.ts";
import type { Scheduler } from "../scheduler.ts";
import type { TraceHash } from "../trace-hash.ts";
import { Server } from "./server.ts";
import type { Specimen } from "./stage.ts";
import { Watch } from "./watch.ts";
import { WorldTrace } from "./world-trace.ts";

export class World implements Door<unknown> {
  readonly plan: Plan;
  readonly specimen: Specimen;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: SimNetwork;
  readonly servers: readonly Server[];
  readonly watch: Watch;
  /** Records what happens; nothing is recorded unless somebody asked for it. */
  readonly trace: WorldTrace | undefined;
  /** What each disk holds for certain, by node; of one that was damaged: what it held before. */
  readonly durables: DurableLog[];
  /** Faults that took effect. */
  readonly faults: Map<FaultKind, number> = new Map();
  /** Servers that failed a check at their start because their disk was damaged. */
  readonly refused: Set<NodeId> = new Set();
  /** Resolves at the first failure. */
  readonly failed: Promise<void>;
  /** No fault strikes any more. */
  isHealed = false;
  readonly #choice: Random;
  readonly #deviceClock: VirtualClock;

  constructor(plan: Plan, scheduler: Scheduler, specimen: Specimen, sink?: TraceSink) {
    this.plan = plan;
    this.specimen = specimen;
    this.scheduler = scheduler;
    this.random = new Random(plan.seed);
    this.#choice = this.random.fork("who");
    this.#deviceClock = new VirtualClock(scheduler);
    this.network = new SimNetwork(scheduler, this.random.fork("network"), {
      carrying: plan.carrying ?? "raw",
    });
    this.network.weather = plan.weather;
    this.trace = sink === undefined ? undefined : new WorldTrace(sink, scheduler);
    this.network.observer = hashed(scheduler.trace, this.trace?.network);
    let resolve: () => void = () => {};
    this.failed = new Promise((done) => {
      resolve = done;
    });
    this.watch = new Watch(
      plan.nodes,
      scheduler,
      () => this.durables,
      (id) => this.server(id).raft,
      resolve,
    );
    this.servers = Array.from({ length: plan.nodes }, (_, i) => new Server(this, i + 1));
    this.durables = this.servers.map(({ durable }) => durable);
  }

  get nodes(): number {
    return this.plan.nodes;
  }

  get ids(): readonly NodeId[] {
    return this.servers.map(({ id }) => id);
  }

  /** Syncs that have succeeded, on all disks. */
  get syncs(): number {
    return this.servers.reduce((sum, { syncs }) => sum + syncs, 0);
  }

  /** The longest election timeout: the unit in which progress is measured. */
  get timeoutMs(): number {
    return this.plan.knobs.electionTimeoutMaxMs ?? 2000;
  }

  server(id: NodeId): Server {
    const server = this.servers[id - 1];
    if (server === undefined) throw new RangeError(`No node ${id}`);
    return server;
  }

  newDisk(id: NodeId, owner: Process): SimDisk {
    const { syncMs, syncJitterMs, otherMs = 0, afterFailedSync } = this.plan.disks;
    const random = this.random.fork(`disk ${id}`);
    const disk = new SimDisk({
      random: () => random.fraction(),
      clock: this.#deviceClock,
      process: owner,
    });
    Object.assign(disk.faults, { syncMs, syncJitterMs, otherMs, afterFailedSync });
    return disk;
  }

  /** Who that is now. Undefined when nobody is. */
  resolve(who: Who): NodeId | undefined {
    if (typeof who === "number") return who <= this.nodes ? who : undefined;
    if (who === "leader") return this.leader() || undefined;
    const matching = this.servers.filter(({ raft }) =>
      who === "follower" ? raft?.role.kind === "follower" : isCampaigning(raft),
    );
    return matching[this.#choice.below(Math.max(1, matching.length))]?.id;
  }

  /** The leader of the highest term that runs, or {@link NOBODY}. */
  leader(): NodeId {
    let found: Raft | undefined;
    for (const { raft } of this.servers) {
      if (raft?.role.kind === "leader" && raft.term > (found?.term ?? 0)) found = raft;
    }
    return found?.config.id ?? NOBODY;
  }

  isUp(node: NodeId): boolean {
    return this.server(node).isUp;
  }

  propose(node: NodeId, command: Uint8Array, timeoutMs: number): Promise<Answer<unknown>> {
    return this.server(node).propose(command, timeoutMs);
  }

  now(): number {
    return this.scheduler.now;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.after(ms, resolve);
    });
  }

  /** A fault took effect. */
  struck(fault: Fault): void {
    const { kind } = fault;
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
    this.scheduler.trace.note(kind);
    this.trace?.fault(fault, "begins");
    // An event more or less would make a run that is watched another one.
    if ("forMs" in fault) {
      this.scheduler.after(fault.forMs, () => this.trace?.fault(fault, "ends"));
    }
  }
}

/** Every packet counts for the hash of the run. */
function hashed(hash: TraceHash, observer: NetworkObserver = {}): NetworkObserver {
  return {
    ...observer,
    sent: (id, from, to, lane, bytes) => {
      hash.note(from * 16 + to);
      hash.note(bytes.length);
      observer.sent?.(id, from, to, lane, bytes);
    },
  };
}

function isCampaigning(raft: Raft | undefined): boolean {
  return raft?.role.kind === "candidate" || raft?.role.kind === "pre-candidate";
}
