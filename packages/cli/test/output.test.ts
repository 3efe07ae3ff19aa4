/** Tables, colours and events as lines. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { lineOf } from "../src/cli-error.ts";
import { leaderIn, lineFor, lineForNetwork } from "../src/event-lines.ts";
import { paint, table, wantsColor } from "../src/output.ts";

test("table aligns its columns and leaves no space at the end", () => {
  assert.equal(
    table(["id", "role"], [["1", "leader"], ["127", "-"], ["x"]]),
    "id   role\n1    leader\n127  -\nx",
  );
});

test("wantsColor follows NO_COLOR, then FORCE_COLOR, then the terminal", () => {
  assert.equal(wantsColor({}, { isTTY: true }), true);
  assert.equal(wantsColor({}, {}), false);
  assert.equal(wantsColor({ NO_COLOR: "1" }, { isTTY: true }), false);
  assert.equal(wantsColor({ NO_COLOR: "" }, { isTTY: true }), true);
  assert.equal(wantsColor({ FORCE_COLOR: "1" }, {}), true);
  assert.equal(wantsColor({ FORCE_COLOR: "0" }, { isTTY: true }), false);
  assert.equal(wantsColor({ FORCE_COLOR: "1", NO_COLOR: "1" }, {}), false);
  assert.equal(paint("red", "x"), "\x1b[31mx\x1b[39m");
});

test("lineFor shows elections and trouble and keeps quiet about the daily round", () => {
  const shown = lineFor({ kind: "stepped-down", term: 3, why: "lost-quorum" });
  assert.equal(shown, "steps down from term 3: lost-quorum");
  assert.equal(lineFor({ kind: "committed", index: 5 }), undefined);
});

test("lineForNetwork shows refusals and not that nobody is there", () => {
  const refused = { kind: "unconnected", peer: 2, lane: "append", repeats: 0 } as const;
  const line = lineForNetwork({ ...refused, why: "refused as other-cluster by node 2" });
  assert.equal(line, "can't connect to node 2: refused as other-cluster by node 2");
  assert.equal(lineForNetwork({ ...refused, why: "refused as stranger", lane: "vote" }), undefined);
  assert.equal(lineForNetwork({ ...refused, why: "connect ECONNREFUSED" }), undefined);
  assert.equal(
    lineForNetwork({ kind: "dropped", peer: 2, lane: "append", why: "queue-full", repeats: 3 }),
    "dropped a packet to node 2: queue-full (3 more like it)",
  );
  assert.equal(lineForNetwork({ kind: "connected", peer: 2, lane: "vote", repeats: 0 }), undefined);
});

test("leaderIn finds the leader in the events that tell", () => {
  const led = { term: 3, leader: 1 };
  const followed = { term: 3, leader: 2 };
  assert.deepEqual(leaderIn({ kind: "became-leader", term: 3, lastIndex: 9 }, 1), led);
  assert.deepEqual(leaderIn({ kind: "leader-known", ...followed }, 1), followed);
  assert.deepEqual(leaderIn({ kind: "became-follower", ...followed }, 1), followed);
  assert.equal(leaderIn({ kind: "became-follower", term: 3, leader: 0 }, 1), undefined);
  assert.equal(leaderIn({ kind: "committed", index: 5 }, 1), undefined);
});

test("lineOf makes one line of any error", () => {
  assert.equal(lineOf(new Error("first\n  second\n")), "first; second");
  assert.equal(lineOf("text"), "text");
});
