/** A plan in words: complete, and without holes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFault, describePlan, drawPlan, FAULT_KINDS } from "@holdfast/sim";

test("every fault has a line with its time and number, and no value is missing", () => {
  const kinds = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const plan = drawPlan(seed, { nodes: 5, faults: "all" });
    const lines = describePlan(plan);
    for (const line of lines) {
      assert.doesNotMatch(line, /undefined|NaN|\[object|\n/);
    }
    for (const fault of plan.faults) {
      kinds.add(fault.kind);
      const line = describeFault(fault);
      assert.ok(line.includes(`${(fault.at / 1000).toFixed(3)} s  #${fault.id}  `), line);
      assert.ok(lines.includes(`    ${line}`), line);
    }
  }
  assert.deepEqual([...kinds].sort(), [...FAULT_KINDS].sort());
});

test("options are told line by line, and those of single nodes after them", () => {
  const lines = describePlan(drawPlan(7, { knobs: { segmentBytes: 4096 } }));
  assert.equal(lines[0], "Plan of seed 7");
  assert.ok(lines.includes("    segmentBytes = 4096"));
  const other = Array.from({ length: 20 }, (_, seed) => drawPlan(seed)).find(
    ({ nodeKnobs }) => Object.keys(nodeKnobs).length > 0,
  );
  assert.ok(other !== undefined);
  const [id] = Object.keys(other.nodeKnobs);
  assert.ok(describePlan(other).some((line) => line.startsWith(`    node ${id}: `)));
});

test("faults read as sentences", () => {
  const ending = { power: true, keep: "none", downMs: 50 } as const;
  const cases = [
    [
      { kind: "crash", who: "leader", ...ending },
      "crash of the leader, power lost, none of the unsynced stays, back after 50 ms",
    ],
    [
      { kind: "outage", power: false, keep: "all", downMs: undefined },
      "crash of all nodes, the machine stays up, down until the end",
    ],
    [
      {
        kind: "crash-on",
        who: 2,
        moment: { on: "send", message: "vote-response" },
        nth: 1,
        ...ending,
      },
      "crash of node 2 at packet 1 of vote-response from now on, " +
        "power lost, none of the unsynced stays, back after 50 ms",
    ],
    [
      { kind: "corrupt", shape: "all", damaged: 20, forMs: 700 },
      "all links, 20 of 1000 damaged for 700 ms",
    ],
    [
      { kind: "partition", shape: { kind: "split", groups: [[1, 2], [3]] }, forMs: 700 },
      "{1, 2} from {3}, cut for 700 ms",
    ],
    [
      { kind: "clog", shape: { kind: "deaf", who: 3 }, forMs: 700, lanes: ["snapshot"] },
      "node 3 deaf, lane snapshot only, clogged for 700 ms",
    ],
    [
      { kind: "break", shape: { kind: "mute", who: "leader" }, lanes: ["vote", "append"] },
      "the leader mute, lanes vote and append only, connections break",
    ],
    [
      { kind: "disk-error", who: 1, operation: "sync", code: "io", times: 2 },
      "sync of node 1 fails with io, the next 2 times",
    ],
    [{ kind: "disk-dead", who: 3 }, "disk of node 3 is dead from here on"],
    [
      { kind: "twin", who: 2, forMs: 300 },
      "a second process runs on the directory of node 2 for 300 ms",
    ],
    [
      { kind: "disk-lies", who: "leader", forMs: 200 },
      "disk of the leader syncs nothing and says it did for 200 ms",
    ],
    [
      {
        kind: "disk-damage",
        who: 2,
        area: "wal",
        place: "middle",
        damage: "misdirected-write",
        downMs: 20,
      },
      "node 2 dies, misdirected-write at the middle of its wal, back after 20 ms",
    ],
  ] as const;
  for (const [what, text] of cases) {
    assert.equal(describeFault({ id: 3, at: 1500, ...what }), `  1.500 s  #3  ${text}`);
  }
});
