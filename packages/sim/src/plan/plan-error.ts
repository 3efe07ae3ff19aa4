/** What is wrong with a plan or with what one is to be drawn from. */

/** The plan can't be run: names the field and its value. Mend the plan, or draw another. */
export class PlanError extends Error {
  readonly code = "SIM_PLAN";
  /** Path into the plan, as `faults[3].who`. */
  readonly field: string;

  constructor(field: string, rule: string, value: unknown, options?: { readonly cause: unknown }) {
    super(`${field}: ${rule}, got ${shown(value)}`, options);
    this.name = "PlanError";
    this.field = field;
  }
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
