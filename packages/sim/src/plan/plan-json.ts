/** Plans as text: what a failing run leaves behind, and what replays it. */

import { PLAN_VERSION, type Plan } from "./plan.ts";
import { PlanError } from "./plan-error.ts";
import { checkRules } from "./plan-rules.ts";
import { PLAN_SHAPE } from "./plan-schema.ts";

/** One line per field, and one per fault: so that plans can be compared and edited by hand. */
export function planToJson(plan: Plan): string {
  const lines = Object.entries(plan).map(([name, value]) => {
    const isLong = name === "faults" && plan.faults.length > 0;
    const text = isLong ? `[\n    ${plan.faults.map(line).join(",\n    ")}\n  ]` : line(value);
    return `  ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${lines.join(",\n")}\n}\n`;
}

function line(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (item === undefined ? null : item));
}

/** Throws `PlanError` naming the field and the value that is wrong. */
export function planFromJson(text: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text, revive);
  } catch (cause) {
    throw notJson(text, cause);
  }
  return checkPlan(value);
}

function notJson(text: string, cause: unknown): PlanError {
  return new PlanError("plan", "must be JSON", text, { cause });
}

/** Only `downMs` can be left open. A reviver that returns undefined would drop the field. */
function revive(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("downMs" in value)) return value;
  return value.downMs === null ? { ...value, downMs: undefined } : value;
}

/** The same value, once it is known to be a plan that can be run. Throws `PlanError`. */
export function checkPlan(value: unknown): Plan {
  const version = typeof value === "object" && value !== null && "version" in value;
  if (version && value.version !== PLAN_VERSION) {
    const rule = `must be ${PLAN_VERSION}, the only version that this release reads`;
    throw new PlanError("version", rule, value.version);
  }
  PLAN_SHAPE(value, "plan");
  const plan = value as Plan;
  checkRules(plan);
  return plan;
}
