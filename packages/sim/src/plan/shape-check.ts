/** Small checks of which the shape of a stored plan is put together; each names field and value. */

import { PlanError } from "./plan-error.ts";

/** Throws `PlanError` unless `value` is what belongs at `field`. */
export type Check = (value: unknown, field: string) => void;

export function need(condition: boolean, field: string, rule: string, value: unknown): void {
  if (!condition) throw new PlanError(field, rule, value);
}

export function whole(least: number, most: number = Number.MAX_SAFE_INTEGER): Check {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  return (value, field) => {
    const fits = Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
    need(fits, field, `must be a whole number, ${range}`, value);
  };
}

/** Any finite number from `least` on. */
export function amount(least: number): Check {
  return (value, field) => {
    const fits = Number.isFinite(value) && Number(value) >= least;
    need(fits, field, `must be a number, ${least} or more`, value);
  };
}

export const anyText: Check = (value, field) => {
  need(typeof value === "string", field, "must be a text", value);
};

export const flag: Check = (value, field) => {
  need(typeof value === "boolean", field, "must be true or false", value);
};

export function oneOf(list: readonly (string | number)[]): Check {
  return (value, field) => {
    const isOne = list.some((one) => one === value);
    need(isOne, field, `must be one of ${list.join(", ")}`, value);
  };
}

export function either(rule: string, ...checks: readonly Check[]): Check {
  return (value, field) => {
    const fits = checks.some((check) => passes(check, value, field));
    need(fits, field, rule, value);
  };
}

function passes(check: Check, value: unknown, field: string): boolean {
  try {
    check(value, field);
    return true;
  } catch (error) {
    if (error instanceof PlanError) return false;
    throw error;
  }
}

export function listOf(check: Check): Check {
  return (value, field) => {
    need(Array.isArray(value), field, "must be a list", value);
    const list = value as readonly unknown[];
    for (const [at, item] of list.entries()) check(item, `${field}[${at}]`);
  };
}

/** One or more of these, each once. */
export function someOf(list: readonly string[]): Check {
  const item = oneOf(list);
  return (value, field) => {
    listOf(item)(value, field);
    const named = value as readonly unknown[];
    need(named.length > 0, field, `must name one or more of ${list.join(", ")}`, value);
    need(new Set(named).size === named.length, field, "must name none of them twice", value);
  };
}

/** Any names, one kind of value. */
export function recordOf(name: Check, check: Check): Check {
  return (value, field) => {
    for (const [key, item] of Object.entries(fieldsOf(value, field))) {
      name(key, `${field}.${key}`);
      check(item, `${field}.${key}`);
    }
  };
}

/** The text of a whole number, as an object's keys are. */
export function key(check: Check): Check {
  return (value, field) => {
    const number = Number(value);
    check(String(number) === value ? number : value, field);
  };
}

export type Fields = Readonly<Record<string, Check>>;

/** These fields and no others; of the optional ones each may be left out. */
export function shape(required: Fields, optional: Fields = {}): Check {
  return (value, field) => {
    const fields = fieldsOf(value, field);
    for (const [name, check] of Object.entries(required)) check(fields[name], join(field, name));
    for (const [name, item] of Object.entries(fields)) {
      if (Object.hasOwn(required, name)) continue;
      const check = Object.hasOwn(optional, name) ? optional[name] : undefined;
      if (check === undefined) throw new PlanError(join(field, name), "is not known", item);
      check(item, join(field, name));
    }
  };
}

/** An object that says in `name` which of the shapes it has; `optional` fields may be left out. */
export function byName(
  name: string,
  shapes: Readonly<Record<string, Fields>>,
  optional: Readonly<Record<string, Fields>> = {},
): Check {
  return (value, field) => {
    const kind = fieldsOf(value, field)[name];
    oneOf(Object.keys(shapes))(kind, join(field, name));
    shape({ [name]: anyText, ...shapes[String(kind)] }, optional[String(kind)])(value, field);
  };
}

function fieldsOf(value: unknown, field: string): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  need(isObject, field, "must be an object", value);
  return value as Readonly<Record<string, unknown>>;
}

function join(field: string, name: string): string {
  return field === "plan" ? name : `${field}.${name}`;
}
