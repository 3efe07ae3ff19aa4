/** The recipes: each makes a plan that can be run, and strikes when it is run. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkPlan,
  drawPlan,
  FAULT_KINDS,
  hostPump,
  RECIPE_NAMES,
  RECIPES,
  runPlan,
} from "@holdfast/sim";

/** What a recipe must have in it to be worth its name. */
const HALLMARKS: Readonly<Record<string, readonly string[]>> = {
  "figure-8": ["crash-on"],
  "figure-8-unreliable": ["weather", "partition"],
  "crash-restart": ["crash"],
  "swizzle-clog": ["clog"],
  "flaky-link": ["flap"],
  "slow-disk": ["disk-slow"],
  "clock-jump": ["clock-jump", "clock-drift"],
  "disk-full": ["disk-full"],
  "disk-full-on-majority": ["disk-full"],
  "rolling-restart": ["crash"],
  "blackhole-until-snapshot": ["partition", "crash-on"],
  "kill-leader-on-commit": ["crash-on"],
  "majority-ring": ["partition"],
  bridge: ["partition"],
  "deaf-node-forever": ["partition", "crash"],
  "mute-leader": ["partition"],
  "pause-leader": ["pause"],
  "fsync-fail-on-leader": ["disk-error", "outage"],
  "hung-leader-disk": ["disk-hang"],
  "power-outage": ["outage"],
  "restart-storm": ["crash-loop"],
  "one-way-chain": ["partition"],
  "damage-minority": ["disk-damage"],
  "slow-follower": ["slow-link"],
  "snapshot-storm": ["partition", "crash-on", "filter", "break"],
  "slow-install": ["disk-slow", "flap"],
  "segment-rotation": ["crash-on"],
  "flapping-leader": ["flap"],
  "vote-and-die": ["crash-on", "partition"],
  "late-votes": ["crash", "disk-slow", "filter"],
  "recovery-crash": ["crash-on"],
  "partial-cut": ["partition"],
  "late-answers": ["weather", "disk-slow", "crash-on"],
};

test("each recipe has a hallmark, and each hallmark a recipe", () => {
  assert.deepEqual(Object.keys(HALLMARKS).sort(), [...RECIPE_NAMES].sort());
});

for (const recipe of RECIPE_NAMES) {
  test(`recipe ${recipe} makes plans by its name, in clusters of each size that it can do with`, () => {
    const kinds = new Set<string>();
    const least = RECIPES[recipe]?.nodesLeast ?? 1;
    for (let seed = 0; seed < 12; seed++) {
      const plan = drawPlan(seed, { recipe });
      checkPlan(plan);
      assert.equal(plan.recipe, recipe);
      assert.ok(plan.nodes >= least);
      for (const { kind } of plan.faults) kinds.add(kind);
      checkPlan(drawPlan(seed, { recipe, nodes: least }));
      checkPlan(drawPlan(seed, { recipe, nodes: 9 }));
    }
    for (const kind of HALLMARKS[recipe] ?? []) assert.ok(kinds.has(kind), kind);
  });
}

test("deaf-node-forever leaves a node deaf for good, and nobody else is needed", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { healing, knobs } = drawPlan(seed, { recipe: "deaf-node-forever" });
    const fates = Object.values(healing.others);
    assert.ok(fates.length > 0);
    assert.deepEqual(new Set(fates), new Set(["deaf"]));
    assert.ok(knobs.preVote && knobs.checkQuorum);
  }
});

test("figure-8 sends one entry per message: else the bug of Fig. 8 doesn't show", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { knobs, nodeKnobs } = drawPlan(seed, { recipe: "figure-8" });
    const all = [knobs, ...Object.values(nodeKnobs)];
    // As small as the window allows: a recipe's own option is never overruled.
    for (const { messageBytesMax = 1 } of all) assert.equal(messageBytesMax, 1);
  }
});

test("a run strikes with what its recipe is about", async () => {
  for (const recipe of ["figure-8", "snapshot-storm", "vote-and-die", "restart-storm"]) {
    const plan = drawPlan(3, { recipe, nodes: 3, safetyMs: 8000 });
    const { figures } = await runPlan(plan, { pump: hostPump });
    const struck = new Set<string>(Object.keys(figures.faults));
    assert.ok(
      (HALLMARKS[recipe] ?? []).some((kind) => struck.has(kind)),
      `${recipe}: ${[...struck]}`,
    );
    for (const kind of struck) assert.ok(FAULT_KINDS.some((one) => one === kind));
  }
});
