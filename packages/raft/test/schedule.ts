/**
 * A random history of a small cluster: loss, duplication, reordering, slow disks, crashes,
 * partitions, all from one seed.
 */

import assert from "node:assert/strict";
import type { RaftConfig } from "@holdfast/raft";
import { type Server, World } from "./world.ts";

type Options = Partial<Omit<RaftConfig, "id" | "members">>;

/**
 * Swarm: every seed draws which faults are on and how strong, and every knob (faults.md: the mix
 * finds bugs).
 */
function knobs(world: (below: number) => number): Options {
  const pick = <T>(values: readonly T[]): T => values[world(values.length)] as T;
  return {
    electionTimeoutMs: 100,
    electionTimeoutMaxMs: pick([110, 200]),
    heartbeatMs: pick([20, 40]),
    retransmitMs: pick([20, 60]),
    coalesceMs: pick([0, 0, 5]),
    preVote: pick([true, true, false]),
    checkQuorum: pick([true, true, false]),
    noop: pick([true, false]),
    messageBytesMax: pick([1, 60, 1000]),
    windowMessages: pick([1, 2, 8]),
    windowBytes: pick([1, 100, 10_000]),
    trailingEntries: pick([0, 3, 100]),
  };
}

interface Faults {
  readonly loss: number;
  readonly duplicate: number;
  readonly crash: number;
  readonly compact: number;
  readonly slowDisk: number;
  readonly partition: number;
}

function faults(draw: (below: number) => number): Faults {
  return {
    loss: [0, 5, 20, 40][draw(4)] as number,
    duplicate: [0, 10, 40][draw(3)] as number,
    crash: [0, 0, 3, 12][draw(4)] as number,
    compact: [0, 5, 30][draw(3)] as number,
    slowDisk: [0, 50, 90][draw(3)] as number,
    partition: [0, 2, 5][draw(3)] as number,
  };
}

/** One random history of a cluster, made from its seed alone. */
export class Run {
  readonly world: World;
  readonly faults: Faults;
  readonly cut = new Set<string>();
  proposals = 0;

  constructor(seed: number) {
    const dice = new World({ voters: 1, seed });
    const draw = (below: number): number => dice.draw(below);
    this.world = new World({
      voters: [1, 2, 3, 3, 5][draw(5)] as number,
      seed,
      config: knobs(draw),
    });
    this.faults = faults(draw);
  }

  /** One random thing happens. */
  turn(): void {
    const { world } = this;
    world.now += world.draw(4);
    const dice = world.draw(100);
    if (dice < 55) this.#network();
    else if (dice < 75) this.#disk();
    else if (dice < 85) this.#propose();
    else this.#trouble();
    for (const server of world.servers) {
      world.tick(server);
      if (server.isUp && world.draw(3) > 0) world.settle(server);
    }
  }

  #network(): void {
    const { world } = this;
    if (world.wire.length === 0) return;
    const at = world.draw(Math.min(world.wire.length, 6));
    const [message] = world.wire.splice(at, 1);
    if (message === undefined) return;
    if (world.draw(100) < this.faults.duplicate) world.wire.push(message);
    if (this.cut.has(`${message.from}>${message.to}`) || world.draw(100) < this.faults.loss) {
      const sender = world.server(message.from);
      if (sender.isUp && world.draw(3) === 0) {
        world.step(sender, { kind: "unreachable", peer: message.to });
      }
      return;
    }
    world.deliver(message);
  }

  #disk(): void {
    const { world } = this;
    for (const server of world.servers) {
      if (server.isUp && world.draw(100) >= this.faults.slowDisk) world.completeWrite(server);
    }
  }

  #propose(): void {
    const { world } = this;
    for (const server of world.leaders()) {
      const commands = Array.from({ length: 1 + world.draw(3) }, () => bytes(++this.proposals));
      world.step(server, { kind: "propose", commands });
    }
  }

  #trouble(): void {
    const { world } = this;
    const server = this.#any();
    const { crash, compact, partition } = this.faults;
    if (!server.isUp) {
      if (world.draw(4) === 0) world.restart(server);
    } else if (world.draw(100) < crash) world.crash(server);
    else if (world.draw(100) < compact) world.compact(server);
    if (world.draw(100) < partition) this.#repartition();
  }

  /** Cuts directed links at random, or heals all. */
  #repartition(): void {
    const { world } = this;
    this.cut.clear();
    if (world.draw(2) === 0) return;
    for (const a of world.servers) {
      for (const b of world.servers) {
        if (world.draw(3) === 0) this.cut.add(`${a.id}>${b.id}`);
      }
    }
  }

  #any(): Server {
    return this.world.server(1 + this.world.draw(this.world.servers.length));
  }

  /** No more faults: a leader comes, all catch up, all budgets return to nothing (I-12). */
  heal(): void {
    const { world } = this;
    this.cut.clear();
    for (const server of world.servers) if (!server.isUp) world.restart(server);
    for (let round = 0; round < 4000 && !this.#isSettled(); round++) {
      if (round === 1500) this.#propose();
      this.world.calmTurn();
    }
    assert.ok(
      this.#isSettled(),
      `the cluster did not settle after the faults had ended\n${this.#report()}`,
    );
  }

  #report(): string {
    const { config } = this.world.server(1).raft;
    const lines = this.world.servers.map(({ id, raft, appliedIndex, pending }) => {
      const { role, term, log, commit, deadline } = raft;
      const peers = role.kind === "leader" ? JSON.stringify(role.peers) : "";
      const extent = `${log.startIndex}..${log.lastIndex}^${log.lastTerm} durable ${log.durable}`;
      const reached = `commit ${commit} applied ${appliedIndex} pending ${pending.length}`;
      const due = `due ${deadline - this.world.now}`;
      return `${id} ${role.kind} term ${term} log ${extent} ${reached} ${due} ${peers}`;
    });
    return [`at ${this.world.now} ${JSON.stringify(config)}`, ...lines].join("\n");
  }

  #isSettled(): boolean {
    const [leader, ...others] = this.world.leaders();
    if (leader === undefined || others.length > 0 || leader.raft.role.kind !== "leader")
      return false;
    const last = leader.raft.log.lastIndex;
    const isCaughtUp = this.world.servers.every((server) => server.appliedIndex === last);
    return isCaughtUp && leader.raft.role.uncommittedBytes === 0 && last > 0;
  }
}

function bytes(value: number): Uint8Array {
  return Uint8Array.from(String(value), (letter) => letter.charCodeAt(0));
}
