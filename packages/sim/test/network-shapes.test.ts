/** Shapes of partitions against what they are described as, tried on every pair of nodes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/raft";
import { allLinks, linksOf, type Shape, type Who } from "@holdfast/sim";
import fc from "fast-check";

const nodeCount = fc.integer({ min: 1, max: 7 });
const identity = (who: Who): NodeId | undefined => (typeof who === "number" ? who : undefined);

function upTo(count: number): readonly NodeId[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** The pairs of a shape as text, once as `linksOf` says and once as the description says. */
function compare(
  shape: Shape,
  nodes: readonly NodeId[],
  isTouched: (from: NodeId, to: NodeId) => boolean,
): void {
  const expected: string[] = [];
  for (const from of nodes) {
    for (const to of nodes) if (from !== to && isTouched(from, to)) expected.push(`${from}-${to}`);
  }
  const links = linksOf(shape, identity, [...nodes].reverse());
  assert.deepEqual(
    links.map(({ from, to }) => `${from}-${to}`),
    expected,
    JSON.stringify(shape),
  );
}

test("isolate, deaf and mute take the links of one node: both ways, in, out", () => {
  fc.assert(
    fc.property(nodeCount, fc.integer({ min: 1, max: 8 }), (count, who) => {
      const nodes = upTo(count);
      const isThere = who <= count;
      compare(
        { kind: "isolate", who },
        nodes,
        (from, to) => isThere && (from === who || to === who),
      );
      compare({ kind: "deaf", who }, nodes, (_from, to) => isThere && to === who);
      compare({ kind: "mute", who }, nodes, (from) => isThere && from === who);
    }),
  );
});

test("a split leaves links within groups alone, and who is in no group is alone", () => {
  fc.assert(
    fc.property(
      nodeCount.chain((count) =>
        fc.record({
          count: fc.constant(count),
          places: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: count, maxLength: count }),
        }),
      ),
      ({ count, places }) => {
        const nodes = upTo(count);
        const groups = [0, 1, 2].map((place) => nodes.filter((id) => places[id - 1] === place));
        compare({ kind: "split", groups }, nodes, (from, to) => {
          const together = groups.some((group) => group.includes(from) && group.includes(to));
          return !together;
        });
      },
    ),
  );
});

test("a bridge is the only node that both halves reach", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 7 }), fc.nat(6), (count, at) => {
      const nodes = upTo(count);
      const who = 1 + (at % count);
      const others = nodes.filter((id) => id !== who);
      const first = others.slice(0, Math.floor(others.length / 2));
      compare({ kind: "bridge", who }, nodes, (from, to) => {
        if (from === who || to === who) return false;
        return first.includes(from) !== first.includes(to);
      });
    }),
  );
});

test("on a ring each hears a majority, no two the same, and only neighbours", () => {
  fc.assert(
    fc.property(
      nodeCount.chain((count) =>
        fc.shuffledSubarray([...upTo(count)], { minLength: count, maxLength: count }),
      ),
      (order) => {
        const cut = linksOf({ kind: "ring", order }, identity, order);
        const majority = Math.floor(order.length / 2) + 1;
        const heard = order.map((to) =>
          order.filter((from) => !cut.some((link) => link.from === from && link.to === to)),
        );
        for (const [at, group] of heard.entries()) {
          assert.equal(group.length, majority, "itself and others are a majority");
          // All within the window around its place.
          for (const from of group) {
            const steps = Math.abs(order.indexOf(from) - at);
            assert.ok(Math.min(steps, order.length - steps) * 2 <= majority, `${order}`);
          }
        }
        const distinct = new Set(heard.map((group) => [...group].sort().join(" ")));
        assert.equal(distinct.size, order.length > 2 ? order.length : 1, "never the same");
      },
    ),
  );
});

test("on a ring of five neighbours hear each other", () => {
  const cut = linksOf({ kind: "ring", order: [1, 2, 3, 4, 5] }, identity, upTo(5));
  assert.deepEqual(
    cut.map(({ from, to }) => `${from}-${to}`),
    ["1-3", "1-4", "2-4", "2-5", "3-1", "3-5", "4-1", "4-2", "5-2", "5-3"],
  );
});

test("a link is one direction, and shapes about nobody touch nothing", () => {
  compare({ kind: "link", from: 2, to: 1 }, upTo(3), (from, to) => from === 2 && to === 1);
  const nobody: readonly Shape[] = [
    { kind: "isolate", who: "leader" },
    { kind: "deaf", who: "leader" },
    { kind: "mute", who: "leader" },
    { kind: "bridge", who: "leader" },
    { kind: "link", from: "leader", to: 1 },
    { kind: "link", from: 1, to: "leader" },
  ];
  for (const shape of nobody) assert.deepEqual(linksOf(shape, identity, upTo(5)), [], shape.kind);
});

test("roles are resolved once, and a follower of a shape is one node", () => {
  let asked = 0;
  const links = linksOf(
    { kind: "mute", who: "follower" },
    () => {
      asked++;
      return 3;
    },
    upTo(4),
  );
  assert.equal(asked, 1);
  assert.deepEqual(
    links,
    [1, 2, 4].map((to) => ({ from: 3, to })),
  );
});

test("all links are every ordered pair", () => {
  assert.equal(allLinks(upTo(5)).length, 20);
  assert.deepEqual(allLinks([1]), []);
});
