/**
 * When an entry is committed: Figure 8 as five servers play it, and majorities for every size of
 * cluster; B1 and B7 of the catalogue (paper §5.3, §5.4.2).
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { majorityOf, type NodeId } from "@holdfast/raft";
import { acknowledge, candidate, matchedLeader } from "./kit.ts";
import { appendResponse, voteResponse } from "./messages.ts";
import { World } from "./world.ts";

/** Five servers whose messages go only where the figure says. */
class Figure8 {
  readonly world = new World({
    voters: 5,
    seed: 8,
    config: { noop: false, preVote: false, checkQuorum: false },
  });

  /** Delivers among `ids` until nothing is left to say; what is for others is lost. */
  among(...ids: readonly NodeId[]): void {
    const { world } = this;
    for (let round = 0; round < 50; round++) {
      for (const id of ids) {
        const server = world.server(id);
        world.flush(server);
        while (server.pending.length > 0) world.completeWrite(server);
        world.flush(server);
      }
      const wire = world.wire
        .splice(0)
        .filter(({ from, to }) => ids.includes(from) && ids.includes(to));
      if (wire.length === 0) return;
      for (const message of wire) world.deliver(message);
    }
    assert.fail("they never come to rest");
  }

  /** `id` asks for votes in exactly that term, and `others` hear it. */
  campaign(id: NodeId, term: number, ...others: readonly NodeId[]): string {
    const { world } = this;
    const server = world.server(id);
    while (server.raft.term < term) {
      world.now = Math.max(world.now, server.raft.deadline);
      world.tick(server);
    }
    this.among(id, ...others);
    assert.equal(server.raft.term, term);
    return server.raft.role.kind;
  }

  propose(id: NodeId, text: string, ...others: readonly NodeId[]): void {
    const data = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    this.world.step(this.world.server(id), { kind: "propose", commands: [data] });
    this.among(id, ...others);
  }

  crash(id: NodeId): void {
    this.world.crash(this.world.server(id));
  }

  restart(id: NodeId): void {
    this.world.restart(this.world.server(id));
  }

  terms(id: NodeId): readonly number[] {
    return this.world.server(id).raft.log.entries.map((entry) => entry.term);
  }

  commit(id: NodeId): number {
    return this.world.server(id).raft.commit;
  }
}

/** (a) to (c): S1 leads term 4, and 2^2 is on S1, S2 and S3, a majority; S5 is down with 2^3. */
function untilC(): Figure8 {
  const scene = new Figure8();
  assert.equal(scene.campaign(1, 1, 2, 3, 4, 5), "leader");
  scene.propose(1, "one", 2, 3, 4, 5);
  scene.crash(1);
  scene.restart(1);
  assert.equal(scene.campaign(1, 2, 2, 3, 4, 5), "leader");
  scene.propose(1, "two", 2);
  assert.deepEqual([scene.terms(1), scene.terms(2), scene.terms(3)], [[1, 2], [1, 2], [1]]);
  scene.crash(1);
  assert.equal(scene.campaign(5, 3, 3, 4), "leader");
  scene.propose(5, "three");
  assert.deepEqual(scene.terms(5), [1, 3]);
  scene.crash(5);
  scene.restart(1);
  assert.equal(scene.campaign(1, 4, 2, 3), "leader");
  for (const id of [1, 2, 3]) assert.deepEqual(scene.terms(id), [1, 2], `S${id}`);
  return scene;
}

test("B1 Figure 8 (d): what a majority holds of an earlier term was not committed, and S5 overwrites it", () => {
  const scene = untilC();
  assert.ok(scene.commit(1) < 2, `committed up to ${scene.commit(1)}`);
  scene.crash(1);
  scene.restart(5);
  assert.equal(scene.campaign(5, 5, 2, 3, 4), "leader");
  scene.propose(5, "five", 2, 3, 4);
  for (const id of [2, 3, 4, 5]) assert.deepEqual(scene.terms(id), [1, 3, 5], `S${id}`);
  assert.equal(scene.commit(5), 3);
});

test("B1 Figure 8 (e): an own entry on it at a majority commits both, and S5 can't win any more", () => {
  const scene = untilC();
  scene.propose(1, "four", 2, 3);
  assert.equal(scene.commit(1), 3);
  scene.crash(1);
  scene.restart(5);
  assert.equal(scene.campaign(5, 5, 2, 3, 4), "candidate");
  assert.deepEqual(
    [scene.terms(2), scene.terms(3)],
    [
      [1, 2, 4],
      [1, 2, 4],
    ],
  );
});

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** The ids of the first `count` peers of server 1. */
function peers(count: number): readonly NodeId[] {
  return Array.from({ length: count }, (_, at) => at + 2);
}

test("B7 for 1 to 9 servers just a majority elects, one fewer does not", () => {
  const needed = SIZES.map((voters) => {
    const node = candidate({ voters, term: 3 });
    let votes = 1;
    for (const from of peers(voters - 1)) {
      if (node.role.kind === "leader") break;
      node.receive(voteResponse({ from, term: 4 }));
      votes += 1;
    }
    assert.equal(node.role.kind, "leader");
    return votes;
  });
  assert.deepEqual(needed, [1, 2, 2, 3, 3, 4, 4, 5, 5]);
});

test("B7 for 1 to 9 servers just a majority commits, one fewer does not, the leader's own disk first or last", () => {
  for (const isOwnFirst of [true, false]) {
    const needed = SIZES.map((voters) => {
      const node = matchedLeader({ voters });
      node.propose("x");
      node.take();
      const holders = peers(voters - 1).map((id) => () => acknowledge(node, id));
      const own = (): void => void node.persist();
      const all = isOwnFirst ? [own, ...holders] : [...holders, own];
      return (
        1 +
        all.findIndex((hold) => {
          hold();
          return node.raft.commit === 1;
        })
      );
    });
    assert.deepEqual(needed, [1, 2, 2, 3, 3, 4, 4, 5, 5], `own disk first: ${isOwnFirst}`);
  }
});

test("B7 for 1 to 9 servers a leader that hears just a majority stays, with one fewer it steps down", () => {
  for (const voters of SIZES) {
    for (let heard = 0; heard < voters; heard++) {
      const node = matchedLeader({ voters, config: { checkQuorum: true } });
      for (let ms = 0; ms < 1000 && node.role.kind === "leader"; ms += 10) {
        node.later(10);
        node.settle();
        if (node.role.kind !== "leader") break;
        const { seq } = node.leader;
        for (const from of peers(heard)) node.receive(appendResponse({ from, seq, index: 0 }));
      }
      const isMajority = heard + 1 >= majorityOf(voters);
      assert.equal(node.role.kind === "leader", isMajority, `${heard + 1} of ${voters}`);
    }
  }
});
