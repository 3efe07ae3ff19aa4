/**
 * A process that stands still for a while, with all that was sent to it waiting at its door: C19 of
 * the catalogue.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { openReplica } from "@holdfast/replica";
import { hostPump, NodeClock, Process, Scheduler } from "@holdfast/sim";
import { Cluster } from "./cluster.ts";
import { bytes } from "./journal.ts";

const ELECTION_MS = 300;

/** Three members, each in a process of its own that can be paused. */
class Paused {
  readonly cluster: Cluster;
  readonly #scheduler = new Scheduler({ eventsMax: 5_000_000 });
  readonly #processes = new Map<number, Process>();

  /** Without trials, so that whoever campaigns in vain does harm. */
  constructor(seed: number) {
    const config = { preVote: false, electionTimeoutMaxMs: ELECTION_MS };
    this.cluster = new Cluster(this.#scheduler, { seed, config });
  }

  run(scene: () => Promise<void>): Promise<void> {
    return this.#scheduler.run(async () => {
      for (const { id } of this.cluster.members) await this.#start(id);
      try {
        await scene();
      } finally {
        await this.cluster.closeAll();
      }
    }, hostPump);
  }

  async #start(id: number): Promise<void> {
    const { cluster } = this;
    const process = new Process(this.#scheduler);
    this.#processes.set(id, process);
    const random = cluster.random.fork(`clock ${id}`);
    const clock = new NodeClock({ scheduler: this.#scheduler, process, random });
    const network = cluster.network.plug(id, process);
    cluster.member(id).replica = await openReplica({ ...cluster.options(id), clock, network });
  }

  async pause(id: number, forMs: number): Promise<void> {
    const process = this.#processes.get(id);
    assert(process !== undefined);
    process.pause();
    await this.cluster.clock.sleep(forMs);
    process.resume();
  }
}

for (const times of [0.5, 1, 2, 10]) {
  test(`C19 a follower that stood still for ${times} election timeouts hears what waited before it thinks of campaigning`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const scene = new Paused(seed);
      await scene.run(async () => {
        const { cluster } = scene;
        const leader = await cluster.leader();
        const follower = await cluster.follower();
        await cluster.replica(leader).propose(bytes("before"));
        const { term } = cluster.replica(leader).status();
        const paused = scene.pause(follower, times * ELECTION_MS);
        for (let i = 0; i < 20; i++) {
          await cluster.replica(leader).propose(bytes(`${i}`));
          await cluster.clock.sleep((times * ELECTION_MS) / 20);
        }
        await paused;
        await cluster.clock.sleep(3 * ELECTION_MS);
        for (const { id } of cluster.members) {
          const status = cluster.replica(id).status();
          assert.deepEqual(
            [status.term, status.leader],
            [term, leader],
            `seed ${seed}, node ${id}`,
          );
        }
        assert.equal((await cluster.agreed()).length, 21);
      });
    }
  });

  test(`C19 a leader that stood still for ${times} election timeouts costs few terms, and what it answers afterwards is in the log`, async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const scene = new Paused(seed);
      await scene.run(async () => {
        const { cluster } = scene;
        const leader = await cluster.leader();
        await cluster.replica(leader).propose(bytes("before"));
        const { term } = cluster.replica(leader).status();
        await scene.pause(leader, times * ELECTION_MS);
        const late = cluster.replica(leader).propose(bytes("late"), { timeoutMs: 2000 });
        const isIn = await late.then(
          () => true,
          () => false,
        );
        await cluster.clock.sleep(3 * ELECTION_MS);
        const now = await cluster.leader();
        const { term: newTerm } = cluster.replica(now).status();
        // A split vote may cost a term more; a storm would cost many.
        assert.ok(newTerm - term <= 3, `seed ${seed}: ${newTerm - term} terms`);
        assert.equal(now === leader || newTerm > term, true);
        const lines = await cluster.agreed();
        assert.equal(lines[0], "before");
        assert.ok(lines.length <= 2 && (!isIn || lines[1] === "late"), `${lines}`);
      });
    }
  });
}
