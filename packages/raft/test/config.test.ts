/** Options: defaults, ranges, and the ones that contradict each other. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConfigError,
  checkMembers,
  createRaft,
  DEFAULTS,
  makeConfig,
  NOTHING_RESTORED,
  type RaftConfig,
} from "@holdfast/raft";

const WHO = { id: 1, members: { voters: [1, 2, 3] } };

test("makeConfig fills in the defaults, and what is given wins", () => {
  const config = makeConfig({ ...WHO, heartbeatMs: 7 });
  assert.deepEqual(config, { ...DEFAULTS, ...WHO, heartbeatMs: 7 });
});

test("the defaults keep heartbeats well within the election timeout and are on the safe side (paper §5.6)", () => {
  assert.ok(DEFAULTS.heartbeatMs * 5 <= DEFAULTS.electionTimeoutMs);
  assert.ok(DEFAULTS.preVote && DEFAULTS.checkQuorum && DEFAULTS.noop);
});

const POSITIVE = [
  "electionTimeoutMs",
  "electionTimeoutMaxMs",
  "heartbeatMs",
  "messageBytesMax",
  "windowMessages",
  "windowBytes",
  "retransmitMs",
  "commandBytesMax",
  "uncommittedBytesMax",
] as const;
const FROM_ZERO = ["coalesceMs", "trailingEntries"] as const;

for (const field of [...POSITIVE, ...FROM_ZERO]) {
  test(`${field} must be a whole number in its range; the error names field and value`, () => {
    const isFromZero = FROM_ZERO.some((name) => name === field);
    for (const value of [
      -1,
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      ...(isFromZero ? [] : [0]),
    ]) {
      assert.throws(
        () => makeConfig({ ...WHO, [field]: value }),
        (error) =>
          error instanceof ConfigError &&
          error.code === "RAFT_CONFIG" &&
          error.name === "ConfigError" &&
          error.field === field &&
          error.message.startsWith(`${field}: must be a`) &&
          error.message.endsWith(`got ${value}`),
        `${field} = ${value}`,
      );
    }
    if (isFromZero) assert.equal(makeConfig({ ...WHO, [field]: 0 })[field], 0);
  });
}

test("id must be able to name a node", () => {
  for (const id of [0, -1, 1.5]) {
    assert.throws(() => makeConfig({ ...WHO, id }), { code: "RAFT_CONFIG", field: "id" });
  }
});

test("the election timeout must be an interval: equal ends split every vote (paper §5.2)", () => {
  const equal = { electionTimeoutMs: 500, electionTimeoutMaxMs: 500 };
  assert.throws(() => makeConfig({ ...WHO, ...equal }), { field: "electionTimeoutMaxMs" });
  makeConfig({ ...WHO, electionTimeoutMs: 500, electionTimeoutMaxMs: 501 });
});

test("heartbeat and coalescing together must stay below the election timeout (paper §5.6)", () => {
  const timeouts = { electionTimeoutMs: 100, electionTimeoutMaxMs: 200 };
  for (const [heartbeatMs, coalesceMs] of [
    [100, 0],
    [90, 10],
    [1, 99],
  ] as const) {
    assert.throws(() => makeConfig({ ...WHO, ...timeouts, heartbeatMs, coalesceMs }), {
      field: "heartbeatMs",
    });
  }
  makeConfig({ ...WHO, ...timeouts, heartbeatMs: 90, coalesceMs: 9 });
});

test("members must be at least one, sorted, all different and all node ids", () => {
  for (const voters of [[], [2, 1], [1, 1], [0, 1], [-3], [1, 2.5]]) {
    assert.throws(() => checkMembers({ voters }), { code: "RAFT_CONFIG", field: "members" });
    assert.throws(() => makeConfig({ id: 1, members: { voters } }), { field: "members" });
  }
  checkMembers({ voters: [1] });
  checkMembers({ voters: [2, 5, 900] });
});

test("createRaft checks its options too: a hand-made configuration can't slip in", () => {
  const bad: RaftConfig = { ...DEFAULTS, ...WHO, heartbeatMs: 0 };
  assert.throws(() => createRaft(bad, NOTHING_RESTORED, 0), { code: "RAFT_CONFIG" });
});
