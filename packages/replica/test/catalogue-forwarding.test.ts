/**
 * What a refusal of a forwarded command is worth on a network that repeats packets: I5 of the
 * catalogue. A refused command may be proposed again, so it must not be in any log, ever.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForwardReason, ForwardRequest } from "@holdfast/replica";
import fc from "fast-check";
import { Forwarding } from "../src/forwarding.ts";
import { Proposals } from "../src/proposals.ts";
import { inCluster } from "./cluster.ts";
import { bytes } from "./journal.ts";
import { tap } from "./levers.ts";

/** A node as forwarding sees it: its terms, whether it leads, its starts. */
class FakeNode {
  term = 1;
  isLeading = false;
  /** What was appended, as `id in term`. */
  readonly appended: string[] = [];
  /** Answers in order, as `ok` or the reason. */
  readonly answers: (ForwardReason | "ok")[] = [];
  #now: ForwardRequest | undefined;
  #forwarding: Forwarding<string>;

  constructor() {
    this.#forwarding = this.#begin(0);
  }

  #begin(forgottenTerm: number): Forwarding<string> {
    const proposals = new Proposals<string>({ count: 1, bytes: 1, retryAfterMs: 1 });
    const host = {
      id: 1,
      forgottenTerm,
      term: () => this.term,
      leader: () => (this.isLeading ? 1 : 0),
      start: () => this.#append(),
      send: (packet: { kind: string; ok?: boolean; reason?: ForwardReason }) => {
        this.answers.push(packet.ok === true ? "ok" : (packet.reason ?? ""));
      },
      now: () => 0,
    };
    return new Forwarding(host, proposals, 1, 1);
  }

  #append() {
    if (!this.isLeading) return { ok: false, reason: "not-leader", detail: "" } as const;
    this.appended.push(`${this.#now?.id} in ${this.term}`);
    const last = this.appended.length;
    return { ok: true, first: last, last, term: this.term } as const;
  }

  /** All that it remembers is gone but its term, and whether it voted for itself there. */
  restart(hasOwnVote: boolean): void {
    this.isLeading = false;
    this.#forwarding = this.#begin(hasOwnVote ? this.term : this.term - 1);
  }

  /** Takes the request; what it answered, "" when nothing. */
  take(id: number, term: number): ForwardReason | "ok" {
    const before = this.answers.length;
    this.#now = { kind: "forward-request", from: 2, to: 1, id, term, command: bytes("x") };
    this.#forwarding.onRequest(this.#now);
    return this.answers[before] ?? "";
  }
}

test("I5 a former leader says nothing to a copy of what it took, and refuses for certain what it never saw", () => {
  const node = new FakeNode();
  node.isLeading = true;
  assert.equal(node.take(10, 1), "ok");
  node.isLeading = false;
  assert.equal(node.take(10, 1), "", "in its own term");
  node.term = 2;
  assert.equal(node.take(10, 1), "", "and in later ones");
  assert.equal(node.take(11, 1), "not-leader");
});

test("I5 a leader that was started anew in its term can't tell what it took before; who voted for another can", () => {
  const node = new FakeNode();
  node.isLeading = true;
  assert.equal(node.take(10, 1), "ok");
  node.restart(true);
  assert.equal(node.take(10, 1), "unknown");
  assert.equal(node.take(11, 1), "unknown");
  node.term = 2;
  assert.equal(node.take(10, 1), "unknown");
  node.restart(false);
  assert.equal(node.take(12, 2), "not-leader", "it has not led term 2");
  assert.equal(node.take(10, 1), "unknown", "but perhaps term 1");
});

test("I5 what names a term that is yet to come is not refused: this node may lead that term, and a copy come then", () => {
  const node = new FakeNode();
  assert.equal(node.take(10, 2), "unknown");
  node.term = 2;
  node.isLeading = true;
  assert.equal(node.take(10, 2), "ok");
});

test("I5 what a node refused before it led its term is not appended afterwards", () => {
  const node = new FakeNode();
  assert.equal(node.take(10, 1), "not-leader");
  node.isLeading = true;
  assert.equal(node.take(10, 1), "");
  assert.deepEqual(node.appended, []);
});

test("I5 a node that has led many terms forgets the oldest, and then says that it can't tell", () => {
  const node = new FakeNode();
  for (node.term = 1; node.term <= 9; node.term++) {
    node.isLeading = true;
    assert.equal(node.take(node.term, node.term), "ok");
  }
  node.isLeading = false;
  assert.equal(node.take(1, 1), "unknown");
  assert.equal(node.take(9, 9), "");
});

test("I5 property: whatever a node lives through, what it refuses it never appends, and nothing twice", () => {
  const move = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constant("take" as const), fc.nat(8), fc.integer({ min: -3, max: 1 })),
    },
    { weight: 2, arbitrary: fc.tuple(fc.constant("term" as const), fc.nat(1), fc.boolean()) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("lead" as const)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("restart" as const)) },
  );
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(move, { maxLength: 80 }), (moves) => {
      const node = new FakeNode();
      const refused = new Set<string>();
      let hasOwnVote = false;
      let hasLed = false;
      for (const [kind, first, second] of moves) {
        if (kind === "take") {
          // A request has one number, and names one term for good.
          const term = Math.max(1, node.term + (second as number));
          const answer = node.take(term * 100 + (first as number), term);
          seen.add(answer);
          if (answer !== "" && answer !== "ok" && answer !== "unknown") {
            refused.add(`${term * 100 + (first as number)} in ${term}`);
          }
        } else if (kind === "term") {
          node.term += 1 + (first as number);
          hasOwnVote = second as boolean;
          node.isLeading = false;
          hasLed = false;
        } else if (kind === "lead") {
          // A node leads a term once: not again after a restart.
          if (hasOwnVote && !hasLed) node.isLeading = true;
        } else {
          if (hasOwnVote) hasLed = true;
          node.restart(hasOwnVote);
        }
      }
      for (const one of node.appended) assert.ok(!refused.has(one), `refused and appended: ${one}`);
      assert.equal(new Set(node.appended).size, node.appended.length, "appended twice");
    }),
    { seed: 5, numRuns: 2000 },
  );
  assert.deepEqual([...seen].sort(), ["", "not-leader", "ok", "unknown"]);
});

test("I5 a leader is killed after it took a command, starts again in its term and hears the request once more: applied once, and never called refused", async () => {
  await inCluster({ seed: 120 }, async (cluster) => {
    await cluster.startAll();
    const leader = await cluster.leader();
    const follower = await cluster.follower();
    const { term } = cluster.replica(leader).status();
    let request: Uint8Array | undefined;
    tap(cluster, (packet, raw) => {
      if (packet.kind === "forward-request") request ??= raw.slice();
      // The answer that it was taken is lost.
      return packet.kind !== "forward-response" || !packet.ok;
    });
    const outcome = cluster
      .replica(follower)
      .propose(bytes("once"), { timeoutMs: 3000 })
      .then(
        () => "applied",
        (error: { code: string }) => error.code,
      );
    await cluster.until("all have applied it", () =>
      cluster.members.every(({ machine }) => machine.lines.length === 1),
    );
    assert(request !== undefined);
    cluster.crash(leader, "all");
    await cluster.start(leader);
    assert.equal(cluster.replica(leader).status().term, term, "nobody has campaigned meanwhile");
    cluster.network.deliver(follower, leader, "append", request);

    assert.equal(await outcome, "RAFT_OUTCOME_UNKNOWN");
    await cluster.replica(await cluster.leader()).propose(bytes("then"), { timeoutMs: 20_000 });
    assert.deepEqual(await cluster.agreed(), ["once", "then"]);
  });
});
