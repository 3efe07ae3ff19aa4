/** How a scenario fails. */

/** A promise of the suite does not hold. The message says what was seen. */
export class CourseFailure extends Error {
  readonly code = "LAB_FAILED";

  constructor(message: string) {
    super(message);
    this.name = "CourseFailure";
  }
}

/** A flag or a selection that can't be used: nothing was run. */
export class UsageError extends Error {
  readonly code = "LAB_USAGE";

  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}
