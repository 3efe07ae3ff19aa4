/** What the fields of a plan mean together: who is in the core, what the cluster can survive. */

import { ConfigError, majorityOf, type NodeId } from "@holdfast/raft";
import { spentNodes } from "./draw-healing.ts";
import { checkKnobs } from "./draw-knobs.ts";
import type { Fault, Shape, Who } from "./fault.ts";
import type { Plan } from "./plan.ts";
import { PlanError } from "./plan-error.ts";
import { need } from "./shape-check.ts";

/** Throws `PlanError` for a plan of the right shape that contradicts itself. */
export function checkRules(plan: Plan): void {
  const { nodes, clocks, nodeKnobs } = plan;
  need(clocks.length === nodes, "clocks", `must have ${nodes} elements`, clocks.length);
  for (const id of Object.keys(nodeKnobs)) checkNode(plan, Number(id), `nodeKnobs.${id}`);
  for (let id = 1; id <= nodes; id++) checkOptions(plan, id);
  checkHealing(plan);
  checkFaults(plan);
  checkBudget(plan);
}

function checkNode({ nodes }: Plan, id: NodeId, field: string): void {
  const fits = Number.isSafeInteger(id) && id >= 1 && id <= nodes;
  need(fits, field, `must be a node from 1 to ${nodes}`, id);
}

function checkOptions(plan: Plan, id: NodeId): void {
  try {
    checkKnobs(plan, id);
  } catch (error) {
    throw error instanceof ConfigError ? refusedOption(plan, id, error) : error;
  }
}

function refusedOption(plan: Plan, id: NodeId, cause: ConfigError): PlanError {
  const name = cause.field as keyof Plan["knobs"];
  const own = plan.nodeKnobs[id]?.[name];
  const field = own === undefined ? `knobs.${name}` : `nodeKnobs.${id}.${name}`;
  const rule = `is refused by the core (${cause.message})`;
  return new PlanError(field, rule, own ?? plan.knobs[name], { cause });
}

function checkHealing(plan: Plan): void {
  const { core, others } = plan.healing;
  for (const [at, id] of core.entries()) checkNode(plan, id, `healing.core[${at}]`);
  for (const id of Object.keys(others)) checkNode(plan, Number(id), `healing.others.${id}`);
  need(new Set(core).size === core.length, "healing.core", "must name no node twice", core);
  const least = majorityOf(plan.nodes);
  need(core.length >= least, "healing.core", `must have a majority, ${least} nodes`, core);
  for (let id = 1; id <= plan.nodes; id++) {
    const places = Number(core.includes(id)) + Number(others[id] !== undefined);
    need(places === 1, "healing", "must have each node in the core or among the others", id);
  }
}

function checkFaults(plan: Plan): void {
  const ids = new Set<number>();
  let before = 0;
  for (const [place, fault] of plan.faults.entries()) {
    const field = `faults[${place}]`;
    need(!ids.has(fault.id), `${field}.id`, "must be the only one of its kind", fault.id);
    ids.add(fault.id);
    need(fault.at >= before, `${field}.at`, "must not be before the fault in front", fault.at);
    need(fault.at <= plan.safetyMs, `${field}.at`, "must be within safetyMs", fault.at);
    before = fault.at;
    for (const who of namesIn(fault)) {
      if (typeof who === "number") checkNode(plan, who, field);
    }
    if (fault.kind !== "disk-clone") continue;
    checkNode(plan, fault.of, `${field}.of`);
    need(fault.of !== fault.who, `${field}.of`, "must be another node than who", fault.of);
  }
}

function namesIn(fault: Fault): readonly Who[] {
  const named = "who" in fault ? [fault.who] : [];
  const links = "shape" in fault && fault.shape !== "all" ? namesInShape(fault.shape) : [];
  return [...named, ...links];
}

function namesInShape(shape: Shape): readonly Who[] {
  switch (shape.kind) {
    case "split":
      return shape.groups.flat();
    case "ring":
      return shape.order;
    case "link":
      return [shape.from, shape.to];
    default:
      return [shape.who];
  }
}

/** See `Budget`: what was promised may be destroyed on a minority only, and not in the core. */
function checkBudget({ faults, healing, nodes }: Plan): void {
  const spent = [...spentNodes(faults)];
  const most = nodes - majorityOf(nodes);
  need(spent.length <= most, "faults", `must damage or rob ${most} nodes at most`, spent);
  const needed = spent.filter((id) => healing.core.includes(id));
  need(needed.length === 0, "faults", "must not damage or rob nodes of the core", needed);
  const dead = faults.flatMap((fault) => (fault.kind === "disk-dead" ? [fault.who] : []));
  const missed = dead.filter((id) => healing.core.includes(id));
  need(missed.length === 0, "faults", "must leave no node of the core a dead disk", missed);
}
