/** The explorer finds nothing in the core: small scopes to their end, larger ones to a limit. */

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { InvariantError } from "@holdfast/raft";
import { explore, type Report, type Scope, SMALLEST } from "@holdfast/sim";
import { Seen } from "../src/explore/seen.ts";

/** How many worlds the searches that have a limit look at; more take minutes and gigabytes. */
const WORLDS = Number(process.env["EXPLORE_WORLDS"] ?? 25_000);

/** Searches with whole keys kept, so that a collision of hashes can't hide a world. */
function search(context: TestContext, scope: Scope, worldsMax = Number.POSITIVE_INFINITY): Report {
  const startedAt = performance.now();
  const report = explore({ scope, worldsMax, verify: true });
  const seconds = (performance.now() - startedAt) / 1000;
  const { distinct, reached, depth, isExhausted, finding } = report;
  const rate = Math.round(distinct / seconds);
  const end = isExhausted ? "to its end" : "not to its end";
  const size = `${distinct} worlds, reached ${reached} times, ${depth} moves deep`;
  context.diagnostic(`${size}, ${end}, ${rate} worlds/s`);
  assert.deepEqual(finding, undefined);
  return report;
}

test("Fig. 3: the properties hold in all worlds of two servers, two terms, one entry", (context) => {
  const { isExhausted, distinct } = search(context, SMALLEST);
  assert.ok(isExhausted);
  assert.ok(distinct > 1000, `only ${distinct} worlds`);
});

test("Fig. 3: the properties hold in all worlds of three servers in one term", (context) => {
  const { isExhausted, distinct } = search(context, { ...SMALLEST, voters: 3, termMax: 1 });
  assert.ok(isExhausted);
  assert.ok(distinct > 10_000, `only ${distinct} worlds`);
});

test("Fig. 3: the properties hold in all worlds of three servers where messages arrive or not", (context) => {
  const scope: Scope = { ...SMALLEST, voters: 3, messagesMax: 3, delays: "none", heartbeats: true };
  const { isExhausted, distinct } = search(context, scope);
  assert.ok(isExhausted);
  assert.ok(distinct > 10_000, `only ${distinct} worlds`);
});

test("thesis §3.8: one server whose disk is slow and which crashes twice keeps what it committed", (context) => {
  const scope: Scope = { ...SMALLEST, voters: 1, termMax: 4, writesMax: 3, crashesMax: 2 };
  const { isExhausted, distinct } = search(context, { ...scope, entriesMax: 3 });
  assert.ok(isExhausted);
  assert.ok(distinct > 500, `only ${distinct} worlds`);
});

const WIDER: Readonly<Record<string, Partial<Scope>>> = {
  "slow disks and a crash": { writesMax: 2, crashesMax: 1, messagesMax: 2 },
  "late and repeated messages, all timers": {
    duplicates: true,
    heartbeats: true,
    timeouts: true,
    termMax: 3,
    entriesMax: 2,
    batchMax: 1,
  },
  "trial elections, check-quorum, no-ops (thesis §9.6, §6.2)": {
    preVote: true,
    checkQuorum: true,
    noop: true,
    entriesMax: 3,
    messagesMax: 3,
    delays: "requests",
    termMax: 3,
  },
};

for (const [what, bounds] of Object.entries(WIDER)) {
  test(`Fig. 3: the properties hold in ${WORLDS} worlds with ${what}`, (context) => {
    const { distinct, isExhausted } = search(
      context,
      { ...SMALLEST, voters: 3, ...bounds },
      WORLDS,
    );
    assert.ok(isExhausted || distinct >= WORLDS, `only ${distinct} worlds`);
  });
}

test("a search that a limit ends says so, and goes no deeper", () => {
  const depths: number[] = [];
  const onDepth = (depth: number): unknown => depths.push(depth);
  const shallow = explore({ scope: SMALLEST, depthMax: 3, onDepth });
  const small = explore({ scope: SMALLEST, worldsMax: 50 });
  assert.deepEqual([shallow.isExhausted, shallow.depth, depths], [false, 3, [1, 2, 3]]);
  assert.equal(small.isExhausted, false);
  assert.ok(small.distinct >= 50 && small.distinct < 100, `${small.distinct} worlds`);
});

test("a scope that does not fit the encoding is refused", () => {
  const scopes: Partial<Scope>[] = [{ voters: 0 }, { voters: 6 }, { termMax: 8 }];
  scopes.push({ entriesMax: 5 }, { messagesMax: 9 }, { writesMax: 5 }, { crashesMax: 1.5 });
  scopes.push({ batchMax: 0 }, { windowMessages: 5 });
  for (const bounds of scopes) {
    assert.throws(() => explore({ scope: { ...SMALLEST, ...bounds } }), InvariantError);
  }
});

test("worlds are told apart by 64 bits, and the way to each is kept while the table grows", () => {
  const seen = new Seen(true);
  const keyOf = (n: number): Parameters<Seen["add"]>[0] => ({ high: n % 7, low: n, numbers: [n] });
  for (let n = 0; n < 10_000; n++) assert.ok(seen.add(keyOf(n), Math.max(0, n - 1), n));
  for (let n = 0; n < 10_000; n++) assert.ok(!seen.add(keyOf(n), 0, 0), `${n} was forgotten`);
  assert.equal(seen.count, 10_000);
  assert.deepEqual(seen.pathTo(4), [1, 2, 3, 4]);
  assert.equal(seen.pathTo(9999).length, 9999);
  const liar = { ...keyOf(5), numbers: [6] };
  assert.throws(() => seen.add(liar, 0, 0), /two worlds with one hash/);
});
