/** A plan with one node fewer: those above it move down, and what was about it goes. */

import type { NodeId } from "@holdfast/raft";
import type { Fault, Shape } from "../plan/fault.ts";
import type { Healing, Plan } from "../plan/plan.ts";

/** Undefined when no smaller cluster is possible. */
export function dropNode(plan: Plan, gone: NodeId): Plan | undefined {
  if (plan.nodes <= 1) return undefined;
  const renamed = (id: NodeId): NodeId | undefined => {
    if (id === gone) return undefined;
    return id > gone ? id - 1 : id;
  };
  return {
    ...plan,
    nodes: plan.nodes - 1,
    nodeKnobs: renamedKeys(plan.nodeKnobs, renamed),
    clocks: plan.clocks.filter((_, at) => at + 1 !== gone),
    faults: plan.faults.flatMap((fault) => faultWithout(fault, renamed) ?? []),
    healing: healingWithout(plan.healing, plan.nodes - 1, renamed),
  };
}

type Renamed = (id: NodeId) => NodeId | undefined;

function faultWithout(fault: Fault, renamed: Renamed): Fault | undefined {
  if ("who" in fault && typeof fault.who === "number") {
    const who = renamed(fault.who);
    if (who === undefined) return undefined;
    if (fault.kind !== "disk-clone") return { ...fault, who };
    const of = renamed(fault.of);
    return of === undefined ? undefined : { ...fault, who, of };
  }
  if (!("shape" in fault) || typeof fault.shape === "string") return fault;
  const shape = shapeWithout(fault.shape, renamed);
  return shape === undefined ? undefined : ({ ...fault, shape } as Fault);
}

function shapeWithout(shape: Shape, renamed: Renamed): Shape | undefined {
  const all = (ids: readonly NodeId[]): NodeId[] => ids.flatMap((id) => renamed(id) ?? []);
  switch (shape.kind) {
    case "split": {
      const groups = shape.groups.map(all).filter((group) => group.length > 0);
      return groups.length > 0 ? { ...shape, groups } : undefined;
    }
    case "ring":
      return { ...shape, order: all(shape.order) };
    case "link": {
      const from = typeof shape.from === "number" ? renamed(shape.from) : shape.from;
      const to = typeof shape.to === "number" ? renamed(shape.to) : shape.to;
      return from === undefined || to === undefined ? undefined : { ...shape, from, to };
    }
    default: {
      const who = typeof shape.who === "number" ? renamed(shape.who) : shape.who;
      return who === undefined ? undefined : { ...shape, who };
    }
  }
}

/** The core stays a majority: nodes from outside fill it up, lowest first. */
function healingWithout(healing: Healing, nodes: number, renamed: Renamed): Healing {
  const core = healing.core.flatMap((id) => renamed(id) ?? []);
  const majority = Math.floor(nodes / 2) + 1;
  for (let id = 1; core.length < majority; id++) if (!core.includes(id)) core.push(id);
  core.sort((a, b) => a - b);
  const others = renamedKeys(healing.others, renamed);
  const outside = Object.entries(others).filter(([id]) => !core.includes(Number(id)));
  return { ...healing, core, others: Object.fromEntries(outside) };
}

function renamedKeys<T>(record: Readonly<Record<NodeId, T>>, renamed: Renamed): Record<NodeId, T> {
  const kept = Object.entries(record).flatMap(([id, value]) => {
    const name = renamed(Number(id));
    return name === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(kept);
}
