/** Who can't reach whom, as directed links (N6 to N9). */

import type { NodeId } from "@holdfast/raft";
import type { Link } from "./network-link.ts";
import type { Shape, Who } from "./plan/fault.ts";

/** Who that is now; undefined when nobody is. */
export type Resolve = (who: Who) => NodeId | undefined;

/**
 * The links that a shape touches, each once, sorted by `from`, then `to`. None when it is about
 * somebody who is not there.
 */
export function linksOf(shape: Shape, resolve: Resolve, nodes: readonly NodeId[]): readonly Link[] {
  const isTouched = touched(shape, resolve, nodes);
  const sorted = [...nodes].sort((one, other) => one - other);
  return sorted.flatMap((from) =>
    sorted.filter((to) => to !== from && isTouched(from, to)).map((to) => ({ from, to })),
  );
}

/** Every link between two of these nodes. */
export function allLinks(nodes: readonly NodeId[]): readonly Link[] {
  return linksOf({ kind: "split", groups: [] }, () => undefined, nodes);
}

type Touched = (from: NodeId, to: NodeId) => boolean;

const NONE: Touched = () => false;

function touched(shape: Shape, resolve: Resolve, nodes: readonly NodeId[]): Touched {
  switch (shape.kind) {
    case "split":
      return split(shape.groups);
    case "ring":
      return ring(shape.order);
    case "link": {
      const ends = { from: resolve(shape.from), to: resolve(shape.to) };
      return (from, to) => from === ends.from && to === ends.to;
    }
    default: {
      const who = resolve(shape.who);
      return who === undefined || !nodes.includes(who) ? NONE : around(shape.kind, who, nodes);
    }
  }
}

function around(
  kind: "isolate" | "deaf" | "mute" | "bridge",
  who: NodeId,
  nodes: readonly NodeId[],
): Touched {
  switch (kind) {
    case "isolate":
      return (from, to) => from === who || to === who;
    case "deaf":
      return (_from, to) => to === who;
    case "mute":
      return (from) => from === who;
    case "bridge":
      return bridge(who, nodes);
  }
}

function split(groups: readonly (readonly NodeId[])[]): Touched {
  const groupOf = (id: NodeId): number => groups.findIndex((group) => group.includes(id));
  return (from, to) => groupOf(from) !== groupOf(to) || groupOf(from) === -1;
}

/** The others, by id: the first half of them, and the rest. */
function bridge(who: NodeId, nodes: readonly NodeId[]): Touched {
  const others = nodes.filter((id) => id !== who).sort((one, other) => one - other);
  const half = new Set(others.slice(0, others.length >> 1));
  return (from, to) => from !== who && to !== who && half.has(from) !== half.has(to);
}

/**
 * Each hears itself and its nearest on both sides of the ring, a majority in all: one more behind
 * than ahead when that number is odd.
 */
function ring(order: readonly NodeId[]): Touched {
  const others = order.length >> 1;
  const behind = (others + 1) >> 1;
  const ahead = others - behind;
  const hears = (to: number, from: number): boolean => {
    const distance = (from - to + order.length) % order.length;
    return distance <= ahead || distance >= order.length - behind;
  };
  return (from, to) => {
    const ends = { from: order.indexOf(from), to: order.indexOf(to) };
    return ends.from === -1 || ends.to === -1 || !hears(ends.to, ends.from);
  };
}
