/**
 * Stored plans: what was written comes back, and everything wrong is refused by field and value.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPlan, drawPlan, type Plan, PlanError, planFromJson, planToJson } from "@holdfast/sim";
import fc from "fast-check";

type Path = readonly (string | number)[];

/** All places in a value that hold something. */
function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [name, item] of Object.entries(value)) {
    yield* pathsIn(item, [...path, Array.isArray(value) ? Number(name) : name]);
  }
}

function fieldOf(path: Path): string {
  return path.reduce<string>(
    (field, name) =>
      typeof name === "number" ? `${field}[${name}]` : [field, name].filter(Boolean).join("."),
    "",
  );
}

/** The plan with something else in one place. */
function changed(plan: Plan, path: Path, value: unknown): unknown {
  const copy: unknown = structuredClone(plan);
  let at = copy as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string | number, unknown>;
  at[path.at(-1) ?? ""] = value;
  return copy;
}

function refusal(plan: unknown): PlanError {
  try {
    checkPlan(plan);
  } catch (error) {
    if (error instanceof PlanError) return error;
    throw error;
  }
  assert.fail(`Accepted ${JSON.stringify(plan)}`);
}

/** A place is refused by its own name, or by that of the union that it is a part of. */
function assertNames(error: PlanError, path: Path): void {
  const field = fieldOf(path);
  assert.equal(error.code, "SIM_PLAN");
  const isIn = field.startsWith(error.field) || error.field.startsWith(field);
  assert.ok(isIn, `${field} was refused as ${error.message}`);
}

test("a plan comes back from its text as it was", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const plan = drawPlan(seed);
      assert.deepEqual(planFromJson(planToJson(plan)), plan);
    }),
    { numRuns: 300 },
  );
});

test("a fault that is never drawn comes back from its text, too", () => {
  const plan: Plan = {
    ...drawPlan(3, { faults: "none", recipe: "none" }),
    faults: [
      { id: 1, at: 10, kind: "disk-lies", who: "leader", forMs: 50 },
      { id: 2, at: 20, kind: "disk-rollback", who: 1, agoMs: 5, downMs: 5 },
      { id: 3, at: 30, kind: "twin", who: 2, forMs: 5 },
    ],
  };
  assert.deepEqual(planFromJson(planToJson(plan)), plan);
});

test("the text has one line per fault", () => {
  const plan = drawPlan(5, { recipe: "figure-8" });
  const lines = planToJson(plan).split("\n");
  for (const { id, kind } of plan.faults) {
    const head = `    {"id":${id},`;
    const own = lines.filter((line) => line.startsWith(head));
    assert.equal(own.length, 1);
    assert.ok(own[0]?.includes(`"kind":"${kind}"`));
  }
});

test("each place of a plan refuses what doesn't belong there", () => {
  const plan = drawPlan(11, { nodes: 5, faults: "all" });
  let places = 0;
  for (const path of pathsIn(plan)) {
    // A text in place of a value, an object in place of a text.
    const old = path.reduce<unknown>((value, name) => (value as never)[name], plan);
    const isFree = path.length === 1 && path[0] === "seed";
    const wrong = typeof old === "string" ? { odd: 1 } : "odd";
    assertNames(refusal(changed(plan, path, wrong)), path);
    if (!isFree && typeof old === "string") {
      assertNames(refusal(changed(plan, path, "odd")), path);
    }
    if (typeof old === "number") {
      assertNames(refusal(changed(plan, path, -1_000_001)), path);
      assertNames(refusal(changed(plan, path, Number.NaN)), path);
    }
    places++;
  }
  assert.ok(places > 300, String(places));
});

test("each place of a plan refuses to be left out or to have company", () => {
  const plan = drawPlan(11, { nodes: 5, faults: "all" });
  const mayBeMissing =
    /^(recipe|carrying|shuffled|supervisorMs|slowApplyMs|maybe\.|knobs\.|nodeKnobs\.)/;
  const optional =
    /(\.operation|\.message|\.downMs|\.tail|\.lateReplies|\.replayed|\.replayMs|\.lanes)$/;
  let places = 0;
  for (const path of pathsIn(plan)) {
    const field = fieldOf(path);
    const old = path.reduce<unknown>((value, name) => (value as never)[name], plan);
    const isClosed = typeof old === "object" && !Array.isArray(old) && field !== "maybe";
    if (isClosed) {
      assertNames(refusal(changed(plan, [...path, "extra"], 1)), path);
      places++;
    }
    if (typeof path.at(-1) === "number" || mayBeMissing.test(field) || optional.test(field)) {
      continue;
    }
    assertNames(refusal(changed(plan, path, undefined)), path);
    places++;
  }
  assert.ok(places > 150, String(places));
  assert.match(refusal({ ...plan, extra: 1 }).message, /^extra: is not known, got 1$/);
});

test("lanes of a fault are one or more of the three, each once, and only where they mean something", () => {
  const plan = drawPlan(3, { nodes: 3, faults: "none", recipe: "none" });
  const shape = { kind: "isolate", who: 2 };
  const withLanes = (lanes: unknown, kind = "clog"): unknown => ({
    ...plan,
    faults: [{ id: 1, at: 1, kind, shape, forMs: 5, lanes }],
  });
  for (const lanes of [["vote"], ["snapshot", "append"], ["vote", "append", "snapshot"]]) {
    const stored = planFromJson(JSON.stringify(withLanes(lanes)));
    assert.deepEqual(stored, withLanes(lanes));
  }
  const refused: readonly (readonly [unknown, string])[] = [
    [withLanes([]), "faults[0].lanes: must name one or more of vote, append, snapshot, got []"],
    [withLanes("vote"), 'faults[0].lanes: must be a list, got "vote"'],
    [
      withLanes(["vote", "fast"]),
      'faults[0].lanes[1]: must be one of vote, append, snapshot, got "fast"',
    ],
    [
      withLanes(["vote", "vote"]),
      'faults[0].lanes: must name none of them twice, got ["vote","vote"]',
    ],
    [
      { ...plan, faults: [{ id: 1, at: 1, kind: "twin", who: 1, forMs: 5, lanes: ["vote"] }] },
      'faults[0].lanes: is not known, got ["vote"]',
    ],
  ];
  for (const [wrong, message] of refused) assert.equal(refusal(wrong).message, message);
});

test("another version, another format and no JSON at all are refused", () => {
  const plan = drawPlan(1);
  const old = refusal({ ...plan, version: 2 });
  assert.equal(old.message, "version: must be 1, the only version that this release reads, got 2");
  assert.match(refusal({ ...plan, format: "other" }).message, /^format: .*got "other"$/);
  assert.match(refusal(undefined).message, /^plan: must be an object, got nothing$/);
  assert.throws(
    () => planFromJson("{"),
    (error: unknown) =>
      error instanceof PlanError &&
      error.message === 'plan: must be JSON, got "{"' &&
      error.cause instanceof SyntaxError,
  );
});

test("a plan that contradicts itself is refused", () => {
  const plan = drawPlan(2, { nodes: 3, faults: ["crash", "disk-damage"] });
  const [first, second] = plan.faults;
  assert.ok(first !== undefined && second !== undefined);
  const { healing, knobs, clocks } = plan;
  const damage = { ...first, kind: "disk-damage", who: healing.core[0] };
  const place = { area: "wal", place: "head", damage: "flip-bit", downMs: 1 };
  const contradictions: readonly (readonly [Partial<Record<keyof Plan, unknown>>, RegExp])[] = [
    [{ clocks: clocks.slice(1) }, /^clocks: must have 3 elements, got 2$/],
    [{ nodeKnobs: { 4: {} } }, /^nodeKnobs.4: must be a node from 1 to 3, got 4$/],
    [
      { knobs: { ...knobs, heartbeatMs: 100_000 } },
      /^knobs.heartbeatMs: is refused by the core \(heartbeatMs: .*\), got 100000$/,
    ],
    [
      { nodeKnobs: { 2: { electionTimeoutMs: 1_000_000 } } },
      /electionTimeoutMaxMs: is refused by the core/,
    ],
    [{ healing: { ...healing, core: [1], others: { 2: "cut", 3: "cut" } } }, /majority, 2 nodes/],
    [{ healing: { ...healing, core: [1, 2], others: {} } }, /^healing: .*, got 3$/],
    [{ healing: { ...healing, core: [1, 1, 2], others: {} } }, /no node twice/],
    [{ faults: [first, { ...second, id: first.id }] }, /^faults\[1\].id: must be the only one/],
    [
      {
        faults: [
          { ...first, at: 500 },
          { ...second, at: 499 },
        ],
      },
      /^faults\[1\].at: .*got 499$/,
    ],
    [{ faults: [{ ...first, at: 1e9 }] }, /^faults\[0\].at: must be within safetyMs/],
    [
      { faults: [{ id: 1, at: 1, kind: "twin", who: 4, forMs: 5 }] },
      /^faults\[0\]: must be a node from 1 to 3, got 4$/,
    ],
    [
      { faults: [{ id: 1, at: 1, kind: "break", shape: { kind: "split", groups: [[1], [9]] } }] },
      /^faults\[0\]: must be a node from 1 to 3, got 9$/,
    ],
    [
      {
        faults: [1, 2].map((who) => ({ id: who, at: 1, kind: "disk-damage", who, ...place })),
        healing: { core: [1, 2, 3], others: {}, calmTimeouts: 0 },
      },
      /^faults: must damage or rob 1 nodes at most, got \[1,2\]$/,
    ],
    [
      { faults: [{ id: 1, at: 1, kind: damage.kind, who: damage.who, ...place }] },
      /^faults: must not damage or rob nodes of the core/,
    ],
    [
      { faults: [{ id: 1, at: 1, kind: "disk-dead", who: damage.who }] },
      /^faults: must leave no node of the core a dead disk, got \[\d\]$/,
    ],
    [
      { faults: [{ id: 1, at: 1, kind: "disk-clone", who: 1, of: 9, downMs: 1 }] },
      /^faults\[0\].of: must be a node from 1 to 3, got 9$/,
    ],
    [
      { faults: [{ id: 1, at: 1, kind: "disk-clone", who: 2, of: 2, downMs: 1 }] },
      /^faults\[0\].of: must be another node than who, got 2$/,
    ],
  ];
  for (const [change, message] of contradictions) {
    assert.match(refusal({ ...plan, ...change }).message, message);
  }
});
