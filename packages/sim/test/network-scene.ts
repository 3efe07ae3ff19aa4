/** A scene for tests of the simulated network: nodes that remember what they are told. */

import assert from "node:assert/strict";
import type { NodeId } from "@holdfast/raft";
import type { Lane, Network } from "@holdfast/replica";
import {
  hostPump,
  type Loss,
  type NetworkOptions,
  Process,
  Random,
  Scheduler,
  SimNetwork,
  VirtualClock,
} from "@holdfast/sim";

export interface Arrival {
  readonly at: number;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly lane: Lane;
  readonly packet: Uint8Array;
}

/** What became of each packet, by its id. */
export interface Fate {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly lane: Lane;
  readonly bytes: Uint8Array;
  readonly sentAt: number;
  end: Loss | "delivered" | undefined;
  endedAt: number;
}

/** One life of a node. */
export interface Life {
  readonly process: Process;
  readonly network: Network;
}

export interface SceneOptions extends NetworkOptions {
  readonly seed?: number;
  readonly nodes?: number;
  /** Events of equal time in random order. */
  readonly isShuffled?: boolean;
}

export class Scene {
  readonly scheduler: Scheduler;
  readonly clock: VirtualClock;
  readonly network: SimNetwork;
  readonly nodes: readonly NodeId[];
  readonly arrivals: Arrival[] = [];
  readonly reports: { readonly at: number; readonly by: NodeId; readonly about: NodeId }[] = [];
  /** By packet id; the first place is empty. */
  readonly fates: (Fate | undefined)[] = [undefined];
  readonly #lives = new Map<NodeId, Life>();

  constructor(options: SceneOptions = {}) {
    const random = new Random(options.seed ?? 1);
    this.scheduler = new Scheduler({
      eventsMax: 10_000_000,
      ...(options.isShuffled === true ? { shuffle: random.fork("shuffle") } : {}),
    });
    this.clock = new VirtualClock(this.scheduler);
    this.network = new SimNetwork(this.scheduler, random.fork("network"), options);
    this.network.observer = {
      sent: (id, from, to, lane, bytes) => this.#begin(id, from, to, lane, bytes),
      repeated: (id, of) => {
        const { from, to, lane, bytes } = this.fate(of);
        this.#begin(id, from, to, lane, bytes);
      },
      delivered: (id) => this.#end(id, "delivered"),
      lost: (id, why) => this.#end(id, why),
    };
    this.nodes = Array.from({ length: options.nodes ?? 3 }, (_, i) => i + 1);
    for (const id of this.nodes) this.start(id);
  }

  /** Another life of this node. */
  start(id: NodeId): Life {
    const process = new Process(this.scheduler);
    const network = this.network.plug(id, process);
    network.start({
      received: (from, lane, packet) => {
        assert.ok(process.isAlive && !process.isPaused, "a process that doesn't run got a packet");
        this.arrivals.push({ at: this.scheduler.now, from, to: id, lane, packet });
      },
      unreachable: (about) => {
        assert.ok(process.isAlive && !process.isPaused, "a process that doesn't run got a report");
        this.reports.push({ at: this.scheduler.now, by: id, about });
      },
    });
    const life = { process, network };
    this.#lives.set(id, life);
    return life;
  }

  life(id: NodeId): Life {
    const life = this.#lives.get(id);
    assert.ok(life !== undefined);
    return life;
  }

  fate(id: number): Fate {
    const fate = this.fates[id];
    assert.ok(fate !== undefined, `packet ${id} was never sent`);
    return fate;
  }

  send(from: NodeId, to: NodeId, packet: number | Uint8Array, lane: Lane = "append"): void {
    const bytes = typeof packet === "number" ? Uint8Array.of(packet >> 8, packet & 255) : packet;
    this.life(from).network.send(to, lane, bytes);
  }

  /** The numbers that arrived at `to`, in order. */
  numbers(to: NodeId, lane: Lane = "append"): readonly number[] {
    return this.arrivals
      .filter((one) => one.to === to && one.lane === lane)
      .map(({ packet }) => (packet[0] ?? 0) * 256 + (packet[1] ?? 0));
  }

  /** Lost packets, why. */
  losses(): readonly Loss[] {
    return this.fates.flatMap((fate) =>
      fate?.end === undefined || fate.end === "delivered" ? [] : [fate.end],
    );
  }

  advance(ms: number): Promise<void> {
    return this.scheduler.run(() => this.clock.sleep(ms), hostPump);
  }

  #begin(id: number, from: NodeId, to: NodeId, lane: Lane, bytes: Uint8Array): void {
    assert.equal(id, this.fates.length, "ids count up");
    const sentAt = this.scheduler.now;
    this.fates.push({ from, to, lane, bytes: bytes.slice(), sentAt, end: undefined, endedAt: 0 });
  }

  #end(id: number, end: Loss | "delivered"): void {
    const fate = this.fate(id);
    assert.equal(fate.end, undefined, `packet ${id} ended twice: ${fate.end}, ${end}`);
    fate.end = end;
    fate.endedAt = this.scheduler.now;
  }
}
